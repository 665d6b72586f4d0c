// Optimisers on a device: the rules of native/networks/optimizer.h. All pointers are to memory of the device. Each
// function returns an error of its launches.
#pragma once

#include <cstddef>

#include "device.h"

namespace genmi::cuda {

enum class Rule { kAdam, kSgd, kRmsprop };

// A step for a parameter w with the gradient g = scale dL/dw + decay w, where the scale shortens longer gradients to
// largest_norm.
template <class T>
struct Update {
  Rule rule;
  T decay, rate, first, second, epsilon;
  const double* squares;  // of the gradient of all parameters
  double largest_norm;    // 0: never shortened
};

// first, second: the moments that the rule has, or null.
template <class T>
cudaError_t update(const Update<T>& step, const T* gradient, T* first, T* second, std::size_t count, T* values,
                   cudaStream_t stream);

// How many numbers add_squares() needs, the result among them.
inline constexpr std::size_t kSquaresScratch = 257;
// scratch[0] = the sum of squares, in float64; the same bits each time.
template <class T>
cudaError_t add_squares(const T* numbers, std::size_t count, double* scratch, cudaStream_t stream);

}  // namespace genmi::cuda
