// The training of a network on the device, for the calls of genmi/device_table.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cuda/plugin/open_device.h"

namespace genmi::cuda {

// Calls come one at a time. A failure throws.
class Training {
 public:
  virtual ~Training() = default;
  virtual const std::shared_ptr<Device>& device() const = 0;
  virtual void write_samples(std::size_t first, std::size_t count, const void* samples) = 0;
  virtual void write_numbers(const void* numbers) = 0;
  virtual void read_numbers(void* numbers) = 0;
  virtual void forward(const std::int32_t* rows, std::size_t count, void* logits) = 0;
  virtual void backward(const void* gradient, std::uint64_t seed, std::uint64_t step, double* lds) = 0;
  virtual void update(double rate, double epsilon) = 0;
};

std::unique_ptr<Training> make_training(const std::shared_ptr<Device>& device, const GenmiLearner& learner);

}  // namespace genmi::cuda
