// The pairs that vector kernels cannot be trusted with: squares that overflow or vanish, features that float32 rounded.
// Their entries are evaluated once more, each by itself, in float64.
#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "affinity/pairwise.h"
#include "simd/reductions.h"

namespace genmi::affinity {
namespace {

// A reduction of rounded features has lost digits where it is below this share of the magnitudes that it is made of.
constexpr double kTrustedRounded = 1.0 / 16;

constexpr double kLargestInside = 0x1p+1000;

template <class T>
double sum_of_magnitudes(const T* x, std::size_t d) {
  return simd::sum(x, x, d, [](double a, double) { return std::abs(a); });
}

bool is_integer(double degree) { return degree == std::floor(degree); }

}  // namespace

// Sets doubt_: the reduction of samples i and j is trusted if it is at least doubt_[i] + doubt_[j]. A sample whose
// squares or sums may overflow has NaN, with which no comparison is true. doubt_ is empty where all pairs can be
// trusted.
template <class T>
void Pairwise<T>::find_doubts(const Context& context) {
  if (measure_->traits.normalises) return;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  using Limits = std::numeric_limits<T>;
  const bool inner = measure_->reduction == Reduction::kInner, rounded = !features_.given.empty();
  const bool squares = invariances_of(measure_->reduction).degree == 2;
  const double d = static_cast<double>(columns());
  // Sums of squares above this are right to a unit in the last place, although each square is rounded to 2^-149.
  const double least = squares ? 4 * d * static_cast<double>(Limits::min()) : 0;
  const double largest = static_cast<double>(Limits::max()) / (8 * d);
  double most = squares ? std::sqrt(largest) : largest;
  if (inner && !measure_->is_linear())  // gamma <x, y> must not overflow either, in float64
    most = std::min(most, std::sqrt(std::ldexp(kLargestInside / (d * std::abs(gamma_.value)), -gamma_.exponent)));
  double centre = 0;
  for (const double each : features_.centre) centre = std::max(centre, std::abs(each));
  // Features that differ, differ by at least a unit in the last place of the smallest feature.
  const bool vanishes = !inner && squares && features_.smallest > 0 &&
                        2 * (std::ilogb(features_.smallest) - Limits::digits + 1) < std::ilogb(least);
  bool needed = rounded || vanishes;
  doubt_.resize(size());
  for (std::size_t i = 0; i < size() && !context.cancelled(); ++i) {
    const double reach = features_.reach[i];
    const bool is_short = inner && reach > 0 && reach * reach < least;
    const bool extreme =
        !(reach + (inner ? centre : 0) <= most) || is_short || (rounded && features_.has_lost_digits(i));
    needed = needed || extreme;
    const double trusted = inner ? -kInfinity : rounded ? std::max(least / 2, least_trusted(i)) : least / 2;
    doubt_[i] = static_cast<T>(extreme ? std::numeric_limits<double>::quiet_NaN() : trusted);
  }
  if (!needed) doubt_.clear();
}

// The sample's share of the least trusted reduction: the rounding of features to T takes digits of smaller ones.
template <class T>
double Pairwise<T>::least_trusted(std::size_t i) const {
  const T* x = sample(i);
  switch (measure_->reduction) {
    case Reduction::kSquaredEuclidean: return kTrustedRounded * simd::inner(x, x, columns());
    case Reduction::kChebyshev: return kTrustedRounded * features_.reach[i];
    // The terms of chi-squared are |x - y| times a number below 1.
    case Reduction::kChiSquared: return kTrustedRounded * kTrustedRounded * sum_of_magnitudes(x, columns());
    case Reduction::kCanberra: return kTrustedRounded * static_cast<double>(columns());
    default: return kTrustedRounded * sum_of_magnitudes(x, columns());
  }
}

template <class T>
void Pairwise<T>::collect_doubts(const PackedSamples<T>& rows, std::size_t row, const PackedSamples<T>& columns,
                                 std::size_t column, const simd::Tile<T>& tile,
                                 std::vector<DoubtedPair>& doubts) const {
  const std::size_t count = std::min(tile.rows, rows.count - row);
  const std::size_t width = std::min(tile.columns, columns.count - column);
  const T* of_columns = columns.doubt.data() + column;
  for (std::size_t i = 0; i < count; ++i) {
    const T* entries = tile.entries + i * tile.stride;
    const T of_row = rows.doubt[row + i];
    int any = 0;
    for (std::size_t j = 0; j < width; ++j) any |= entries[j] >= of_row + of_columns[j] ? 0 : 1;
    for (std::size_t j = 0; any != 0 && j < width; ++j)
      if (!(entries[j] >= of_row + of_columns[j])) doubts.push_back({i, j});
  }
}

template <class T>
void Pairwise<T>::evaluate_again(const PackedSamples<T>& rows, std::size_t row, const PackedSamples<T>& columns,
                                 std::size_t column, const std::vector<DoubtedPair>& doubts,
                                 const simd::Tile<T>& tile) const {
  // The parts of an entry that its tile lacks: the offset, and the number that a caller has taken out of `added`.
  const auto removed = [&](std::size_t sample, double added) {
    return added_[sample] - added + (offsets_.empty() ? 0 : offsets_[sample]);
  };
  for (const auto& [i, j] : doubts) {
    const std::size_t a = rows.samples[row + i], b = columns.samples[column + j];
    tile.entries[i * tile.stride + j] =
        static_cast<T>(exact_entry(a, b) - (removed(a, rows.added[row + i]) + removed(b, columns.added[column + j])));
  }
}

// The reduction of samples a and b, in units of the features' power of two.
template <class T>
Scaled Pairwise<T>::exact_reduction(std::size_t a, std::size_t b) const {
  const bool centred = measure_->translation() == Translation::kInvariant;
  if (a == b && measure_->reduction != Reduction::kInner) return {};
  std::vector<double> x(columns()), y(columns());
  features_.read(a, centred, x.data());
  features_.read(b, centred, y.data());
  Scaled reduced = reduce_scaled(measure_->reduction, x.data(), y.data(), columns());
  if (measure_->traits.divisor)
    reduced = quotient(reduced, reduce_scaled(*measure_->traits.divisor, x.data(), y.data(), columns()));
  reduced.exponent += measure_->degree() * (features_.read_exponent() - features_.exponent);
  return reduced;
}

template <class T>
double Pairwise<T>::exact_entry(std::size_t a, std::size_t b) const {
  const auto reduced = exact_reduction(a, b);
  const double value = reduced.value;
  const int exponent = reduced.exponent;
  const MeasureTraits& traits = measure_->traits;
  const auto inside = [&] { return std::ldexp(gamma_.value * value, gamma_.exponent + exponent); };
  switch (measure_->finish) {
    case Finish::kAffine:
      return traits.constant + std::ldexp(traits.scale * value, exponent + measure_->degree() * features_.exponent);
    case Finish::kRoot: {
      const int odd = exponent & 1;
      return traits.scale * std::ldexp(std::sqrt(std::ldexp(value, odd)), (exponent - odd) / 2 + features_.exponent);
    }
    case Finish::kExponential: return std::exp(-inside());
    case Finish::kPower: return std::pow(inside() + coefficients_.coef0, coefficients_.degree);
    case Finish::kTanh: return std::tanh(inside() + coefficients_.coef0);
  }
  return 0;
}

template <class T>
bool Pairwise<T>::has_negative() const {
  return std::any_of(features_.centre.begin(), features_.centre.end(), [](double each) { return each != 0; }) ||
         std::any_of(features_.rows.begin(), features_.rows.end(), [](T each) { return each < 0; });
}

// |entry| <= 2^largest_exponent() for all entries; infinity where no bound is known.
template <class T>
double Pairwise<T>::largest_exponent() const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (measure_->range().highest <= 2 && measure_->range().lowest >= -2) return 1;
  if (measure_->traits.divisor && has_negative()) return kInfinity;
  const auto largest = [](const auto& values) {
    double most = 0;
    for (const double each : values) most = std::max(most, std::abs(each));
    return most;
  };
  const int degree = measure_->degree();
  // Differences are at most twice as large as features.
  const double reach = 2 * (largest(features_.reach) + largest(features_.centre));
  double exponent = std::log2(static_cast<double>(columns()));
  if (degree > 0) exponent += degree * (std::log2(reach) + features_.exponent);
  if (measure_->finish == Finish::kRoot) return exponent / 2;
  if (measure_->finish != Finish::kPower) return exponent;
  const auto& [gamma, power, coef0] = coefficients_;
  if (power < 0 || (!is_integer(power) && (gamma < 0 || coef0 < 0 || has_negative()))) return kInfinity;
  return power * std::max(std::log2(std::abs(gamma)) + exponent + 1, std::log2(std::abs(coef0)) + 1);
}

template <class T>
Status Pairwise<T>::check_range(Precision precision, const Context& context) const {
  const int limit = precision == Precision::kFloat32 ? std::numeric_limits<float>::max_exponent
                                                     : std::numeric_limits<double>::max_exponent;
  return largest_exponent() < limit - 2 ? Status::ok() : explain_range(precision, context);
}

template <class T>
Status Pairwise<T>::explain_range(Precision precision, const Context& context) const {
  const double largest = precision == Precision::kFloat32 ? static_cast<double>(std::numeric_limits<float>::max())
                                                          : std::numeric_limits<double>::max();
  const std::size_t n = size();
  const PackedSamples<T> all = pack({nullptr, n}, context);
  std::mutex mutex;
  std::size_t first = n * n;
  const auto check_tile = [&](std::size_t index, std::size_t, std::size_t) {
    if (context.cancelled()) return;
    std::size_t a = 0, b = index;
    while (b > a) b -= ++a;
    const std::size_t row = a * kTileSize<T>, column = b * kTileSize<T>;
    AlignedVector<T> entries(kTileSize<T> * kTileSize<T>);
    const simd::Tile<T> tile{entries.data(), kTileSize<T>, std::min(all.padded() - row, kTileSize<T>),
                             std::min(all.padded() - column, kTileSize<T>)};
    evaluate(all, row, all, column, tile);
    for (std::size_t i = 0; i < std::min(tile.rows, n - row); ++i)
      for (std::size_t j = 0; j < std::min(tile.columns, n - column); ++j) {
        const double offset = offsets_.empty() ? 0 : offsets_[row + i] + offsets_[column + j];
        if (std::abs(static_cast<double>(tile.entries[i * tile.stride + j]) + offset) <= largest) continue;
        const std::lock_guard<std::mutex> lock(mutex);
        first = std::min(first, (row + i) * n + column + j);
      }
  };
  const double terms = static_cast<double>(n * n / 2) * static_cast<double>(columns() + 16);
  context.for_each_range(tiles(n), 1, kNanosecondsPerTerm * terms, check_tile);
  if (context.cancelled()) return aborted();
  return first < n * n ? refusal(first / n, first % n, precision) : Status::ok();
}

template <class T>
Status Pairwise<T>::refusal(std::size_t a, std::size_t b, Precision precision) const {
  const std::string pair =
      " between samples " + std::to_string(std::min(a, b)) + " and " + std::to_string(std::max(a, b));
  const double entry = exact_entry(a, b);
  if (std::isnan(entry)) {
    const auto [value, exponent] = exact_reduction(a, b);
    const double base = std::ldexp(gamma_.value * value, gamma_.exponent + exponent) + coefficients_.coef0;
    return {Code::kOutOfRange,
            explain("degree", "an integer, where gamma <x, y> + coef0 is negative",
                    format(coefficients_.degree) + ", and gamma <x, y> + coef0 = " + format(base) + pair)};
  }
  const bool single = precision == Precision::kFloat32;
  const std::string remedy = measure_->traits.divisor
                                 ? "a sample that is another one's negative is at no finite distance"
                             : single ? "scale the features down, or use precision: 'float64'"
                                      : "scale the features down";
  return {Code::kOutOfRange,
          explain("x", "features whose " + quote(measure_->name) + " is finite in " + (single ? "float32" : "float64"),
                  format(entry) + pair, remedy)};
}

template void Pairwise<float>::find_doubts(const Context&);
template void Pairwise<double>::find_doubts(const Context&);
template void Pairwise<float>::collect_doubts(const PackedSamples<float>&, std::size_t, const PackedSamples<float>&,
                                              std::size_t, const simd::Tile<float>&, std::vector<DoubtedPair>&) const;
template void Pairwise<double>::collect_doubts(const PackedSamples<double>&, std::size_t, const PackedSamples<double>&,
                                               std::size_t, const simd::Tile<double>&, std::vector<DoubtedPair>&) const;
template void Pairwise<float>::evaluate_again(const PackedSamples<float>&, std::size_t, const PackedSamples<float>&,
                                              std::size_t, const std::vector<DoubtedPair>&,
                                              const simd::Tile<float>&) const;
template void Pairwise<double>::evaluate_again(const PackedSamples<double>&, std::size_t, const PackedSamples<double>&,
                                               std::size_t, const std::vector<DoubtedPair>&,
                                               const simd::Tile<double>&) const;
template Scaled Pairwise<float>::exact_reduction(std::size_t, std::size_t) const;
template Scaled Pairwise<double>::exact_reduction(std::size_t, std::size_t) const;
template Status Pairwise<float>::check_range(Precision, const Context&) const;
template Status Pairwise<double>::check_range(Precision, const Context&) const;
template Status Pairwise<float>::explain_range(Precision, const Context&) const;
template Status Pairwise<double>::explain_range(Precision, const Context&) const;

}  // namespace genmi::affinity
