// Matrices of kernels and distances between samples on a device: every measure of native/affinity/measures.h. All
// pointers are to memory of the device.
#pragma once

#include <cstddef>

#include "device.h"

namespace genmi::cuda {

// r: reductions over the features of two samples. A term or quotient 0 / 0 counts as 0.
enum class PairReduction {
  kInner,             // sum x y
  kSquaredEuclidean,  // sum (x - y)^2, from differences: near samples keep their digits
  kManhattan,         // sum |x - y|
  kChebyshev,         // max |x - y|
  kChiSquared,        // sum (x - y)^2 / (x + y), for x, y >= 0
  kCanberra,          // sum |x - y| / (|x| + |y|)
  kBrayCurtis,        // sum |x - y| / sum |x + y|
};

// f(r); for the last two, g = gamma r + inner[i] + inner[j].
enum class PairFinish {
  kAffine,              // scale (r - subtract)
  kRoot,                // scale sqrt(r)
  kExponential,         // exp(-gamma r)
  kExponentialLessOne,  // scale (exp(-gamma (r - subtract)) - 1); at_zero where r = 0
  kPower,               // g^degree
  kTanh,                // tanh(g)
};

// Entries f(r) + added[i] + added[j] of samples i = first, ..., first + count - 1 with all n samples. A larger r than
// `most` counts as `most`.
template <class T>
struct Pairs {
  const T* x;  // n x d; of length 1, or 0, for a measure that normalises
  std::size_t n, d;
  PairReduction reduction;
  PairFinish finish;
  double scale, gamma, degree, subtract, at_zero, most;
  const double *added, *inner;  // n numbers each
  std::size_t first, count;
  T* out;  // count x n
};

// Entries (i, j) and (j, i) have the same bits. Sums over 32 features are in T, and so are sums of these; powers and
// tanh are in float64. Returns an error of the launch. Cost: O(count n d).
template <class T>
cudaError_t make_pairs(const Pairs<T>& pairs, cudaStream_t stream);

}  // namespace genmi::cuda
