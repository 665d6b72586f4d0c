// Virtual adversarial training on a device (native/networks/adversarial.h). All pointers are to memory of the device;
// matrices are row-major. Each function returns an error of its launches.
#pragma once

#include <cstddef>
#include <cstdint>

#include "device.h"

namespace genmi::cuda {

// Writes a random direction for each sample, n x d: the numbers of native/networks/adversarial.h, bit for bit.
template <class T>
cudaError_t draw_directions(std::uint64_t seed, std::uint64_t step, const std::int32_t* rows, std::size_t n,
                            std::size_t d, T* directions, cudaStream_t stream);

// The length of each direction.
struct Length {
  double length;          // of all
  const double* lengths;  // of each sample of the data instead, unless null
  const std::int32_t* rows;
  bool exact;  // d / |d|; or d / (|d| + 1e-8)
};
// Gives directions, n x d, times `factor`, their lengths; 0 stays 0.
template <class T>
cudaError_t set_lengths(double factor, const Length& length, std::size_t n, std::size_t d, T* directions,
                        cudaStream_t stream);

// terms[i] = KL(softmax p_i || softmax q_i) for n rows of k logits; gradient = factor (softmax q - softmax p), the
// gradient of factor sum_i terms[i] with respect to q. Probabilities are in float64.
template <class T>
cudaError_t diverge(const T* p, const T* q, std::size_t n, std::size_t k, double factor, double* terms, T* gradient,
                    cudaStream_t stream);

}  // namespace genmi::cuda
