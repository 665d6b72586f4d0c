#include "backend/plugin.h"

// Where CUDA has a driver that the addon's C library can open: Linux on x86-64 with glibc.
#if defined(__x86_64__) && defined(__GLIBC__)

#include <dlfcn.h>

namespace genmi {

std::shared_ptr<DeviceBackend> open_plugin(const std::string& file, std::string& why_none) {
  void* const plugin = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* const symbol = plugin != nullptr ? dlsym(plugin, GENMI_DEVICE_TABLE_SYMBOL) : nullptr;
  if (symbol == nullptr) {
    why_none = dlerror();
    return nullptr;
  }
  const GenmiDeviceTable* const table = reinterpret_cast<GenmiDeviceTableOf>(symbol)(GENMI_DEVICE_TABLE_VERSION);
  if (table == nullptr) {
    why_none = "genmi-cuda is made for another version of genmi";
    return nullptr;
  }
  GenmiDevice* device = nullptr;
  if (const GenmiFailure failure = table->open(&device); failure.call != nullptr) {
    why_none = std::string(failure.call) + "() answers " + failure.error;
    return nullptr;
  }
  return std::make_shared<DeviceBackend>(*table, device, true);
}

}  // namespace genmi

#else

namespace genmi {

std::shared_ptr<DeviceBackend> open_plugin(const std::string&, std::string& why_none) {
  why_none = "CUDA needs Linux on x86-64 with glibc";
  return nullptr;
}

}  // namespace genmi

#endif
