#include <cmath>

#include "products.h"

namespace genmi::cuda {
namespace {

// A block makes a tile of kTile x kTile numbers of `out`, 2 x 2 by each of its threads. It goes through the columns of
// A in tiles of the same size. Sums over a tile are in T, sums of tiles in double: 32 roundings of float32 at most.
constexpr unsigned kTile = 32, kSide = 16, kThreads = kSide * kSide;
constexpr unsigned kPadded = kTile + 1;  // rows of a tile in different banks of shared memory

// The 2 x 2 numbers of a thread: rows y and y + kSide, columns x and x + kSide of the tile.
template <class S>
struct Four {
  S at[2][2] = {};
};

// The number of a sample among the affinity's.
template <class T>
__device__ std::size_t sample(const Product<T>& product, std::size_t i) {
  return product.rows == nullptr ? i : static_cast<std::size_t>(product.rows[i]);
}

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
      entries[at / kTile * kPadded + at % kTile] = inside ? a[sample(product, i) * stride + sample(product, j)] : T{0};
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
  T gamma;
  __device__ T term(T a, T b) const { return (a - b) * (a - b); }
  __device__ T entry(T sum) const { return std::exp(-gamma * sum); }
};

// Writes features [feature, feature + kTile) of samples [first, first + kTile) to a tile; 0 beyond the last.
template <class T>
__device__ void load_features(const T* x, std::size_t d, const Product<T>& product, std::size_t first,
                              std::size_t feature, T* tile) {
  for (unsigned at = threadIdx.x; at < kTile * kTile; at += kThreads) {
    const std::size_t i = first + at / kTile, f = feature + at % kTile;
    tile[at / kTile * kPadded + at % kTile] = i < product.n && f < d ? x[sample(product, i) * d + f] : T{0};
  }
}

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
      load_features(x, d, product, row, feature, of_rows);
      load_features(x, d, product, first, feature, of_columns);
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
  return {static_cast<unsigned>((product.n + kTile - 1) / kTile),
          static_cast<unsigned>((product.k + kTile - 1) / kTile), 1};
}

}  // namespace

template <class T>
void multiply_stored(const T* entries, std::size_t stride, const Product<T>& product, cudaStream_t stream) {
  GENMI_LAUNCH(multiply_stored_tiles<T>, tiles(product), dim3{kThreads}, stream, entries, stride, product);
}

template <class T>
void multiply_linear(const T* features, std::size_t d, const Product<T>& product, cudaStream_t stream) {
  GENMI_LAUNCH((multiply_made_tiles<T, Linear<T>>), tiles(product), dim3{kThreads}, stream, features, d, Linear<T>{},
               product);
}

template <class T>
void multiply_rbf(const T* features, std::size_t d, T gamma, const Product<T>& product, cudaStream_t stream) {
  GENMI_LAUNCH((multiply_made_tiles<T, Rbf<T>>), tiles(product), dim3{kThreads}, stream, features, d, Rbf<T>{gamma},
               product);
}

template void multiply_stored(const float*, std::size_t, const Product<float>&, cudaStream_t);
template void multiply_stored(const double*, std::size_t, const Product<double>&, cudaStream_t);
template void multiply_linear(const float*, std::size_t, const Product<float>&, cudaStream_t);
template void multiply_linear(const double*, std::size_t, const Product<double>&, cudaStream_t);
template void multiply_rbf(const float*, std::size_t, float, const Product<float>&, cudaStream_t);
template void multiply_rbf(const double*, std::size_t, double, const Product<double>&, cudaStream_t);

}  // namespace genmi::cuda
