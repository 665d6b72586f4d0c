#include "transport/coarse_costs.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace genmi::transport {
namespace {

constexpr std::int16_t kMost = simd::kCoarseRange - 1;

// A cost above kOutlier medians would leave too few bits to the others.
constexpr float kOutlier = 64;
constexpr float kLeastUsual = 0x1p-30f;  // times the largest cost: keeps units in float32's range

// The smallest power of two with largest <= kMost * unit. A price equal to the largest cost, rounded up to whole units,
// stays within kMost.
double unit_of(float largest) {
  if (largest == 0) return 1;
  const double unit = std::ldexp(2.0 / simd::kCoarseRange, std::ilogb(largest));
  return static_cast<double>(largest) <= kMost * unit ? unit : 2 * unit;
}

// The median of a few costs, spread over the whole block.
float median_of(const CostBlock& costs) {
  constexpr std::size_t kRows = 16, kColumns = 32;
  std::vector<float> sample;
  for (std::size_t i = 0; i < costs.rows; i += 1 + (costs.rows - 1) / kRows)
    for (std::size_t j = 0; j < costs.columns; j += 1 + (costs.columns - 1) / kColumns)
      sample.push_back(costs.rounded_row(i)[j]);
  const auto middle = sample.begin() + static_cast<std::ptrdiff_t>(sample.size() / 2);
  std::nth_element(sample.begin(), middle, sample.end());
  return *middle;
}

}  // namespace

// Integer costs (hop counts, with any penalty) are kept as integers: exact comparisons in infeasibility() matter more
// than resolution.
CoarseCosts::CoarseCosts(const CostBlock& costs, float largest)
    : kernels_(*costs.kernels), columns_(costs.columns), stride_(costs.stride()), unit_(unit_of(largest)) {
  costs_.assign(costs.rows * stride_, kMost);
  round_costs(costs);
  const float typical = median_of(costs), usual = std::max(kOutlier * typical, kLeastUsual * largest);
  cut_ = !exact_ && typical > 0 && largest > usual;
  if (!cut_) return;
  unit_ = unit_of(usual);
  round_costs(costs);
}

void CoarseCosts::round_costs(const CostBlock& costs) {
  const auto inverse_unit = static_cast<float>(1 / unit_), unit = static_cast<float>(unit_);
  unsigned inexact = costs.exact != nullptr;
  for (std::size_t i = 0; i < costs.rows; ++i) {
    const float* exact = costs.rounded_row(i);
    std::int16_t* coarse = costs_.data() + i * stride_;
    for (std::size_t j = 0; j < columns_; ++j) {
      coarse[j] = static_cast<std::int16_t>(std::min(exact[j] * inverse_unit, float{kMost}));
      inexact |= static_cast<unsigned>(static_cast<float>(coarse[j]) * unit != exact[j]);
    }
  }
  exact_ = inexact == 0;
}

// Prices are rounded up. Where costs are cut, a price may exceed 16 bits; then there is no bound.
void CoarseCosts::lower_bounds(std::span<const std::size_t> rows, const float* prices, float centre, Shorts& rounded,
                               std::span<float> bounds) const {
  const auto unit = static_cast<float>(unit_);
  if (cut_ && *std::max_element(prices, prices + columns_) - centre > kMost * unit)
    return std::fill(bounds.begin(), bounds.end(), -kInfinityf);
  rounded.resize(stride_);
  kernels_.coarse_prices(prices, centre, 1 / unit, rounded.data(), stride_);
  for (std::size_t k = 0; k < rows.size(); k += simd::kCoarseRows) {
    const std::size_t count = std::min(simd::kCoarseRows, rows.size() - k);
    const std::int16_t* group[simd::kCoarseRows];
    for (std::size_t r = 0; r < simd::kCoarseRows; ++r) group[r] = row(rows[k + std::min(r, count - 1)]);
    std::int16_t minima[simd::kCoarseRows];
    kernels_.coarse_minima(group, rounded.data(), stride_, minima);
    for (std::size_t r = 0; r < count; ++r) bounds[k + r] = unit * static_cast<float>(minima[r]);
  }
}

std::optional<double> CoarseCosts::infeasibility(const CostBlock& costs, const double* rows, const double* columns,
                                                 bool same_points, RoundedPotentials& rounded) const {
  bool exact = exact_;
  if (!round_potentials(columns, columns_, columns[0], rounded.columns, exact)) return std::nullopt;
  if (!same_points && !round_potentials(rows, costs.rows, columns[0], rounded.rows, exact)) return std::nullopt;
  // Half a unit for the rounding of each of the two potentials, and one unit for all earlier roundings.
  const std::int16_t margin = exact ? 0 : 2;
  const std::int16_t* coarse_rows = same_points ? rounded.columns.data() : rounded.rows.data();
  const simd::CoarsePotentials coarse{costs_.data(), coarse_rows, rounded.columns.data(), stride_, margin};
  const auto least_slack = [&](auto of_single, auto of_double) {
    return costs.exact != nullptr ? of_double(coarse, costs.exact, rows, columns, costs.rows, columns_)
                                  : of_single(coarse, costs.rounded, rows, columns, costs.rows, stride_);
  };
  const simd::TransportKernels& kernels = *costs.kernels;
  const double slack = same_points ? least_slack(kernels.close_pair_slack_single, kernels.close_pair_slack_double)
                                   : least_slack(kernels.close_slack_single, kernels.close_slack_double);
  return std::max(0.0, -slack);
}

// out = (potentials - centre) / unit_, rounded. Returns false where a magnitude exceeds kMost; clears `exact` where a
// quotient is not whole.
bool CoarseCosts::round_potentials(const double* potentials, std::size_t count, double centre, Shorts& out,
                                   bool& exact) const {
  constexpr double kRounding = 0x1.8p52;  // adding and subtracting it rounds to whole numbers
  const double inverse_unit = 1 / unit_;
  out.assign(simd::padded(count), 0);
  unsigned inexact = 0, too_far = 0;
  for (std::size_t k = 0; k < count; ++k) {
    const double units = (potentials[k] - centre) * inverse_unit;
    const double rounded = std::clamp(units, -2.0 * kMost, 2.0 * kMost) + kRounding - kRounding;
    too_far |= static_cast<unsigned>(std::abs(rounded) > kMost);
    inexact |= static_cast<unsigned>(rounded != units);
    out[k] = static_cast<std::int16_t>(rounded);
  }
  exact = exact && inexact == 0;
  return too_far == 0;
}

}  // namespace genmi::transport
