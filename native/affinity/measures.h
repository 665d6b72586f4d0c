// The kernels and distances that exist by name. Each is a function of one reduction over the features of a pair (or of
// the quotient of two), so adding one is adding a line to the table in measures.cpp.
#pragma once

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include "genmi/affinity.h"
#include "simd/pairwise_kernels.h"

namespace genmi::affinity {

using simd::Reduction;

// How a reduction changes when one vector is added to all samples: not at all; by terms of a single sample each, which
// can be restored (<x - m, y - m> = <x, y> - <m, x> - <m, y> + <m, m>); in any other way.
enum class Translation { kInvariant, kRestorable, kVariant };

// r(s x, s y) = s^degree r(x, y) for s > 0.
struct Invariances {
  Translation translation;
  int degree;
};

// The invariances of each reduction, in the order of Reduction. SampleFeatures moves and rescales features only as far
// as they allow.
inline constexpr Invariances kInvariances[] = {
    {Translation::kRestorable, 2},  // kInner
    {Translation::kInvariant, 2},   // kSquaredEuclidean
    {Translation::kInvariant, 1},   // kManhattan
    {Translation::kInvariant, 1},   // kChebyshev
    {Translation::kVariant, 1},     // kChiSquared
    {Translation::kVariant, 0},     // kCanberra
    {Translation::kVariant, 1},     // kTotal
    {Translation::kVariant, 1},     // kLesser
};
static_assert(std::size(kInvariances) == simd::kReductions, "every reduction states its invariances");

constexpr const Invariances& invariances_of(Reduction reduction) {
  return kInvariances[static_cast<std::size_t>(reduction)];
}

// The function that makes an entry of the reduction r: scale r, scale sqrt(r), exp(-gamma r), (gamma r + coef0)^degree,
// tanh(gamma r + coef0).
enum class Finish { kAffine, kRoot, kExponential, kPower, kTanh };

struct Coefficients {
  double gamma, degree, coef0;
};

struct MeasureTraits {
  double scale = 1;
  double constant = 0;      // added to every entry
  bool normalises = false;  // each sample to length 1; a sample of zeros is orthogonal to all
  bool needs_non_negative = false;
  bool has_gamma = false;
  bool has_degree = false;
  bool has_coef0 = false;
  double default_gamma = 0;                         // 0: 1 / number of features
  std::optional<Reduction> divisor = std::nullopt;  // the reduction is divided by this one; 0 / 0 = 0
};

// The bounds of a measure's values, rounding apart.
struct Range {
  double lowest = -std::numeric_limits<double>::infinity(), highest = std::numeric_limits<double>::infinity();

  double clamp(double entry) const { return std::clamp(entry, lowest, highest); }
};

struct Measure {
  const char* name;
  Kind kind;
  bool metric;
  Reduction reduction;
  Finish finish;
  MeasureTraits traits = {};

  Translation translation() const {
    const Translation own = invariances_of(reduction).translation;
    return traits.divisor ? std::max(own, invariances_of(*traits.divisor).translation) : own;
  }
  int degree() const {
    return invariances_of(reduction).degree - (traits.divisor ? invariances_of(*traits.divisor).degree : 0);
  }
  Range range() const;

  // The linear kernel: objectives do not see a translation of its features, and products need no entries.
  bool is_linear() const { return reduction == Reduction::kInner && finish == Finish::kAffine; }
};

std::span<const Measure> measures();
const Measure* find_measure(Kind kind, const std::string& name);
std::string measure_names(Kind kind);

}  // namespace genmi::affinity
