#include "affinity/sample_features.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "simd/kernels.h"
#include "simd/reductions.h"

namespace genmi::affinity {
namespace {

// This many samples, evenly spread over the data, tell where ordinary samples are.
constexpr std::size_t kSampledRows = 64, kSampledLengths = 256;
// A sample this many times as far from the others as they are from each other is an outlier.
constexpr double kOutlying = 64;
// A centre is worth taking out when that makes ordinary samples shorter than this share of their length.
constexpr double kWorthCentring = 0.75;

template <class U>
std::vector<std::size_t> sampled_rows(MatrixView<U> features, std::size_t most = kSampledRows) {
  const std::size_t count = std::min(features.rows, most);
  std::vector<std::size_t> rows(count);
  for (std::size_t k = 0; k < count; ++k) rows[k] = k * features.rows / count;
  return rows;
}

// The lower median where there are two.
double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// 0 if x - centre is a number of T, without rounding; else another number, or NaN. Without branches, for vectors.
template <class T, class U>
double rounding(U x, double centre) {
  // The rounding error of a subtraction in float64 (Knuth's two-sum).
  const double difference = static_cast<double>(x) - centre, added = difference + centre;
  return std::abs(static_cast<double>(static_cast<T>(difference)) - difference) +
         std::abs(added - static_cast<double>(x)) + std::abs(difference - (added - centre));
}

// The mean of some samples, and the largest distance of each feature from its mean.
struct Middle {
  std::vector<double> mean, deviation;
};

// Raises the deviations to those of the sample x.
template <class U>
void widen(const U* x, Middle& middle) {
  const double* mean = middle.mean.data();
  double* deviation = middle.deviation.data();
  for (std::size_t f = 0; f < middle.mean.size(); ++f) {
    const double each = std::abs(static_cast<double>(x[f]) - mean[f]);
    deviation[f] = each > deviation[f] ? each : deviation[f];
  }
}

template <class U>
Middle middle_of(MatrixView<U> features, const std::function<bool(std::size_t)>& is_selected, const Context& context) {
  Middle middle{std::vector<double>(features.columns, 0.0), std::vector<double>(features.columns, 0.0)};
  double count = 0;
  for (std::size_t i = 0; i < features.rows && !context.cancelled(); ++i) {
    if (!is_selected(i)) continue;
    simd::add_scaled(1.0, features.row(i), features.columns, middle.mean.data());
    ++count;
  }
  for (double& value : middle.mean) value /= count;
  for (std::size_t i = 0; i < features.rows && !context.cancelled(); ++i) {
    if (!is_selected(i)) continue;
    widen(features.row(i), middle);
  }
  return middle;
}

// Not inlined: unrolled loops at each of its calls would be 6 KB.
template <class U, class V>
[[gnu::noinline]] double largest_difference(const U* x, const V* y, std::size_t columns) {
  return simd::largest(x, y, columns, [](double a, double b) { return std::abs(a - b); });
}

// At most the median distance of sampled rows from any point. At least half of the rows are no farther from the point
// than that median. Among them are two with at most one row between them, at most twice the median apart.
template <class U>
double least_median(MatrixView<U> features, const std::vector<std::size_t>& rows) {
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < rows.size(); ++k)
    for (const std::size_t next : {k + 1, k + 2})
      least = std::min(
          least, largest_difference(features.row(rows[k]), features.row(rows[next % rows.size()]), features.columns));
  return least / 2;
}

// The middle of all samples except outliers.
template <class U>
Middle ordinary_middle(MatrixView<U> features, const Context& context) {
  Middle middle = middle_of(features, [](std::size_t) { return true; }, context);
  const double widest = *std::max_element(middle.deviation.begin(), middle.deviation.end());
  const std::vector<std::size_t> rows = sampled_rows(features);
  if (widest <= kOutlying * least_median(features, rows)) return middle;
  std::vector<double> reference(features.columns), values(rows.size());
  for (std::size_t f = 0; f < features.columns; ++f) {
    for (std::size_t k = 0; k < rows.size(); ++k) values[k] = static_cast<double>(features(rows[k], f));
    reference[f] = median(values);
  }
  const auto distance = [&](std::size_t i) {
    return largest_difference(features.row(i), reference.data(), features.columns);
  };
  std::transform(rows.begin(), rows.end(), values.begin(), distance);
  const double limit = kOutlying * median(values);
  if (widest <= limit) return middle;
  return middle_of(features, [&](std::size_t i) { return distance(i) <= limit; }, context);
}

// Adds rounding() of each feature of the sample x to its sum.
template <class T, class U>
void add_rounding(const U* x, const std::vector<double>& centre, std::vector<double>& sum) {
  const double* from = centre.data();
  double* to = sum.data();
  for (std::size_t f = 0; f < centre.size(); ++f) to[f] += rounding<T>(x[f], from[f]);
}

// A centre for each feature, near its mean, for which x - centre is exact: the mean rounded to 2^-7 of the feature's
// deviation. NaN where x - centre is not exact for all samples.
template <class T, class U>
std::vector<double> exact_centres(MatrixView<U> features, const Middle& middle, const Context& context) {
  std::vector<double> centre(features.columns, 0.0);
  for (std::size_t f = 0; f < features.columns; ++f) {
    const double deviation = middle.deviation[f];
    const double step = deviation > 0 ? std::ldexp(1.0, std::ilogb(deviation) - 7) : 0;
    centre[f] = step > 0 ? std::round(middle.mean[f] / step) * step : middle.mean[f];
  }
  std::vector<double> lost(features.columns, 0.0);
  for (std::size_t i = 0; i < features.rows && !context.cancelled(); ++i)
    add_rounding<T>(features.row(i), centre, lost);
  for (std::size_t f = 0; f < features.columns; ++f)
    if (lost[f] != 0) centre[f] = std::numeric_limits<double>::quiet_NaN();
  return centre;
}

// Whether ordinary samples are much nearer to the centre than to the origin.
template <class U>
bool is_worth_centring(MatrixView<U> features, const std::vector<double>& centre) {
  std::vector<double> before, after;
  for (const std::size_t i : sampled_rows(features, kSampledLengths)) {
    const auto length_from = [&](double share) {
      return simd::sum(features.row(i), centre.data(), features.columns,
                       [=](double x, double from) { return std::abs(x - share * from); });
    };
    before.push_back(length_from(0));
    after.push_back(length_from(1));
  }
  // The upper median, the worse one of two: the lower median of the negatives.
  for (double& each : after) each = -each;
  return -median(after) < kWorthCentring * median(before);
}

// The power of two that brings the largest magnitude close to 1, where its square neither overflows nor vanishes.
template <class U>
double scale_to_one(const U* numbers, std::size_t count) {
  double largest = 0;
  for (std::size_t f = 0; f < count; ++f) largest = std::max(largest, std::abs(static_cast<double>(numbers[f])));
  return largest > 0 ? std::ldexp(1.0, std::clamp(-std::ilogb(largest), -1022, 1023)) : 1;
}

// The largest |exponent| for which 2^(degree exponent) is a normal number: of T where entries are multiplied by it,
// else of float64.
template <class T>
int largest_exponent(const Measure& measure) {
  const bool scales = measure.finish == Finish::kAffine || measure.finish == Finish::kRoot;
  const int degree = std::max(1, measure.finish == Finish::kRoot ? 1 : measure.degree());
  return ((scales ? std::numeric_limits<T>::max_exponent : std::numeric_limits<double>::max_exponent) - 8) / degree;
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
}

template <class T>
template <class U>
void SampleFeatures<T>::centre_and_copy(MatrixView<U> features, const Measure& measure, const Context& context) {
  find_centre(features, measure, context);
  copy(features, context);
  const bool overflows = !std::isfinite(*std::max_element(reach.begin(), reach.end()));
  if (overflows && sizeof(U) == sizeof(T)) {
    centre.assign(columns, 0.0);
    copy(features, context);
  }
  if (!measure.is_linear()) choose_exponent(features, measure, context);
  if constexpr (sizeof(U) > sizeof(T)) keep_given(features, measure, context);
}

template <class T>
template <class U>
void SampleFeatures<T>::find_centre(MatrixView<U> features, const Measure& measure, const Context& context) {
  centre.assign(columns, 0.0);
  const bool restorable = measure.translation() == Translation::kRestorable;
  // Features rounded to float32 keep more digits of their differences without the mean, even if the subtraction rounds.
  const bool rounds = sizeof(U) > sizeof(T);
  const bool has_parts =
      measure.reduction == Reduction::kSquaredEuclidean || measure.reduction == Reduction::kManhattan;
  if (measure.translation() == Translation::kVariant || !(restorable || rounds || has_parts)) return;
  const Middle middle = ordinary_middle(features, context);
  centre = exact_centres<T>(features, middle, context);
  for (std::size_t f = 0; f < columns; ++f) {
    if (std::isnan(centre[f])) centre[f] = restorable || rounds ? middle.mean[f] : 0;
    if (!std::isfinite(centre[f])) centre[f] = 0;
  }
  if (restorable && !is_worth_centring(features, centre)) centre.assign(columns, 0.0);
}

template <class T>
template <class U>
void SampleFeatures<T>::copy(MatrixView<U> features, const Context& context) {
  const double scale = std::ldexp(1.0, -exponent);
  reach.assign(size, 0.0);
  smallest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < size && !context.cancelled(); ++i) {
    for (std::size_t f = 0; f < columns; ++f)
      rows[i * stride + f] = static_cast<T>((static_cast<double>(features(i, f)) - centre[f]) * scale);
    T most, least;
    context.kernels.template pairwise<T>().magnitudes(row(i), columns, &most, &least);
    reach[i] = static_cast<double>(most);
    smallest = std::min(smallest, static_cast<double>(least));
  }
  if (std::isinf(smallest)) smallest = 0;
}

template <class T>
template <class U>
void SampleFeatures<T>::choose_exponent(MatrixView<U> features, const Measure& measure, const Context& context) {
  // Within these bounds no square overflows or vanishes.
  const double least = sizeof(T) == sizeof(float) ? 0x1p-30 : 0x1p-400, most = 1 / least;
  std::vector<double> sampled;
  for (const std::size_t i : sampled_rows(features)) {
    // From the features as given, in float64: the row may have overflowed or vanished.
    const double each = largest_difference(features.row(i), centre.data(), columns);
    if (each > 0) sampled.push_back(each);
  }
  const double largest = *std::max_element(reach.begin(), reach.end());
  const double typical = sampled.empty() ? largest : median(sampled);
  const auto is_safe = [&](double magnitude) { return magnitude == 0 || (magnitude > least && magnitude < most); };
  if (is_safe(largest) && is_safe(typical)) return;
  int chosen = std::ilogb(typical);
  if (sizeof(U) <= sizeof(T)) {
    // Between these exponents all rows stay exact: the largest feature is finite, the smallest one normal.
    const int lowest = std::ilogb(largest) - std::numeric_limits<T>::max_exponent + 3;
    const int highest = std::ilogb(smallest) - std::numeric_limits<T>::min_exponent + 1;
    chosen = lowest <= highest ? std::clamp(chosen, lowest, highest) : 0;
  }
  const int limit = largest_exponent<T>(measure);
  exponent = std::clamp(chosen, -limit, limit);
  if (exponent == 0) return;
  copy(features, context);
  for (double& value : centre) value = std::ldexp(value, -exponent);
}

// Inner products need the given features only where rows are no normal numbers; differences need every digit.
template <class T>
template <class U>
void SampleFeatures<T>::keep_given(MatrixView<U> features, const Measure& measure, const Context& context) {
  const bool restorable = measure.translation() == Translation::kRestorable;
  const auto is_kept = [&](double feature, std::size_t f, T value) {
    const double origin = std::ldexp(centre[f], exponent);
    if (restorable)
      return std::isfinite(value) && (std::abs(value) >= std::numeric_limits<T>::min() || feature == origin);
    return std::ldexp(static_cast<double>(value), exponent) == feature - origin &&
           rounding<double>(feature, origin) == 0;
  };
  for (std::size_t i = 0; i < size && !context.cancelled(); ++i)
    for (std::size_t f = 0; f < columns; ++f)
      if (!is_kept(static_cast<double>(features(i, f)), f, row(i)[f])) {
        given.assign(features.data, features.data + size * columns);
        return;
      }
}

template <class T>
bool SampleFeatures<T>::has_lost_digits(std::size_t i) const {
  for (std::size_t f = 0; f < columns; ++f) {
    const T value = row(i)[f];
    const bool is_normal = std::abs(value) >= std::numeric_limits<T>::min();
    if (!is_normal && given[i * columns + f] != std::ldexp(centre[f], exponent)) return true;
  }
  return false;
}

template <class T>
void SampleFeatures<T>::read(std::size_t i, bool centred, double* out) const {
  if (!given.empty()) return void(std::copy_n(given.data() + i * columns, columns, out));
  for (std::size_t f = 0; f < columns; ++f) out[f] = static_cast<double>(row(i)[f]) + (centred ? 0 : centre[f]);
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

template struct SampleFeatures<float>;
template struct SampleFeatures<double>;

}  // namespace genmi::affinity
