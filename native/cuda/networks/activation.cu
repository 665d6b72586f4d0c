#include "../elements.h"
#include "activation.h"

namespace genmi::cuda {
namespace {

template <class T>
__global__ void multiply_by_slopes(bool relu, const T* y, std::size_t count, T* gradient) {
  const std::size_t at = own_number();
  if (at >= count) return;
  gradient[at] *= relu ? (y[at] > T{0} ? T{1} : T{0}) : T{1} - y[at] * y[at];
}

}  // namespace

template <class T>
cudaError_t differentiate(Activation activation, const T* y, std::size_t count, T* gradient, cudaStream_t stream) {
  if (activation == Activation::kIdentity || count == 0) return cudaSuccess;
  return GENMI_LAUNCH(multiply_by_slopes<T>, blocks_for(count), dim3{kBlock}, stream, activation == Activation::kRelu,
                      y, count, gradient);
}

template cudaError_t differentiate(Activation, const float*, std::size_t, float*, cudaStream_t);
template cudaError_t differentiate(Activation, const double*, std::size_t, double*, cudaStream_t);

}  // namespace genmi::cuda
