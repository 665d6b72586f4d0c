// Batch normalisation on a device (native/networks/normalization.h). All pointers are to memory of the device; matrices
// are row-major. Each function returns an error of its launches. Sums over samples are in float64.
#pragma once

#include <cstddef>

#include "activation.h"
#include "device.h"

namespace genmi::cuda {

// y = f(scale (x - mean) / deviation + shift), column by column, for the mean and the deviation of these samples.
template <class T>
struct Normalization {
  const T *scale, *shift;
  std::size_t width;
  Activation activation;
};
// Notes of a forward pass for its backward pass.
template <class T>
struct Moments {
  T *mean, *inverse_deviation;  // width numbers each
};
// Mean and variance of all batches, before and with this one.
template <class T>
struct Running {
  const T *mean, *variance;
  T *next_mean, *next_variance;
};

// running: null where this batch shall not be remembered.
template <class T>
cudaError_t go_forward(const Normalization<T>& layer, const T* x, std::size_t n, const Moments<T>& moments,
                       const Running<T>* running, T* y, cudaStream_t stream);

// Gradients of the parameters, written or added to.
template <class T>
struct NormalizationGradients {
  T *by_scale, *by_shift;
  bool add;
};
// From `gradient` = dL/d(scale z + shift), n x width; dL/dx to by_input, which may be null or `gradient`. gradients:
// null where they are not asked for. scratch: 2 width numbers.
template <class T>
cudaError_t go_back(const Normalization<T>& layer, const T* x, std::size_t n, const Moments<T>& moments,
                    const T* gradient, const NormalizationGradients<T>* gradients, double* scratch, T* by_input,
                    cudaStream_t stream);

}  // namespace genmi::cuda
