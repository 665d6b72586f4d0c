// Graphs in the device's memory, for the calls of genmi/device_table.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cuda/affinity/hop_search.h"
#include "cuda/plugin/open_device.h"

namespace genmi::cuda {

// Calls come one at a time. A failure throws.
class Graph {
 public:
  Graph(const std::shared_ptr<Device>& device, std::size_t n, const std::size_t* offsets,
        const std::int32_t* neighbors);

  const std::shared_ptr<Device>& device() const { return device_; }
  // Returns the longest path.
  std::size_t search(std::size_t first, std::size_t count, std::uint16_t* hops);

 private:
  std::shared_ptr<Device> device_;
  std::size_t n_;
  DeviceMemory memory_;
  HopSearch search_{};  // the memory of all searches; search() adds where they begin
};

}  // namespace genmi::cuda
