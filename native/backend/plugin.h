// Opens the plugin of a device.
#pragma once

#include <memory>
#include <string>

#include "backend/device.h"

namespace genmi {

// Null, and why, where a plugin or its device does not open. Plugins are never closed.
std::shared_ptr<DeviceBackend> open_plugin(const std::string& file, std::string& why_none);

}  // namespace genmi
