#include "transport/coarse_costs.h"

#include <algorithm>
#include <cmath>

namespace genmi::transport {
namespace {

// Costs take values up to this: their difference from any price in 16 bits, or from that of two potentials, fits.
constexpr int kBits = 14;
constexpr std::int16_t kMost = (1 << kBits) - 1;

// The power of two that the largest cost is fewer than 2^kBits of.
double unit_of(const CostBlock& costs) {
  float largest = 0;
  for (std::size_t i = 0; i < costs.rows; ++i) {
    const float* row = costs.rounded_row(i);
    largest = std::max(largest, *std::max_element(row, row + costs.columns));
  }
  return largest == 0 ? 1 : std::ldexp(1, std::ilogb(largest) + 1 - kBits);
}

}  // namespace

CoarseCosts::CoarseCosts(const CostBlock& costs)
    : columns_(costs.columns), stride_(costs.stride()), unit_(unit_of(costs)), kernels_(costs.kernels) {
  costs_.assign(costs.rows * stride_, kMost);
  const auto inverse_unit = static_cast<float>(1 / unit_), unit = static_cast<float>(unit_);
  unsigned inexact = costs.exact != nullptr;
  for (std::size_t i = 0; i < costs.rows; ++i) {
    const float* exact = costs.rounded_row(i);
    std::int16_t* coarse = costs_.data() + i * stride_;
    for (std::size_t j = 0; j < columns_; ++j) {
      coarse[j] = static_cast<std::int16_t>(exact[j] * inverse_unit);
      inexact |= static_cast<unsigned>(static_cast<float>(coarse[j]) * unit != exact[j]);
    }
  }
  exact_ = inexact == 0;
}

void CoarseCosts::round_prices(const float* prices, float centre, AlignedVector<std::int16_t>& out) const {
  out.resize(stride_);
  kernels_->coarse_prices(prices, centre, static_cast<float>(1 / unit_), out.data(), stride_);
}

void CoarseCosts::lower_bounds(std::span<const std::size_t> rows, const AlignedVector<std::int16_t>& prices,
                               std::span<float> bounds) const {
  const auto unit = static_cast<float>(unit_);
  for (std::size_t k = 0; k < rows.size(); k += simd::kCoarseRows) {
    const std::size_t count = std::min(simd::kCoarseRows, rows.size() - k);
    const std::int16_t* group[simd::kCoarseRows];
    for (std::size_t r = 0; r < simd::kCoarseRows; ++r) group[r] = row(rows[k + std::min(r, count - 1)]);
    std::int16_t minima[simd::kCoarseRows];
    kernels_->coarse_minima(group, prices.data(), stride_, minima);
    for (std::size_t r = 0; r < count; ++r) bounds[k + r] = unit * static_cast<float>(minima[r]);
  }
}

bool CoarseCosts::round_potentials(const double* potentials, Potentials& out) const {
  const double centre = potentials[0], inverse_unit = 1 / unit_;
  out.rounded.assign(stride_, 0);
  double furthest = 0;
  unsigned inexact = !exact_;
  for (std::size_t j = 0; j < columns_; ++j) {
    const double units = (potentials[j] - centre) * inverse_unit, rounded = std::nearbyint(units);
    furthest = std::max(furthest, std::abs(rounded));
    inexact |= static_cast<unsigned>(rounded != units);
    out.rounded[j] = static_cast<std::int16_t>(std::clamp(rounded, -double{kMost}, double{kMost}));
  }
  // Half a unit for each of two potentials, and one for what has been rounded on the way here.
  out.margin = inexact != 0 ? 2 : 0;
  return furthest <= kMost;
}

double CoarseCosts::close_slack(const CostBlock& costs, const double* potentials, const Potentials& rounded) const {
  const simd::CoarsePoints coarse{costs_.data(), rounded.rounded.data(), stride_, rounded.margin};
  return costs.exact != nullptr ? kernels_->close_slack_double(coarse, costs.exact, columns_, potentials, costs.rows)
                                : kernels_->close_slack_single(coarse, costs.rounded, stride_, potentials, costs.rows);
}

}  // namespace genmi::transport
