// test/native/backend_test.cpp over the device, too.
#include "backends.h"

#include "emulated_device.h"

namespace genmi::test {

std::vector<const Backend*> all_backends() {
  static const DeviceBackend device(emulated_table(), emulated_device(), false);
  return {&device};
}

}  // namespace genmi::test
