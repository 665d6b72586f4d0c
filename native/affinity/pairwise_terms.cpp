// The parts of entries that depend on a single sample, found before any pair is evaluated. Large constant parts are
// kept apart, in float64.
#include <algorithm>
#include <cmath>
#include <limits>

#include "affinity/landmarks.h"
#include "affinity/pairwise.h"
#include "simd/reductions.h"

namespace genmi::affinity {
namespace {

// Up to this many features, differences cost no more than inner products, and keep more digits.
constexpr std::size_t kFewFeatures = 16;
// A distance below this share of the squares, or of the magnitudes, that it is made of has lost digits.
constexpr double kTrustedSquares = 1.0 / 16, kTrustedSums = 1.0 / 4;
// Minima are used if at most this share of the pairs is doubted. Each doubted pair makes its whole block be evaluated
// again.
constexpr double kRarely = 1.0 / 512;
constexpr std::size_t kSampledForDoubts = 64;
// Reductions are alike if all except 1 / kFewOf of them are larger than kAlike times their median.
constexpr double kAlike = 1.0 / 2;
constexpr std::size_t kFewOf = 16;
// The constant part of exponential kernels is at least exp(-kLargestExponent).
constexpr double kLargestExponent = 10;

}  // namespace

template <class T>
Pairwise<T>::Pairwise(AnyMatrix features, const Measure& measure, const Coefficients& coefficients,
                      const Context& context)
    : kernels_(&context.kernels),
      measure_(&measure),
      coefficients_(coefficients),
      features_(features, measure, context),
      gamma_{coefficients.gamma, measure.degree() * features_.exponent},
      added_(features_.size, 0.0) {
  find_doubts(context);
  if (columns() > kFewFeatures || measure.traits.normalises) find_parts(context);
  derive(context);
}

// Squared distances of many features come from inner products of centred samples, at half the cost; Manhattan distances
// from minima. Minima lose more digits: they are not used for clusters far apart, with small distances within.
template <class T>
void Pairwise<T>::find_parts(const Context& context) {
  if (measure_->reduction == Reduction::kSquaredEuclidean) {
    own_.resize(size());
    least_.resize(size());
    for (std::size_t i = 0; i < size() && !context.cancelled(); ++i) {
      const double square = simd::inner(sample(i), sample(i), columns());
      own_[i] = measure_->traits.normalises && square > 0 ? 1 : square;
      has_zeros_ = has_zeros_ || (measure_->traits.normalises && square == 0);
      least_[i] = kTrustedSquares * own_[i];
    }
  }
  if (measure_->reduction != Reduction::kManhattan) return;
  std::vector<double> sums(size(), 0.0), least(size(), 0.0);
  for (std::size_t i = 0; i < size() && !context.cancelled(); ++i) {
    for (std::size_t f = 0; f < columns(); ++f) sums[i] += static_cast<double>(sample(i)[f]);
    for (std::size_t f = 0; f < columns(); ++f) least[i] += kTrustedSums * std::abs(static_cast<double>(sample(i)[f]));
  }
  if (doubted_share(least) > kRarely) return;
  own_ = std::move(sums);
  least_ = std::move(least);
}

template <class T>
double Pairwise<T>::doubted_share(const std::vector<double>& least) const {
  const std::vector<std::int32_t> some = evenly_spread(size(), kSampledForDoubts);
  Workspace unused;
  const std::vector<double> pairs = reduced_pairs({some.data(), some.size()}, {unused});
  std::size_t doubted = 0;
  for (std::size_t i = 0, pair = 0; i < some.size(); ++i)
    for (std::size_t j = 0; j < i; ++j, ++pair) {
      const double trusted = least[static_cast<std::size_t>(some[i])] + least[static_cast<std::size_t>(some[j])];
      doubted += pairs[pair] < trusted ? 1 : 0;
    }
  return static_cast<double>(doubted) / static_cast<double>(pairs.size() + 1);
}

template <class T>
std::size_t Pairwise<T>::bytes() const {
  return features_.bytes() + doubt_.size() * sizeof(T) +
         (own_.size() + least_.size() + inner_.size() + added_.size() + offsets_.size()) * sizeof(double);
}

template <class T>
void Pairwise<T>::set_gamma_of(double factor, double r, const Context& context) {
  gamma_ = {1 / (factor * r), 0};
  derive(context);
}

template <class T>
void Pairwise<T>::derive(const Context& context) {
  finish_ = {};
  // gamma must be finite in T: infinity times 0 is no number.
  const bool in_double = measure_->finish != Finish::kExponential;
  const double largest =
      in_double ? std::numeric_limits<double>::max() : static_cast<double>(std::numeric_limits<T>::max());
  finish_.gamma = std::clamp(std::ldexp(gamma_.value, gamma_.exponent), -largest, largest);
  finish_.degree = coefficients_.degree;
  // The reduction of features is the reduction of rows times 2^(degree exponent).
  const int degree = measure_->finish == Finish::kRoot ? 1 : measure_->degree();
  finish_.scale = std::ldexp(measure_->traits.scale, degree * features_.exponent);
  shift_ = 0;
  added_.assign(size(), 0.0);
  offsets_.assign(size(), 0.0);
  if (measure_->reduction == Reduction::kInner) derive_inner(context);
  else derive_differences();
  const bool keeps = measure_->is_linear() || (measure_->kind == Kind::kKernel && sizeof(T) == sizeof(float));
  if (keeps) return;
  for (std::size_t i = 0; i < size(); ++i) added_[i] += offsets_[i];
  offsets_.clear();
}

// <x + m, y + m> = <x, y> + (<m, x> + m^2 / 2) + (<m, y> + m^2 / 2) for the mean m. In float32 a function f of it is
// evaluated less its values at the mean: f(x, y) - f(x, m) - f(m, y) + f(m, m) keeps the digits of the part that
// varies.
template <class T>
void Pairwise<T>::derive_inner(const Context& context) {
  const std::vector<double>& mean = features_.centre;
  const double half = simd::inner(mean.data(), mean.data(), columns()) / 2;
  // A sample whose products overflow needs no value here: its entries are evaluated again.
  const auto finite = [](double value) { return std::isfinite(value) ? value : 0; };
  inner_.assign(size(), half);
  for (std::size_t i = 0; i < size() && !context.cancelled(); ++i)
    for (std::size_t f = 0; f < columns(); ++f) inner_[i] += mean[f] * static_cast<double>(sample(i)[f]);
  if (measure_->is_linear()) {
    std::transform(inner_.begin(), inner_.end(), offsets_.begin(), finite);
    return;
  }
  const auto inside = [&](double product) { return finish_.gamma * product + coefficients_.coef0 / 2; };
  for (double& value : inner_) value = finite(inside(value));
  if (sizeof(T) == sizeof(double)) return;
  const auto value = [&](double g) {
    return measure_->finish == Finish::kTanh ? std::tanh(g) : std::pow(g, coefficients_.degree);
  };
  const double at_mean = inside(half), constant = value(2 * at_mean) / 2;
  for (std::size_t i = 0; i < size(); ++i) offsets_[i] = value(inner_[i] + at_mean) - constant;
  if (!std::all_of(offsets_.begin(), offsets_.end(), [](double each) { return std::isfinite(each); }))
    offsets_.assign(size(), 0.0);
  for (std::size_t i = 0; i < size(); ++i) added_[i] = -offsets_[i];
}

// In float32 a kernel of differences is evaluated less its value at a typical reduction.
template <class T>
void Pairwise<T>::derive_differences() {
  const bool exponential = measure_->finish == Finish::kExponential;
  const MeasureTraits& traits = measure_->traits;
  if (sizeof(T) == sizeof(float) && measure_->kind == Kind::kKernel) {
    double typical = typical_reduction();
    if (exponential) typical = std::min(typical, kLargestExponent / finish_.gamma);
    shift_ = typical <= static_cast<double>(std::numeric_limits<T>::max()) ? static_cast<T>(typical) : 0;
    finish_.subtract = has_parts() ? 0 : shift_;
  }
  double constant = traits.constant;
  if (exponential) {
    const double scale = std::exp(-finish_.gamma * static_cast<double>(shift_));
    finish_.scale = scale;
    finish_.zero = -shift_;
    finish_.at_zero = static_cast<T>(1 - scale);
    constant = sizeof(T) == sizeof(float) ? 1 - static_cast<double>(finish_.at_zero) : 0;
  } else {
    constant += finish_.scale * static_cast<double>(shift_);
  }
  offsets_.assign(size(), constant / 2);
  for (std::size_t i = 0; has_zeros_ && i < size(); ++i)
    if (own_[i] == 0) offsets_[i] += traits.scale;  // r is 1 too small; 2 is orthogonal
}

template <class T>
double Pairwise<T>::typical_reduction() const {
  const std::vector<std::int32_t> some = evenly_spread(size(), 2 * simd::kFeaturePanel<T>);
  const Rows rows{some.data(), some.size()};
  Workspace unused;
  std::vector<double> pairs = reduced_pairs(rows, {unused});
  if (pairs.empty()) return 0;
  // The median, because the pairs of outliers would decide the mean.
  const auto middle = pairs.begin() + static_cast<std::ptrdiff_t>(pairs.size() / 2);
  std::nth_element(pairs.begin(), middle, pairs.end());
  const double typical = *middle;
  if (measure_->finish == Finish::kExponential) return typical;
  // No shift where some reductions are much smaller: they would lose their digits.
  const auto low = pairs.begin() + static_cast<std::ptrdiff_t>(pairs.size() / kFewOf);
  std::nth_element(pairs.begin(), low, pairs.end());
  return *low > kAlike * typical ? typical : 0;
}

template Pairwise<float>::Pairwise(AnyMatrix, const Measure&, const Coefficients&, const Context&);
template Pairwise<double>::Pairwise(AnyMatrix, const Measure&, const Coefficients&, const Context&);
template std::size_t Pairwise<float>::bytes() const;
template std::size_t Pairwise<double>::bytes() const;
template void Pairwise<float>::set_gamma_of(double, double, const Context&);
template void Pairwise<double>::set_gamma_of(double, double, const Context&);

}  // namespace genmi::affinity
