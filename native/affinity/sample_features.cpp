#include "affinity/sample_features.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "simd/kernels.h"
#include "simd/reductions.h"

namespace genmi::affinity {
namespace {

// x - centre without rounding, for every x that U and T can hold.
template <class T, class U>
bool is_exact(U x, double centre) {
  const double difference = static_cast<double>(x) - centre;
  if (static_cast<double>(static_cast<T>(difference)) != difference) return false;
  // What a subtraction in float64 has lost (Knuth's two-sum).
  const double added = difference + centre;
  return added == static_cast<double>(x) && difference == added - centre;
}

template <class U>
std::vector<double> mean_of(MatrixView<U> features, const Context& context) {
  std::vector<double> mean(features.columns, 0.0);
  for (std::size_t i = 0; i < features.rows && !context.cancelled(); ++i)
    simd::add_scaled(1.0, features.row(i), features.columns, mean.data());
  for (double& value : mean) value /= static_cast<double>(features.rows);
  return mean;
}

// For each feature a centre near its mean for which x - centre is exact: the mean to a few digits, relative to what the
// feature varies by. NaN where there is none.
template <class T, class U>
std::vector<double> exact_centres(MatrixView<U> features, const std::vector<double>& mean, const Context& context) {
  std::vector<double> centre(features.columns, 0.0);
  for (std::size_t i = 0; i < features.rows && !context.cancelled(); ++i)
    for (std::size_t f = 0; f < features.columns; ++f)
      centre[f] = std::max(centre[f], std::abs(static_cast<double>(features(i, f)) - mean[f]));
  for (std::size_t f = 0; f < features.columns; ++f) {
    const double step = centre[f] > 0 ? std::ldexp(1.0, std::ilogb(centre[f]) - 7) : 0;
    centre[f] = step > 0 ? std::round(mean[f] / step) * step : mean[f];
  }
  for (std::size_t i = 0; i < features.rows && !context.cancelled(); ++i)
    for (std::size_t f = 0; f < features.columns; ++f)
      if (!is_exact<T>(features(i, f), centre[f])) centre[f] = std::numeric_limits<double>::quiet_NaN();
  return centre;
}

// The power of two that brings the largest of some numbers close to 1, so that no square of it overflows or vanishes.
template <class U>
double scale_to_one(const U* numbers, std::size_t count) {
  double largest = 0;
  for (std::size_t f = 0; f < count; ++f) largest = std::max(largest, std::abs(static_cast<double>(numbers[f])));
  return largest > 0 ? std::ldexp(1.0, std::clamp(-std::ilogb(largest), -1022, 1023)) : 1;
}

}  // namespace

template <class T>
SampleFeatures<T>::SampleFeatures(AnyMatrix features, const Measure& measure, const Context& context) {
  std::visit(
      [&](const auto& view) {
        size = view.rows;
        columns = view.columns;
        stride = measure.is_linear() ? simd::panel_size(columns, 1) : columns;
        rows.resize(size * stride);
        if (measure.traits.normalises) normalise(view, context);
        else centre_and_copy(view, measure, context);
      },
      features);
  if (!measure.is_linear()) rescale();
}

template <class T>
template <class U>
void SampleFeatures<T>::centre_and_copy(MatrixView<U> features, const Measure& measure, const Context& context) {
  const bool inner = measure.reduction == Reduction::kInner;
  // Rounding to float32 hurts differences less when the mean is gone, whatever that adds.
  const bool rounds = sizeof(U) > sizeof(T) && !measure.traits.needs_non_negative;
  centre.assign(columns, 0.0);
  const bool has_parts =
      measure.reduction == Reduction::kSquaredEuclidean || measure.reduction == Reduction::kManhattan;
  if (inner || rounds || has_parts) {
    const std::vector<double> mean = mean_of(features, context);
    centre = exact_centres<T>(features, mean, context);
    for (std::size_t f = 0; f < columns; ++f)
      if (std::isnan(centre[f])) centre[f] = inner || rounds ? mean[f] : 0;
  }
  for (std::size_t i = 0; i < size && !context.cancelled(); ++i)
    for (std::size_t f = 0; f < columns; ++f)
      rows[i * stride + f] = static_cast<T>(static_cast<double>(features(i, f)) - centre[f]);
}

template <class T>
template <class U>
void SampleFeatures<T>::normalise(MatrixView<U> features, const Context& context) {
  std::vector<double> scaled(columns);
  for (std::size_t i = 0; i < size && !context.cancelled(); ++i) {
    const double scale = scale_to_one(features.row(i), columns);
    for (std::size_t f = 0; f < columns; ++f) scaled[f] = static_cast<double>(features(i, f)) * scale;
    const double length = std::sqrt(simd::inner(scaled.data(), scaled.data(), columns));
    for (std::size_t f = 0; f < columns; ++f)
      rows[i * stride + f] = static_cast<T>(length > 0 ? scaled[f] / length : 0);
  }
}

template <class T>
void SampleFeatures<T>::rescale() {
  constexpr double kSafe = 0x1p+30;
  T largest = 0;
  for (const T value : rows) largest = std::max(largest, std::abs(value));
  if (sizeof(T) == sizeof(double) || largest == 0 || !std::isfinite(largest)) return;
  if (largest < static_cast<T>(kSafe) && largest > static_cast<T>(1 / kSafe)) return;
  unit = std::ldexp(1.0, std::ilogb(largest));
  for (T& value : rows) value = static_cast<T>(static_cast<double>(value) / unit);
  for (double& value : centre) value /= unit;
}

template struct SampleFeatures<float>;
template struct SampleFeatures<double>;

}  // namespace genmi::affinity
