#include "../elements.h"
#include "samples.h"

namespace genmi::cuda {
namespace {

template <class T>
__global__ void copy_rows(const T* matrix, std::size_t columns, const std::int32_t* rows, std::size_t n, T* out) {
  const std::size_t at = own_number();
  if (at < n * columns) out[at] = matrix[static_cast<std::size_t>(rows[at / columns]) * columns + at % columns];
}

template <class T>
__global__ void move_numbers(const T* x, T scale, const T* direction, std::size_t count, T* out) {
  const std::size_t at = own_number();
  if (at < count) out[at] = x[at] + scale * direction[at];
}

}  // namespace

template <class T>
cudaError_t gather(const T* matrix, std::size_t columns, const std::int32_t* rows, std::size_t n, T* out,
                   cudaStream_t stream) {
  if (n * columns == 0) return cudaSuccess;
  return GENMI_LAUNCH(copy_rows<T>, blocks_for(n * columns), dim3{kBlock}, stream, matrix, columns, rows, n, out);
}

template <class T>
cudaError_t move(const T* x, T scale, const T* direction, std::size_t count, T* out, cudaStream_t stream) {
  if (count == 0) return cudaSuccess;
  return GENMI_LAUNCH(move_numbers<T>, blocks_for(count), dim3{kBlock}, stream, x, scale, direction, count, out);
}

template cudaError_t gather(const float*, std::size_t, const std::int32_t*, std::size_t, float*, cudaStream_t);
template cudaError_t gather(const double*, std::size_t, const std::int32_t*, std::size_t, double*, cudaStream_t);
template cudaError_t move(const float*, float, const float*, std::size_t, float*, cudaStream_t);
template cudaError_t move(const double*, double, const double*, std::size_t, double*, cudaStream_t);

}  // namespace genmi::cuda
