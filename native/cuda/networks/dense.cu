#include "../elements.h"
#include "dense.h"

namespace genmi::cuda {
namespace {

// A block makes kSide x kSide numbers of a product A B, 4 x 4 by each of its threads, from kDepth columns of A and rows
// of B at a time in shared memory.
constexpr unsigned kSide = 64, kDepth = 16, kLanes = 16, kEach = kSide / kLanes, kThreads = kLanes * kLanes;
constexpr unsigned kPadded = kSide + 1;  // numbers of one row or column of a factor are in different banks

// A factor is stored row by row. kOuter: each of its rows belongs to one row or column of the product. kInner: each of
// its rows is one term of all sums.
enum class Rows { kOuter, kInner };

// Writes entries (first_outer + o, first_inner + k) of a factor to a part of it; 0 beyond the last ones.
template <Rows kRows, class T>
__device__ void load_part(const T* factor, std::size_t outer, std::size_t inner, std::size_t first_outer,
                          std::size_t first_inner, T* part) {
  for (unsigned at = threadIdx.x; at < kSide * kDepth; at += kThreads) {
    const unsigned o = kRows == Rows::kInner ? at % kSide : at / kDepth;
    const unsigned k = kRows == Rows::kInner ? at / kSide : at % kDepth;
    const std::size_t row = first_outer + o, term = first_inner + k;
    const bool inside = row < outer && term < inner;
    part[k * kPadded + o] = inside ? factor[kRows == Rows::kInner ? term * outer + row : row * inner + term] : T{0};
  }
}

template <class T>
struct Finish {
  const T* bias;  // of each column, or null
  Activation activation;
  bool add;
  T* out;

  __device__ void operator()(std::size_t at, std::size_t column, T sum) const {
    const T own = activate(activation, bias == nullptr ? sum : sum + bias[column]);
    out[at] = add ? out[at] + own : own;
  }
};

template <Rows kRowsOfA, Rows kRowsOfB, class T>
__global__ void multiply_parts(const T* a, const T* b, std::size_t rows, std::size_t inner, std::size_t columns,
                               Finish<T> finish) {
  GENMI_SHARED(T, of_a, kDepth * kPadded);
  GENMI_SHARED(T, of_b, kDepth * kPadded);
  const std::size_t across = (columns + kSide - 1) / kSide;
  const std::size_t row = blockIdx.x / across * kSide, column = blockIdx.x % across * kSide;
  const unsigned x = threadIdx.x % kLanes, y = threadIdx.x / kLanes;
  T sums[kEach][kEach] = {};
  for (std::size_t first = 0; first < inner; first += kDepth) {
    load_part<kRowsOfA>(a, rows, inner, row, first, of_a);
    load_part<kRowsOfB>(b, columns, inner, column, first, of_b);
    __syncthreads();
    for (unsigned k = 0; k < kDepth; ++k) {
      T own_a[kEach], own_b[kEach];
      for (unsigned r = 0; r < kEach; ++r) own_a[r] = of_a[k * kPadded + y + r * kLanes];
      for (unsigned c = 0; c < kEach; ++c) own_b[c] = of_b[k * kPadded + x + c * kLanes];
      for (unsigned r = 0; r < kEach; ++r)
        for (unsigned c = 0; c < kEach; ++c) sums[r][c] += own_a[r] * own_b[c];
    }
    __syncthreads();
  }
  for (unsigned r = 0; r < kEach; ++r)
    for (unsigned c = 0; c < kEach; ++c) {
      const std::size_t i = row + y + r * kLanes, j = column + x + c * kLanes;
      if (i < rows && j < columns) finish(i * columns + j, j, sums[r][c]);
    }
}

template <Rows kRowsOfA, Rows kRowsOfB, class T>
cudaError_t multiply(const T* a, const T* b, std::size_t rows, std::size_t inner, std::size_t columns,
                     const Finish<T>& finish, cudaStream_t stream) {
  if (rows == 0 || columns == 0) return cudaSuccess;
  const auto blocks = static_cast<unsigned>(((rows + kSide - 1) / kSide) * ((columns + kSide - 1) / kSide));
  return GENMI_LAUNCH((multiply_parts<kRowsOfA, kRowsOfB, T>), (dim3{blocks, 1, 1}), dim3{kThreads}, stream, a, b, rows,
                      inner, columns, finish);
}

template <class T>
__global__ void add_columns(const T* matrix, std::size_t n, std::size_t columns, bool add, T* out) {
  GENMI_SHARED(double, of_warps, kBlock);
  const std::size_t column = own_column();
  double own = 0;
  for (std::size_t i = threadIdx.x / kWarp; i < n && column < columns; i += kRowWarps)
    own += static_cast<double>(matrix[i * columns + column]);
  const double sum = sum_of_column(own, of_warps);
  if (threadIdx.x >= kWarp || column >= columns) return;
  out[column] = static_cast<T>(add ? static_cast<double>(out[column]) + sum : sum);
}

}  // namespace

template <class T>
cudaError_t go_forward(const Dense<T>& layer, const T* x, std::size_t n, bool add, T* y, cudaStream_t stream) {
  return multiply<Rows::kOuter, Rows::kInner>(x, layer.weights, n, layer.inputs, layer.outputs,
                                              Finish<T>{layer.bias, layer.activation, add, y}, stream);
}

template <class T>
cudaError_t weights_gradient(const Dense<T>& layer, const T* x, const T* by_sum, std::size_t n, bool add, T* by_weights,
                             cudaStream_t stream) {
  return multiply<Rows::kInner, Rows::kInner>(x, by_sum, layer.inputs, n, layer.outputs,
                                              Finish<T>{nullptr, Activation::kIdentity, add, by_weights}, stream);
}

template <class T>
cudaError_t bias_gradient(const Dense<T>& layer, const T* by_sum, std::size_t n, bool add, T* by_bias,
                          cudaStream_t stream) {
  if (layer.outputs == 0) return cudaSuccess;
  return GENMI_LAUNCH(add_columns<T>, blocks_for_columns(layer.outputs), dim3{kBlock}, stream, by_sum, n, layer.outputs,
                      add, by_bias);
}

template <class T>
cudaError_t input_gradient(const Dense<T>& layer, const T* by_sum, std::size_t n, bool add, T* by_input,
                           cudaStream_t stream) {
  return multiply<Rows::kOuter, Rows::kOuter>(by_sum, layer.weights, n, layer.outputs, layer.inputs,
                                              Finish<T>{nullptr, Activation::kIdentity, add, by_input}, stream);
}

#define GENMI_DENSE(T)                                                                                             \
  template cudaError_t go_forward(const Dense<T>&, const T*, std::size_t, bool, T*, cudaStream_t);                 \
  template cudaError_t weights_gradient(const Dense<T>&, const T*, const T*, std::size_t, bool, T*, cudaStream_t); \
  template cudaError_t bias_gradient(const Dense<T>&, const T*, std::size_t, bool, T*, cudaStream_t);              \
  template cudaError_t input_gradient(const Dense<T>&, const T*, std::size_t, bool, T*, cudaStream_t);
GENMI_DENSE(float)
GENMI_DENSE(double)
#undef GENMI_DENSE

}  // namespace genmi::cuda
