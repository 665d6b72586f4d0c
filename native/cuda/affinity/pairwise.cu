#include <cmath>

#include "pairwise.h"
#include "tiles.h"

namespace genmi::cuda {
namespace {

// A reduction: a term of each feature, the sum of two partial results, and the result.
template <class T>
struct Sum {
  using Part = T;
  __device__ static Part join(Part a, Part b) { return a + b; }
  __device__ static T result(Part sum) { return sum; }
};
template <class T>
struct Inner : Sum<T> {
  __device__ static T term(T a, T b) { return a * b; }
};
template <class T>
struct SquaredEuclidean : Sum<T> {
  __device__ static T term(T a, T b) { return (a - b) * (a - b); }
};
template <class T>
struct Manhattan : Sum<T> {
  __device__ static T term(T a, T b) { return std::fabs(a - b); }
};
template <class T>
struct Chebyshev : Sum<T> {
  __device__ static T term(T a, T b) { return std::fabs(a - b); }
  __device__ static T join(T a, T b) { return a > b ? a : b; }
};
template <class T>
struct ChiSquared : Sum<T> {
  __device__ static T term(T a, T b) { return a + b > 0 ? (a - b) * (a - b) / (a + b) : T{0}; }
};
template <class T>
struct Canberra : Sum<T> {
  __device__ static T term(T a, T b) { return a == b ? T{0} : std::fabs(a - b) / (std::fabs(a) + std::fabs(b)); }
};
template <class T>
struct BrayCurtis {
  struct Part {
    T difference = 0, total = 0;
  };
  __device__ static Part term(T a, T b) { return {std::fabs(a - b), std::fabs(a + b)}; }
  __device__ static Part join(Part a, Part b) { return {a.difference + b.difference, a.total + b.total}; }
  __device__ static T result(Part sum) { return sum.difference == 0 ? T{0} : sum.difference / sum.total; }
};

template <class T>
__device__ T finished(const Pairs<T>& pairs, T r) {
  const auto scale = static_cast<T>(pairs.scale), constant = static_cast<T>(pairs.constant);
  switch (pairs.finish) {
    case PairFinish::kAffine: return scale * r + constant;
    case PairFinish::kRoot: return scale * std::sqrt(r);
    case PairFinish::kExponential: return std::exp(-static_cast<T>(pairs.gamma) * r);
    case PairFinish::kPower: return static_cast<T>(std::pow(pairs.gamma * r + pairs.coef0, pairs.degree));
    case PairFinish::kTanh: return static_cast<T>(std::tanh(pairs.gamma * r + pairs.coef0));
  }
  return T{0};
}

// Adds kTile features of the thread's pairs up, and joins them to their results so far. Beyond the last feature, terms
// are those of zeros: 0.
template <class T, class R>
__device__ void add_features(const T* of_rows, const T* of_columns, Four<typename R::Part>& results) {
  const unsigned x = threadIdx.x % kSide, y = threadIdx.x / kSide;
  Four<typename R::Part> own;
  for (unsigned f = 0; f < kTile; ++f)
    for (unsigned r = 0; r < 2; ++r)
      for (unsigned c = 0; c < 2; ++c)
        own.at[r][c] = R::join(
            own.at[r][c], R::term(of_rows[(y + r * kSide) * kPadded + f], of_columns[(x + c * kSide) * kPadded + f]));
  for (unsigned r = 0; r < 2; ++r)
    for (unsigned c = 0; c < 2; ++c) results.at[r][c] = R::join(results.at[r][c], own.at[r][c]);
}

template <class T>
__device__ void store_tile(const Pairs<T>& pairs, const T* tile, std::size_t row, std::size_t column, bool mirrored) {
  for (unsigned at = threadIdx.x; at < kTile * kTile; at += kThreads) {
    const unsigned r = at / kTile, c = at % kTile;
    const std::size_t i = (mirrored ? column : row) + r, j = (mirrored ? row : column) + c;
    if (i < pairs.n && j < pairs.n)
      pairs.out[i * pairs.stride + j] = mirrored ? tile[c * kPadded + r] : tile[r * kPadded + c];
  }
}

// Block (i, j) makes tile (i, j) for j <= i, and tile (j, i) from it.
template <class T, class R>
__global__ void make_tiles_of_pairs(Pairs<T> pairs) {
  if (blockIdx.y > blockIdx.x) return;
  GENMI_SHARED(T, of_rows, kTile * kPadded);
  GENMI_SHARED(T, of_columns, kTile * kPadded);
  const std::size_t row = std::size_t{blockIdx.x} * kTile, column = std::size_t{blockIdx.y} * kTile;
  Four<typename R::Part> results;
  for (std::size_t feature = 0; feature < pairs.d; feature += kTile) {
    load_features<T>(pairs.x, pairs.d, nullptr, pairs.n, row, feature, of_rows);
    load_features<T>(pairs.x, pairs.d, nullptr, pairs.n, column, feature, of_columns);
    __syncthreads();
    add_features<T, R>(of_rows, of_columns, results);
    __syncthreads();
  }
  const unsigned x = threadIdx.x % kSide, y = threadIdx.x / kSide;
  for (unsigned r = 0; r < 2; ++r)
    for (unsigned c = 0; c < 2; ++c)
      of_rows[(y + r * kSide) * kPadded + x + c * kSide] = finished(pairs, R::result(results.at[r][c]));
  __syncthreads();
  store_tile(pairs, of_rows, row, column, false);
  if (row != column) store_tile(pairs, of_rows, row, column, true);
}

template <class T, class R>
cudaError_t launch_pairs(const Pairs<T>& pairs, cudaStream_t stream) {
  const auto tiles = static_cast<unsigned>(tiles_of(pairs.n));
  const dim3 grid{tiles, tiles, 1};
  return GENMI_LAUNCH((make_tiles_of_pairs<T, R>), grid, dim3{kThreads}, stream, pairs);
}

}  // namespace

template <class T>
cudaError_t make_pairs(const Pairs<T>& pairs, cudaStream_t stream) {
  if (pairs.n == 0) return cudaSuccess;
  switch (pairs.reduction) {
    case PairReduction::kInner: return launch_pairs<T, Inner<T>>(pairs, stream);
    case PairReduction::kSquaredEuclidean: return launch_pairs<T, SquaredEuclidean<T>>(pairs, stream);
    case PairReduction::kManhattan: return launch_pairs<T, Manhattan<T>>(pairs, stream);
    case PairReduction::kChebyshev: return launch_pairs<T, Chebyshev<T>>(pairs, stream);
    case PairReduction::kChiSquared: return launch_pairs<T, ChiSquared<T>>(pairs, stream);
    case PairReduction::kCanberra: return launch_pairs<T, Canberra<T>>(pairs, stream);
    case PairReduction::kBrayCurtis: return launch_pairs<T, BrayCurtis<T>>(pairs, stream);
  }
  return cudaErrorInvalidValue;
}

template cudaError_t make_pairs(const Pairs<float>&, cudaStream_t);
template cudaError_t make_pairs(const Pairs<double>&, cudaStream_t);

}  // namespace genmi::cuda
