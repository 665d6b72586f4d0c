#include "affinity/measures.h"

namespace genmi::affinity {
namespace {

using R = Reduction;
using F = Finish;
constexpr Kind kKernel = Kind::kKernel;
constexpr Kind kDistance = Kind::kDistance;

// Definitions and defaults are those of scikit-learn's sklearn.metrics.pairwise, except: canberra and braycurtis are
// defined as in scipy.spatial.distance, and gaussian is the kernel of the GEMINI paper's code, exp(-|x - y|^2 / 0.1).
// The cosine of two samples of length 1 is 1 - |x - y|^2 / 2, which keeps the digits of small angles.
const Measure kMeasures[] = {
    {"linear", kKernel, false, R::kInner, F::kAffine},
    {"polynomial", kKernel, false, R::kInner, F::kPower, {.has_gamma = true, .has_degree = true, .has_coef0 = true}},
    {"rbf", kKernel, false, R::kSquaredEuclidean, F::kExponential, {.has_gamma = true}},
    {"gaussian", kKernel, false, R::kSquaredEuclidean, F::kExponential, {.has_gamma = true, .default_gamma = 10}},
    {"laplacian", kKernel, false, R::kManhattan, F::kExponential, {.has_gamma = true}},
    {"sigmoid", kKernel, false, R::kInner, F::kTanh, {.has_gamma = true, .has_coef0 = true}},
    {"cosine", kKernel, false, R::kSquaredEuclidean, F::kAffine, {.scale = -0.5, .constant = 1, .normalises = true}},
    {"additive_chi2", kKernel, false, R::kChiSquared, F::kAffine, {.scale = -1, .needs_non_negative = true}},
    {"chi2",
     kKernel,
     false,
     R::kChiSquared,
     F::kExponential,
     {.needs_non_negative = true, .has_gamma = true, .default_gamma = 1}},

    {"euclidean", kDistance, true, R::kSquaredEuclidean, F::kRoot},
    {"sqeuclidean", kDistance, false, R::kSquaredEuclidean, F::kAffine},
    {"manhattan", kDistance, true, R::kManhattan, F::kAffine},
    {"chebyshev", kDistance, true, R::kChebyshev, F::kAffine},
    {"cosine", kDistance, false, R::kSquaredEuclidean, F::kAffine, {.scale = 0.5, .normalises = true}},
    {"canberra", kDistance, true, R::kCanberra, F::kAffine},
    {"braycurtis", kDistance, false, R::kManhattan, F::kAffine, {.divisor = R::kTotal}},
};

}  // namespace

Range Measure::range() const {
  if (finish == Finish::kExponential) return {0, 1};
  if (finish == Finish::kTanh) return {-1, 1};
  if (traits.normalises) return kind == Kind::kKernel ? Range{-1, 1} : Range{0, 2};
  Range range;
  if (kind == Kind::kDistance) range.lowest = 0;
  else if (reduction != Reduction::kInner) range.highest = 0;
  return range;
}

std::span<const Measure> measures() { return kMeasures; }

const Measure* find_measure(Kind kind, const std::string& name) {
  for (const Measure& measure : kMeasures)
    if (measure.kind == kind && name == measure.name) return &measure;
  return nullptr;
}

std::string measure_names(Kind kind) {
  std::string names;
  for (const Measure& measure : kMeasures)
    if (measure.kind == kind) names += (names.empty() ? "" : ", ") + quote(measure.name);
  return names;
}

}  // namespace genmi::affinity
