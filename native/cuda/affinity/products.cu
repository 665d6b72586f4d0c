#include <cmath>

#include "products.h"
#include "tiles.h"

namespace genmi::cuda {
namespace {

// Writes rows [first, first + kTile) and columns [column, column + kTile) of V to a tile; 0 beyond its last.
template <class T>
__device__ void load_ratios(const Product<T>& product, std::size_t first, std::size_t column, T* tile) {
  for (unsigned at = threadIdx.x; at < kTile * kTile; at += kThreads) {
    const std::size_t j = first + at / kTile, c = column + at % kTile;
    tile[at / kTile * kPadded + at % kTile] = j < product.n && c < product.k ? product.v[j * product.k + c] : T{0};
  }
}

// sums += a tile of A times a tile of V.
template <class T>
__device__ void add_product(const T* entries, const T* ratios, Four<double>& sums) {
  const unsigned x = threadIdx.x % kSide, y = threadIdx.x / kSide;
  Four<T> own;
  for (unsigned j = 0; j < kTile; ++j)
    for (unsigned r = 0; r < 2; ++r)
      for (unsigned c = 0; c < 2; ++c)
        own.at[r][c] += entries[(y + r * kSide) * kPadded + j] * ratios[j * kPadded + x + c * kSide];
  for (unsigned r = 0; r < 2; ++r)
    for (unsigned c = 0; c < 2; ++c) sums.at[r][c] += static_cast<double>(own.at[r][c]);
}

template <class T>
__device__ void store(const Product<T>& product, const Four<double>& sums) {
  const unsigned x = threadIdx.x % kSide, y = threadIdx.x / kSide;
  for (unsigned r = 0; r < 2; ++r)
    for (unsigned c = 0; c < 2; ++c) {
      const std::size_t i = std::size_t{blockIdx.x} * kTile + y + r * kSide;
      const std::size_t column = std::size_t{blockIdx.y} * kTile + x + c * kSide;
      if (i < product.n && column < product.k) product.out[i * product.k + column] = static_cast<T>(sums.at[r][c]);
    }
}

// A block goes through the columns of A in tiles. Sums over a tile are in T, sums of tiles in double: 32 roundings of
// float32 at most.
template <class T>
__global__ void multiply_stored_tiles(const T* a, std::size_t stride, Product<T> product) {
  GENMI_SHARED(T, entries, kTile * kPadded);
  GENMI_SHARED(T, ratios, kTile * kPadded);
  const std::size_t row = std::size_t{blockIdx.x} * kTile, column = std::size_t{blockIdx.y} * kTile;
  Four<double> sums;
  for (std::size_t first = 0; first < product.n; first += kTile) {
    for (unsigned at = threadIdx.x; at < kTile * kTile; at += kThreads) {
      const std::size_t i = row + at / kTile, j = first + at % kTile;
      const bool inside = i < product.n && j < product.n;
      entries[at / kTile * kPadded + at % kTile] =
          inside ? a[sample_at(product.rows, i) * stride + sample_at(product.rows, j)] : T{0};
    }
    load_ratios(product, first, column, ratios);
    __syncthreads();
    add_product(entries, ratios, sums);
    __syncthreads();
  }
  store(product, sums);
}

// Kernels of features: a sum over the features of a pair, and the entry that is made of it.
template <class T>
struct Linear {
  __device__ T term(T a, T b) const { return a * b; }
  __device__ T entry(T sum) const { return sum; }
};
template <class T>
struct Rbf {
  T gamma, raised;  // raised: 1 - constant
  __device__ T term(T a, T b) const { return (a - b) * (a - b); }
  __device__ T entry(T sum) const { return std::expm1(-gamma * sum) + raised; }
};

template <class T, class Kernel>
__global__ void multiply_made_tiles(const T* x, std::size_t d, Kernel kernel, Product<T> product) {
  GENMI_SHARED(T, of_rows, kTile * kPadded);
  GENMI_SHARED(T, of_columns, kTile * kPadded);
  GENMI_SHARED(T, entries, kTile * kPadded);
  const std::size_t row = std::size_t{blockIdx.x} * kTile, column = std::size_t{blockIdx.y} * kTile;
  const unsigned tx = threadIdx.x % kSide, ty = threadIdx.x / kSide;
  Four<double> sums;
  for (std::size_t first = 0; first < product.n; first += kTile) {
    Four<T> terms;
    for (std::size_t feature = 0; feature < d; feature += kTile) {
      load_features(x, d, product.rows, product.n, row, feature, of_rows);
      load_features(x, d, product.rows, product.n, first, feature, of_columns);
      __syncthreads();
      for (unsigned f = 0; f < kTile; ++f)
        for (unsigned r = 0; r < 2; ++r)
          for (unsigned c = 0; c < 2; ++c)
            terms.at[r][c] +=
                kernel.term(of_rows[(ty + r * kSide) * kPadded + f], of_columns[(tx + c * kSide) * kPadded + f]);
      __syncthreads();
    }
    for (unsigned r = 0; r < 2; ++r)
      for (unsigned c = 0; c < 2; ++c)
        entries[(ty + r * kSide) * kPadded + tx + c * kSide] = kernel.entry(terms.at[r][c]);
    load_ratios(product, first, column, of_columns);
    __syncthreads();
    add_product(entries, of_columns, sums);
    __syncthreads();
  }
  store(product, sums);
}

template <class T>
dim3 tiles(const Product<T>& product) {
  return {static_cast<unsigned>(tiles_of(product.n)), static_cast<unsigned>(tiles_of(product.k)), 1};
}

// CUDA refuses a grid without blocks.
template <class T>
bool is_empty(const Product<T>& product) {
  return product.n == 0 || product.k == 0;
}

}  // namespace

template <class T>
cudaError_t multiply_stored(const T* entries, std::size_t stride, const Product<T>& product, cudaStream_t stream) {
  if (is_empty(product)) return cudaSuccess;
  return GENMI_LAUNCH(multiply_stored_tiles<T>, tiles(product), dim3{kThreads}, stream, entries, stride, product);
}

template <class T>
cudaError_t multiply_linear(const T* features, std::size_t d, const Product<T>& product, cudaStream_t stream) {
  if (is_empty(product)) return cudaSuccess;
  return GENMI_LAUNCH((multiply_made_tiles<T, Linear<T>>), tiles(product), dim3{kThreads}, stream, features, d,
                      Linear<T>{}, product);
}

template <class T>
cudaError_t multiply_rbf(const T* features, std::size_t d, T gamma, T constant, const Product<T>& product,
                         cudaStream_t stream) {
  if (is_empty(product)) return cudaSuccess;
  return GENMI_LAUNCH((multiply_made_tiles<T, Rbf<T>>), tiles(product), dim3{kThreads}, stream, features, d,
                      (Rbf<T>{gamma, 1 - constant}), product);
}

template cudaError_t multiply_stored(const float*, std::size_t, const Product<float>&, cudaStream_t);
template cudaError_t multiply_stored(const double*, std::size_t, const Product<double>&, cudaStream_t);
template cudaError_t multiply_linear(const float*, std::size_t, const Product<float>&, cudaStream_t);
template cudaError_t multiply_linear(const double*, std::size_t, const Product<double>&, cudaStream_t);
template cudaError_t multiply_rbf(const float*, std::size_t, float, float, const Product<float>&, cudaStream_t);
template cudaError_t multiply_rbf(const double*, std::size_t, double, double, const Product<double>&, cudaStream_t);

}  // namespace genmi::cuda
