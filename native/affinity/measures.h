// The kernels and distances that exist by name. Each is a function of one reduction over the features of a pair, so
// adding one is adding a line to the table in measures.cpp.
#pragma once

#include <cstddef>
#include <string>

#include "genmi/affinity.h"

namespace genmi::affinity {

enum class Reduction { kInner, kSquaredEuclidean, kManhattan, kChebyshev, kChiSquared };

struct Coefficients {
  double gamma, degree, coef0;
};

struct MeasureTraits {
  bool centres_features = false;  // the objectives see no translation of the features
  bool needs_norms = false;
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
  // From the reduced value to the entry; norms is |x| |y|, computed only where needs_norms.
  double (*finish)(double reduced, const Coefficients& c, double norms);
  MeasureTraits traits = {};
};

const Measure* find_measure(Kind kind, const std::string& name);
std::string measure_names(Kind kind);

}  // namespace genmi::affinity
