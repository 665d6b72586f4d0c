// Entries of affinities that the device makes a few rows at a time, for the calls of genmi/device_table.h.
#pragma once

#include <cstddef>
#include <memory>

#include "cuda/plugin/open_device.h"

namespace genmi::cuda {

// Calls come one at a time. A failure throws.
class Entries {
 public:
  virtual ~Entries() = default;
  virtual const std::shared_ptr<Device>& device() const = 0;
  virtual void make(std::size_t first, std::size_t count, void* rows) = 0;
};

std::unique_ptr<Entries> make_entries(const std::shared_ptr<Device>& device, const GenmiPairs& pairs);

}  // namespace genmi::cuda
