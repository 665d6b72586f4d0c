#include "affinity/measures.h"

#include <algorithm>
#include <cmath>

namespace genmi::affinity {
namespace {

using R = Reduction;
using C = Coefficients;
constexpr Kind kKernel = Kind::kKernel;
constexpr Kind kDistance = Kind::kDistance;

double identity(double reduced, const C&, double) { return reduced; }
double exponential(double reduced, const C& c, double) { return std::exp(-c.gamma * reduced); }
// A sample of zeros has no direction: its cosine with everything, itself too, is 0.
double cosine(double reduced, const C&, double norms) { return norms > 0 ? reduced / norms : 0; }

// Definitions and defaults as in scikit-learn's sklearn.metrics.pairwise; gaussian is the kernel of the GEMINI paper's
// code, exp(-|x - y|^2 / 0.1).
const Measure kMeasures[] = {
    {"linear", kKernel, false, R::kInner, identity, {.centres_features = true}},
    {"polynomial",
     kKernel,
     false,
     R::kInner,
     [](double r, const C& c, double) { return std::pow(c.gamma * r + c.coef0, c.degree); },
     {.has_gamma = true, .has_degree = true, .has_coef0 = true}},
    {"rbf", kKernel, false, R::kSquaredEuclidean, exponential, {.has_gamma = true}},
    {"gaussian", kKernel, false, R::kSquaredEuclidean, exponential, {.has_gamma = true, .default_gamma = 10}},
    {"laplacian", kKernel, false, R::kManhattan, exponential, {.has_gamma = true}},
    {"sigmoid",
     kKernel,
     false,
     R::kInner,
     [](double r, const C& c, double) { return std::tanh(c.gamma * r + c.coef0); },
     {.has_gamma = true, .has_coef0 = true}},
    {"cosine", kKernel, false, R::kInner, cosine, {.needs_norms = true}},
    {"additive_chi2",
     kKernel,
     false,
     R::kChiSquared,
     [](double r, const C&, double) { return -r; },
     {.needs_non_negative = true}},
    {"chi2",
     kKernel,
     false,
     R::kChiSquared,
     exponential,
     {.needs_non_negative = true, .has_gamma = true, .default_gamma = 1}},

    {"euclidean", kDistance, true, R::kSquaredEuclidean, [](double r, const C&, double) { return std::sqrt(r); }},
    {"sqeuclidean", kDistance, false, R::kSquaredEuclidean, identity},
    {"manhattan", kDistance, true, R::kManhattan, identity},
    {"chebyshev", kDistance, true, R::kChebyshev, identity},
    {"cosine",
     kDistance,
     false,
     R::kInner,
     [](double r, const C& c, double norms) { return std::clamp(1 - cosine(r, c, norms), 0.0, 2.0); },
     {.needs_norms = true}},
};

}  // namespace

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
