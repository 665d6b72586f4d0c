// Activations and their derivatives (native/simd/network_kernels.h).
#pragma once

#include <cmath>
#include <cstddef>

#include "device.h"

namespace genmi::cuda {

enum class Activation { kIdentity, kRelu, kTanh };

// NaN stays NaN: a step that is not finite must be seen.
template <class T>
__device__ T activate(Activation activation, T x) {
  if (activation == Activation::kRelu) return x < T{0} ? T{0} : x;
  return activation == Activation::kTanh ? std::tanh(x) : x;
}

// gradient *= f'(x), for count numbers y = f(x) in the device's memory. Returns an error of the launch.
template <class T>
cudaError_t differentiate(Activation activation, const T* y, std::size_t count, T* gradient, cudaStream_t stream);

}  // namespace genmi::cuda
