// Affinities in the device's memory, for the calls of genmi/device_table.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "cuda/plugin/open_device.h"

namespace genmi::cuda {

struct Gaussian {
  double gamma, constant;
};

// Entries, n x n, or the features of a Gaussian kernel, n x columns. Calls come one at a time. A failure throws.
class Matrix {
 public:
  Matrix(std::shared_ptr<Device> device, std::size_t n, std::size_t columns, std::size_t width,
         std::optional<Gaussian> gaussian);

  const std::shared_ptr<Device>& device() const { return device_; }
  void write(std::size_t first, std::size_t count, const void* rows);
  void multiply(const std::int32_t* rows, std::size_t count, const void* v, std::size_t k, void* out) const;

 private:
  template <class T>
  void launch_product(const std::int32_t* rows, std::size_t count, const char* v, std::size_t k, char* out) const;

  std::shared_ptr<Device> device_;
  std::size_t n_, columns_, width_;
  std::optional<Gaussian> gaussian_;
  DeviceMemory numbers_;
};

}  // namespace genmi::cuda
