#include <cmath>

#include "../elements.h"
#include "normalization.h"

namespace genmi::cuda {
namespace {

constexpr double kMomentum = 0.1, kEpsilon = 1e-5;

template <class T>
__device__ T remembered(T running, double now) {
  return static_cast<T>((1 - kMomentum) * static_cast<double>(running) + kMomentum * now);
}

// The running variance takes the unbiased one.
template <class T>
__global__ void measure_columns(const T* x, std::size_t n, std::size_t width, Moments<T> moments, Running<T> running) {
  GENMI_SHARED(double, of_warps, kBlock);
  const std::size_t column = own_column();
  const auto count = static_cast<double>(n);
  double own = 0;
  for (std::size_t i = threadIdx.x / kWarp; i < n && column < width; i += kRowWarps)
    own += static_cast<double>(x[i * width + column]);
  const double mean = sum_of_column(own, of_warps) / count;
  own = 0;
  for (std::size_t i = threadIdx.x / kWarp; i < n && column < width; i += kRowWarps) {
    const double difference = static_cast<double>(x[i * width + column]) - mean;
    own += difference * difference;
  }
  const double squares = sum_of_column(own, of_warps);
  if (threadIdx.x >= kWarp || column >= width) return;
  moments.mean[column] = static_cast<T>(mean);
  moments.inverse_deviation[column] = static_cast<T>(1 / std::sqrt(squares / count + kEpsilon));
  if (running.mean == nullptr) return;
  running.next_mean[column] = remembered(running.mean[column], mean);
  running.next_variance[column] = remembered(running.variance[column], squares / (n > 1 ? count - 1 : 1));
}

template <class T>
__global__ void normalise(Normalization<T> layer, const T* x, std::size_t n, Moments<T> moments, T* y) {
  const std::size_t at = own_number(), column = at % layer.width;
  if (at >= n * layer.width) return;
  const T z = (x[at] - moments.mean[column]) * moments.inverse_deviation[column];
  y[at] = activate(layer.activation, layer.scale[column] * z + layer.shift[column]);
}

// sums: of the gradient, and of the gradient times z, for each column.
template <class T>
__global__ void add_slopes(const T* x, std::size_t n, std::size_t width, Moments<T> moments, const T* gradient,
                           NormalizationGradients<T> out, double* sums) {
  GENMI_SHARED(double, of_warps, kBlock);
  const std::size_t column = own_column();
  double own_shift = 0, own_scale = 0;
  for (std::size_t i = threadIdx.x / kWarp; i < n && column < width; i += kRowWarps) {
    const std::size_t at = i * width + column;
    const auto g = static_cast<double>(gradient[at]);
    own_shift += g;
    own_scale += g * static_cast<double>((x[at] - moments.mean[column]) * moments.inverse_deviation[column]);
  }
  const double by_shift = sum_of_column(own_shift, of_warps), by_scale = sum_of_column(own_scale, of_warps);
  if (threadIdx.x >= kWarp || column >= width) return;
  sums[column] = by_shift;
  sums[width + column] = by_scale;
  if (out.by_scale == nullptr) return;
  out.by_shift[column] = static_cast<T>(out.add ? static_cast<double>(out.by_shift[column]) + by_shift : by_shift);
  out.by_scale[column] = static_cast<T>(out.add ? static_cast<double>(out.by_scale[column]) + by_scale : by_scale);
}

// dL/dx = scale / deviation (g - mean g - z mean(g z)).
template <class T>
__global__ void write_input_gradient(Normalization<T> layer, const T* x, std::size_t n, Moments<T> moments,
                                     const T* gradient, const double* sums, T* by_input) {
  const std::size_t at = own_number(), column = at % layer.width;
  if (at >= n * layer.width) return;
  const double share = 1 / static_cast<double>(n);
  const T centre = static_cast<T>(share * sums[column]), slope = static_cast<T>(share * sums[layer.width + column]);
  const T deviation = moments.inverse_deviation[column], z = (x[at] - moments.mean[column]) * deviation;
  by_input[at] = layer.scale[column] * deviation * (gradient[at] - centre - z * slope);
}

}  // namespace

template <class T>
cudaError_t go_forward(const Normalization<T>& layer, const T* x, std::size_t n, const Moments<T>& moments,
                       const Running<T>* running, T* y, cudaStream_t stream) {
  if (n == 0 || layer.width == 0) return cudaSuccess;
  const Running<T> own = running == nullptr ? Running<T>{} : *running;
  const cudaError_t error = GENMI_LAUNCH(measure_columns<T>, blocks_for_columns(layer.width), dim3{kBlock}, stream, x,
                                         n, layer.width, moments, own);
  if (error != cudaSuccess) return error;
  return GENMI_LAUNCH(normalise<T>, blocks_for(n * layer.width), dim3{kBlock}, stream, layer, x, n, moments, y);
}

template <class T>
cudaError_t go_back(const Normalization<T>& layer, const T* x, std::size_t n, const Moments<T>& moments,
                    const T* gradient, const NormalizationGradients<T>* gradients, double* scratch, T* by_input,
                    cudaStream_t stream) {
  if (n == 0 || layer.width == 0) return cudaSuccess;
  const NormalizationGradients<T> own = gradients == nullptr ? NormalizationGradients<T>{} : *gradients;
  const cudaError_t error = GENMI_LAUNCH(add_slopes<T>, blocks_for_columns(layer.width), dim3{kBlock}, stream, x, n,
                                         layer.width, moments, gradient, own, scratch);
  if (error != cudaSuccess || by_input == nullptr) return error;
  return GENMI_LAUNCH(write_input_gradient<T>, blocks_for(n * layer.width), dim3{kBlock}, stream, layer, x, n, moments,
                      gradient, scratch, by_input);
}

#define GENMI_NORMALIZATION(T)                                                                              \
  template cudaError_t go_forward(const Normalization<T>&, const T*, std::size_t, const Moments<T>&,        \
                                  const Running<T>*, T*, cudaStream_t);                                     \
  template cudaError_t go_back(const Normalization<T>&, const T*, std::size_t, const Moments<T>&, const T*, \
                               const NormalizationGradients<T>*, double*, T*, cudaStream_t);
GENMI_NORMALIZATION(float)
GENMI_NORMALIZATION(double)
#undef GENMI_NORMALIZATION

}  // namespace genmi::cuda
