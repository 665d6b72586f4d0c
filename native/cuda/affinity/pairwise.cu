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
  __device__ static T term(T a, T b) { return a + b > 0 ? (a - b) * ((a - b) / (a + b)) : T{0}; }
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
__device__ T finished(const Pairs<T>& pairs, T reduced, std::size_t i, std::size_t j) {
  const auto scale = static_cast<T>(pairs.scale), most = static_cast<T>(pairs.most);
  const T r = reduced > most ? most : reduced;
  const T left = r - static_cast<T>(pairs.subtract);
  const T added = static_cast<T>(pairs.added[i]) + static_cast<T>(pairs.added[j]);
  const auto inside = [&] { return pairs.gamma * static_cast<double>(r) + (pairs.inner[i] + pairs.inner[j]); };
  const auto outside = [&] { return pairs.added[i] + pairs.added[j]; };
  switch (pairs.finish) {
    case PairFinish::kAffine: return left * scale + added;
    case PairFinish::kRoot: return std::sqrt(r) * scale + added;
    case PairFinish::kExponential: return std::exp(-static_cast<T>(pairs.gamma) * r) + added;
    case PairFinish::kExponentialLessOne: {
      const T value = std::expm1(-static_cast<T>(pairs.gamma) * left) * scale;
      return (r == 0 ? static_cast<T>(pairs.at_zero) : value) + added;
    }
    case PairFinish::kPower: return static_cast<T>(std::pow(inside(), pairs.degree) + outside());
    case PairFinish::kTanh: return static_cast<T>(std::tanh(inside()) + outside());
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

// Each block makes a tile, for rows from `first` on.
template <class T, class R>
__global__ void make_tiles_of_pairs(Pairs<T> pairs) {
  GENMI_SHARED(T, of_rows, kTile * kPadded);
  GENMI_SHARED(T, of_columns, kTile * kPadded);
  const std::size_t row = std::size_t{blockIdx.x} * kTile, column = std::size_t{blockIdx.y} * kTile;
  Four<typename R::Part> results;
  for (std::size_t feature = 0; feature < pairs.d; feature += kTile) {
    load_features<T>(pairs.x, pairs.d, nullptr, pairs.n, pairs.first + row, feature, of_rows);
    load_features<T>(pairs.x, pairs.d, nullptr, pairs.n, column, feature, of_columns);
    __syncthreads();
    add_features<T, R>(of_rows, of_columns, results);
    __syncthreads();
  }
  for (unsigned r = 0; r < 2; ++r)
    for (unsigned c = 0; c < 2; ++c) {
      const std::size_t i = row + threadIdx.x / kSide + r * kSide, j = column + threadIdx.x % kSide + c * kSide;
      if (i < pairs.count && j < pairs.n)
        pairs.out[i * pairs.n + j] = finished(pairs, R::result(results.at[r][c]), pairs.first + i, j);
    }
}

template <class T, class R>
cudaError_t launch_pairs(const Pairs<T>& pairs, cudaStream_t stream) {
  const dim3 grid{static_cast<unsigned>(tiles_of(pairs.count)), static_cast<unsigned>(tiles_of(pairs.n)), 1};
  return GENMI_LAUNCH((make_tiles_of_pairs<T, R>), grid, dim3{kThreads}, stream, pairs);
}

}  // namespace

template <class T>
cudaError_t make_pairs(const Pairs<T>& pairs, cudaStream_t stream) {
  if (pairs.n == 0 || pairs.count == 0) return cudaSuccess;
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
