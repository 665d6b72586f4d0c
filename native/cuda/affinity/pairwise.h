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

// scale r + constant, scale sqrt(r), exp(-gamma r), (gamma r + coef0)^degree, tanh(gamma r + coef0).
enum class PairFinish { kAffine, kRoot, kExponential, kPower, kTanh };

template <class T>
struct Pairs {
  const T* x;  // n x d; of length 1, or 0, for a measure that normalises
  std::size_t n, d;
  PairReduction reduction;
  PairFinish finish;
  double scale, constant, gamma, degree, coef0;
  T* out;              // n x n
  std::size_t stride;  // numbers from row to row of out
};

// Makes half of the matrix, and its mirror image. Sums over 32 features are in T, and so are sums of these; powers and
// tanh are in float64. Returns an error of the launch. Cost: O(n^2 d).
template <class T>
cudaError_t make_pairs(const Pairs<T>& pairs, cudaStream_t stream);

}  // namespace genmi::cuda
