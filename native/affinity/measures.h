// The kernels and distances that exist by name. Each is a function of one reduction over the features of a pair, so
// adding one is adding a line to the table in measures.cpp.
#pragma once

#include <span>
#include <string>

#include "genmi/affinity.h"
#include "simd/pairwise_kernels.h"

namespace genmi::affinity {

using simd::Reduction;

// What becomes of the reduction r: scale r, scale sqrt(r), exp(-gamma r), (gamma r + coef0)^degree, tanh(gamma r +
// coef0).
enum class Finish { kAffine, kRoot, kExponential, kPower, kTanh };

struct Coefficients {
  double gamma, degree, coef0;
};

struct MeasureTraits {
  double scale = 1;
  double constant = 0;      // is added
  bool normalises = false;  // the features of each sample, to length 1; a sample of zeros is orthogonal to all
  bool needs_non_negative = false;
  bool has_gamma = false;
  bool has_degree = false;
  bool has_coef0 = false;
  double default_gamma = 0;  // 0: 1 / number of features
};

struct Measure {
  const char* name;
  Kind kind;
  bool metric;
  Reduction reduction;
  Finish finish;
  MeasureTraits traits = {};

  // The objectives see no translation of its features, and products with it need no entries.
  bool is_linear() const { return reduction == Reduction::kInner && finish == Finish::kAffine; }
};

std::span<const Measure> measures();
const Measure* find_measure(Kind kind, const std::string& name);
std::string measure_names(Kind kind);

}  // namespace genmi::affinity
