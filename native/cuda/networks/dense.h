// Dense layers on a device (native/networks/dense.h). All pointers are to memory of the device; matrices are row-major.
// Each function returns an error of its launch. Sums are in T, except the bias's gradient.
#pragma once

#include <cstddef>

#include "activation.h"
#include "device.h"

namespace genmi::cuda {

template <class T>
struct Dense {
  const T *weights, *bias;  // inputs x outputs; outputs, or null
  std::size_t inputs, outputs;
  Activation activation;
};

// y = f(x W + b), n x outputs; or added to y.
template <class T>
cudaError_t go_forward(const Dense<T>& layer, const T* x, std::size_t n, bool add, T* y, cudaStream_t stream);

// From `by_sum` = dL/d(x W + b), n x outputs. Gradients are written, or added.
// dL/dW = x' by_sum.
template <class T>
cudaError_t weights_gradient(const Dense<T>& layer, const T* x, const T* by_sum, std::size_t n, bool add, T* by_weights,
                             cudaStream_t stream);
// dL/db = the sum of by_sum over the samples, in float64.
template <class T>
cudaError_t bias_gradient(const Dense<T>& layer, const T* by_sum, std::size_t n, bool add, T* by_bias,
                          cudaStream_t stream);
// dL/dx = by_sum W', n x inputs.
template <class T>
cudaError_t input_gradient(const Dense<T>& layer, const T* by_sum, std::size_t n, bool add, T* by_input,
                           cudaStream_t stream);

}  // namespace genmi::cuda
