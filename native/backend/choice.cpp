// Which backend an environment uses. Plugins will be looked for here.
#include "genmi/backend.h"

namespace genmi {

BackendChoice automatic_backend() { return {&cpu_backend(), "this version computes on the CPU only"}; }

Status choose_backend(const std::string& device, BackendChoice& choice) {
  if (device == "auto") choice = automatic_backend();
  else if (device == "cpu") choice = {&cpu_backend(), "config({ device: 'cpu' }) chose it"};
  else
    return {Code::kUnavailable, explain("device", "'auto' or 'cpu'", quote(device),
                                        "this version of genmi computes on the CPU only: leave device at 'auto'")};
  return Status::ok();
}

}  // namespace genmi
