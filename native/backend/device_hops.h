// Hop distances by a device, which searches the graph that the CPU has made.
#pragma once

#include "affinity/hop_search.h"
#include "backend/device.h"

namespace genmi {

affinity::SearchHops search_hops_on(const DevicePtr& device);

}  // namespace genmi
