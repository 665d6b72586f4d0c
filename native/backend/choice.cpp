// Which backend an environment uses.
#include <utility>

#include "backend/plugin.h"

namespace genmi {

void BackendChoice::offer(std::string plugin, std::string absence) {
  plugin_ = std::move(plugin);
  absence_ = std::move(absence);
}

Status BackendChoice::choose(const std::string& device) {
  if (device == "cpu") {
    backend_ = &cpu_backend();
    reason_ = "config({ device: 'cpu' }) chose it";
    return Status::ok();
  }
  std::string why_none = absence_;
  if (!device_ && !plugin_.empty()) device_ = open_plugin(plugin_, why_none);
  const bool automatic = device == "auto";
  if (!device_ && !automatic)
    return {Code::kUnavailable, explain("device", "a device that CUDA finds", why_none,
                                        "leave it at 'auto', which computes on the CPU without a device")};
  backend_ = &cpu_backend();
  reason_ = std::move(why_none);
  if (device_) {
    backend_ = device_.get();
    reason_ = std::string("genmi-cuda opened ") + device_->name();
    device_->set_falling_back(automatic);
    device_->limit_memory(most_bytes_);
  }
  return Status::ok();
}

const Backend& BackendChoice::backend() {
  if (backend_ == nullptr) static_cast<void>(choose("auto"));
  return *backend_;
}

std::string BackendChoice::reason() const {
  const bool fell_back = device_ && backend_ == device_.get() && device_->fell_back();
  return fell_back ? reason_ + ", and the CPU did work that its memory was too small for" : reason_;
}

void BackendChoice::limit_memory(std::size_t most_bytes) {
  most_bytes_ = most_bytes;
  if (device_) device_->limit_memory(most_bytes);
}

std::size_t BackendChoice::memory() const { return device_ ? device_->memory() : 0; }

}  // namespace genmi
