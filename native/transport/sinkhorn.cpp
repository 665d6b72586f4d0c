#include "transport/sinkhorn.h"

#include <algorithm>
#include <cmath>

namespace genmi::transport {
namespace {

constexpr std::size_t kSmallestProblem = 256;  // rows x columns; smaller problems need no first potentials
// First and last smoothing, as fractions of (median cost - mean cheapest arc); the last is at most kShareOfNearest of
// the cheapest arc and, where all costs are multiples of one unit, at least kShareOfWhole of this unit.
constexpr double kLargestSmoothing = 0.3, kSmallestSmoothing = 0.04;
constexpr double kShareOfNearest = 0.05, kShareOfWhole = 0.15;
constexpr std::size_t kIterations = 3, kLastIterations = 5;  // for each smoothing, and for the last
constexpr std::size_t kSampledRows = 8, kSampledColumns = 32;
constexpr double kLeastSmoothing = 1e-20;  // keeps costs / smoothing in float32's range

// The least positive value, or 0 if there is none.
float least_positive(const float* values, std::size_t count) {
  float least = kPaddingCost;
  for (std::size_t k = 0; k < count; ++k) {
    const float value = values[k] > 0 ? values[k] : kPaddingCost;
    least = value < least ? value : least;
  }
  return least < kPaddingCost ? least : 0;
}

// Whether costs, such as hop distances, are multiples of the cost `of`.
bool are_multiples(const std::vector<float>& costs, double of) {
  return std::all_of(costs.begin(), costs.end(), [of](float cost) {
    const double multiple = static_cast<double>(cost) / of;
    return std::abs(multiple - std::round(multiple)) <= 1e-6 * multiple;
  });
}

std::size_t padded_rows(const CostBlock& costs) {
  return (costs.rows + simd::kSinkhornRows - 1) / simd::kSinkhornRows * simd::kSinkhornRows;
}

}  // namespace

bool Sinkhorn::approximate(const Problem& problem, const Job* job, FirstPotentials& potentials) {
  const CostBlock& costs = problem.costs;
  kernels_ = costs.kernels;
  job_ = job;
  potentials.rows.assign(costs.rows, 0);
  potentials.columns.assign(costs.stride(), 0);
  if (costs.rows * costs.columns < kSmallestProblem) return true;
  const double last = choose_smoothing(costs);
  if (smoothing_ < kLeastSmoothing) return true;

  begin(problem, potentials);
  for (;;) {
    if (is_cancelled(job)) return false;
    scale(smoothing_ <= last ? kLastIterations : kIterations);
    if (is_cancelled(job)) return false;
    if (!is_in_range()) return true;  // out of float32's range: the previous potentials have to do
    absorb(potentials);
    if (smoothing_ <= last) return true;
    halve_smoothing(costs.rows);
  }
}

// Sets the first smoothing and returns the last. Both come from a few costs, spread over the whole block.
double Sinkhorn::choose_smoothing(const CostBlock& costs) {
  sample_.clear();
  const std::size_t row_step = 1 + (costs.rows - 1) / kSampledRows;
  const std::size_t column_step = 1 + (costs.columns - 1) / kSampledColumns;
  double nearest = 0, least = kInfinity, rows = 0;
  for (std::size_t row = 0; row < costs.rows; row += row_step, ++rows) {
    const float* row_costs = costs.rounded_row(row);
    for (std::size_t column = 0; column < costs.columns; column += column_step) sample_.push_back(row_costs[column]);
    const auto cheapest = static_cast<double>(least_positive(row_costs, costs.columns));
    nearest += cheapest;
    least = std::min(least, cheapest);
  }
  nearest /= rows;
  // The median, since a few pairs may have costs far beyond all others.
  const auto median = sample_.begin() + static_cast<std::ptrdiff_t>(sample_.size() / 2);
  std::nth_element(sample_.begin(), median, sample_.end());
  // Nearly equal costs, as in many dimensions, differ by a small part of their size: a tenth is the least spread.
  const auto typical = static_cast<double>(*median);
  const double spread = std::max(typical - nearest, 0.1 * typical);
  smoothing_ = kLargestSmoothing * spread;
  const double last = std::min(kSmallestSmoothing * spread, kShareOfNearest * nearest);
  const bool are_whole = least > 0 && are_multiples(sample_, least);
  return std::max({last, are_whole ? kShareOfWhole * least : 0, 1e-4 * smoothing_});
}

void Sinkhorn::begin(const Problem& problem, FirstPotentials& potentials) {
  const CostBlock& costs = problem.costs;
  double total = 0;
  for (const std::int64_t supply : problem.supplies) total += static_cast<double>(supply);
  supplies_.assign(padded_rows(costs), 0);
  demands_.assign(costs.stride(), 0);
  for (std::size_t row = 0; row < costs.rows; ++row)
    supplies_[row] = static_cast<float>(static_cast<double>(problem.supplies[row]) / total);
  for (std::size_t column = 0; column < costs.columns; ++column)
    demands_[column] = static_cast<float>(static_cast<double>(problem.demands[column]) / total);

  for (std::size_t row = 0; row < costs.rows && !is_cancelled(job_); ++row)
    potentials.rows[row] = costs.rounded_minimum(row, potentials.columns.data());
  row_scales_.resize(supplies_.size());
  column_scales_.assign(costs.stride(), 1);
  column_weights_.resize(costs.stride());
  column_sums_.resize(costs.stride());
  make_kernel(costs, potentials);
}

void Sinkhorn::make_kernel(const CostBlock& costs, const FirstPotentials& potentials) {
  kernel_.resize(supplies_.size() * costs.stride());
  std::fill(kernel_.begin() + static_cast<std::ptrdiff_t>(costs.rows * costs.stride()), kernel_.end(), 0.f);
  const auto inverse = static_cast<float>(1 / smoothing_);
  for (std::size_t row = 0; row < costs.rows && !is_cancelled(job_); ++row) {
    kernels_->gibbs_row(costs.rounded_row(row), potentials.rows[row], potentials.columns.data(), inverse,
                        kernel_.data() + row * costs.stride(), costs.stride());
  }
}

// The plan is supply_i row_scale_i kernel_ij column_scale_j demand_j. Each pass scales its rows to the supplies, then
// its columns to the demands. All steps except the last are over-relaxed, by 1.5.
void Sinkhorn::scale(std::size_t iterations) {
  const std::size_t stride = demands_.size();
  for (std::size_t iteration = 0; iteration < iterations; ++iteration) {
    for (std::size_t column = 0; column < stride; ++column) {
      const float weight = column_scales_[column] * demands_[column];
      column_weights_[column] = weight < simd::kLeastGibbsWeight ? 0 : weight;
    }
    std::fill(column_sums_.begin(), column_sums_.end(), 0.f);
    for (std::size_t row = 0; row < supplies_.size() && !is_cancelled(job_); row += simd::kSinkhornRows)
      kernels_->scale_rows(kernel_.data() + row * stride, column_weights_.data(), &supplies_[row], &row_scales_[row],
                           column_sums_.data(), stride);
    kernels_->scale_columns(column_sums_.data(), iteration + 1 < iterations, column_scales_.data(), stride);
  }
}

bool Sinkhorn::is_in_range() const {
  const auto is_scale = [](float scale) { return scale > 0 && scale < kInfinityf; };
  return std::all_of(row_scales_.begin(), row_scales_.end(), is_scale) &&
         std::all_of(column_scales_.begin(), column_scales_.end(), is_scale);
}

void Sinkhorn::absorb(FirstPotentials& potentials) {
  const auto epsilon = static_cast<float>(smoothing_);
  for (std::size_t row = 0; row < potentials.rows.size(); ++row)
    potentials.rows[row] += epsilon * std::log(row_scales_[row]);
  for (std::size_t column = 0; column < column_scales_.size(); ++column)
    potentials.columns[column] += epsilon * std::log(column_scales_[column]);
}

// exp(2 x) = exp(x)^2
void Sinkhorn::halve_smoothing(std::size_t rows) {
  const std::size_t stride = demands_.size();
  for (std::size_t row = 0; row < rows && !is_cancelled(job_); ++row)
    kernels_->square_row(kernel_.data() + row * stride, row_scales_[row], column_scales_.data(), stride);
  std::fill(column_scales_.begin(), column_scales_.end(), 1.f);
  smoothing_ /= 2;
}

}  // namespace genmi::transport
