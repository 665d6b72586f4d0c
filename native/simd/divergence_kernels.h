// The vector kernels of predictions and f-divergences, in both precisions.
//
// They work on panels of 16 samples: column k of panel p is 16 numbers at (p K + k) 16, one for each sample. Work per
// sample is done in lanes, for any K. The last panel is filled up with copies of its last sample, which count in no
// sum. Sums over samples are taken in T over a block of panels, and in float64 over all blocks.
//
// Error bounds of the elementary functions in units in the last place, on every instruction set (the baseline has no
// fused multiply-add). test/native/math_test.cpp measures them against the C library in a longer format: exp and log in
// float32 over all numbers, the others over some millions.
//
//            exp    log    expm1  log1p
//   float32  1.1    0.9    4      4
//   float64  1.1    0.9    4      4
//
// For denormal numbers the bound of log is 1.1.
#pragma once

#include <cstddef>
#include <utility>

#include "simd/panels.h"

namespace genmi::simd {

// The last pass: from the derivative with respect to log tau, in panels, to the row-major gradient with respect to tau
// (probabilities) or to the logits. `by_tau` and `by_clipped` are the derivatives through the proportions, one for each
// column; the pass multiplies them by tau and by the clipped tau. The gradient is 0 where tau is not within
// (least, greatest).
template <class T>
struct GradientPass {
  std::size_t rows, k;
  const T *tau, *clipped, *by_tau, *by_clipped;  // clipped: null where there is none
  T least, greatest;
  const T* log_gradient;
  T* scratch;  // 16 K numbers
  T* out;
};

// The proportions as kernels need them, one number for each column, at least the smallest normal number.
template <class T>
struct ColumnConstants {
  const T *pi, *rest;  // pi + rest is the proportion in float64
  const T* inverse;
  const T *log, *log_rest;
  T total;  // the sum of pi
};

// A block of panels, and the sums of an f-divergence over its samples.
template <class T>
struct DivergencePass {
  std::size_t rows, k;
  const T *tau, *log_tau;  // log_tau: null where it is not known
  ColumnConstants<T> columns;
  T order;                // the a of the alpha family
  T share;                // the factor of the derivatives with respect to log tau
  T* log_gradient;        // receives share times these derivatives, in panels; or null
  bool overwrite;         // log_gradient is overwritten; else it is added to
  T* scratch;             // kDivergenceScratch 16 K numbers
  double value;           // the sum over the samples
  double* by_proportion;  // K sums: the derivatives with respect to log pi are added, unless log_gradient is null
};
inline constexpr std::size_t kDivergenceScratch = 4;

template <class T>
struct DivergenceFunctions {
  void (*one_vs_all)(DivergencePass<T>& pass);
  void (*one_vs_one)(DivergencePass<T>& pass);
};

struct DivergenceEntry {
  const char* name;
  bool finite_one_vs_all, finite_one_vs_one;  // whether tau dI/dtau stays finite as a probability vanishes
  bool pairwise;                              // whether one-vs-one costs O(N K^2)
  DivergenceFunctions<float> in_single;
  DivergenceFunctions<double> in_double;

  template <class T>
  const DivergenceFunctions<T>& functions() const {
    if constexpr (sizeof(T) == sizeof(float)) return in_single;
    else return in_double;
  }
};

template <class T>
struct PanelKernels {
  // Reads row-major probabilities, clipped to [least, greatest], or logits. False if some are not finite.
  bool (*read_probabilities)(const T* data, std::size_t rows, std::size_t k, T least, T greatest, T* tau);
  bool (*read_logits)(const T* data, std::size_t rows, std::size_t k, T* log_tau, T* tau);
  void (*clip)(const T* from, std::size_t rows, std::size_t k, T least, T greatest, T* to);
  // Adds to the sums of all columns. In float64, differences from a column's first number are summed.
  void (*add_columns)(const T* panels, std::size_t rows, std::size_t k, double* sums);
  // The sum of -tau log tau.
  void (*entropy)(DivergencePass<T>& pass);
  void (*gradient_of_probabilities)(const GradientPass<T>& pass);
  void (*gradient_of_logits)(const GradientPass<T>& pass);
  // Whether all numbers are in [lowest, highest]; NaN is not.
  bool (*are_within)(const T* numbers, std::size_t count, T lowest, T highest);
  // out[i] = f(x[i]). `count` is a multiple of 16.
  void (*exp)(const T* x, std::size_t count, T* out);
  void (*log)(const T* x, std::size_t count, T* out);
  void (*expm1)(const T* x, std::size_t count, T* out);
  void (*log1p)(const T* x, std::size_t count, T* out);
};

struct DivergenceKernels {
  PanelKernels<float> in_single;
  PanelKernels<double> in_double;
  const DivergenceEntry* all;  // `count` entries, in the same order on every instruction set
  std::size_t count;
};

}  // namespace genmi::simd
