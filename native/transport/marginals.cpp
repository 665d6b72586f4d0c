#include "transport/marginals.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "transport/checks.h"

namespace genmi::transport {
namespace {

// Two weights that differ by less, relatively, are the same number but for rounding.
constexpr double kSameWeight = 8 * std::numeric_limits<double>::epsilon();

// Neumaier's compensated sum: measures of equal mass must come out equal, or every point would seem to differ a little.
double accurate_sum(std::span<const double> values) {
  double sum = 0;
  double lost = 0;
  for (const double value : values) {
    const double next = sum + value;
    lost += std::abs(sum) >= std::abs(value) ? (sum - next) + value : (value - next) + sum;
    sum = next;
  }
  return sum + lost;
}

void clear(Support& support) {
  support.points.clear();
  support.units.clear();
}

// Weights too small for a unit are left out. The largest takes what rounding leaves over: it feels it least.
void round_to_units(std::span<const double> weights, double sum, Support& support) {
  clear(support);
  std::int64_t left = Marginals::kTotalUnits;
  for (std::size_t point = 0; point < weights.size(); ++point) {
    const std::int64_t units = std::llround(std::ldexp(weights[point] / sum, Marginals::kTotalUnitsLog2));
    if (units == 0) continue;
    support.points.push_back(point);
    support.units.push_back(units);
    left -= units;
  }
  *std::max_element(support.units.begin(), support.units.end()) += left;
}

}  // namespace

Status Marginals::prepare(std::span<const double> supply, std::span<const double> demand, double mass_tolerance,
                          bool keep_common_mass) {
  const double supplied = accurate_sum(supply);
  const double demanded = accurate_sum(demand);
  if (Status status = check_balance(supplied, demanded, mass_tolerance); !status) return status;

  supply_.assign(supply.begin(), supply.end());
  demand_.assign(demand.begin(), demand.end());
  const double scale = supplied / demanded;
  for (double& weight : demand_) weight *= scale;

  staying_.clear();
  if (!keep_common_mass) {
    moving_ = supplied;
    round_to_units(supply_, supplied, sources_);
    round_to_units(demand_, supplied, targets_);
    return Status::ok();
  }
  split_common_mass();
  moving_ = accurate_sum(surplus_);
  const double missing = accurate_sum(deficit_);
  if (moving_ == 0 || missing == 0) {
    clear(sources_);
    clear(targets_);
    return Status::ok();
  }
  round_to_units(surplus_, moving_, sources_);
  round_to_units(deficit_, missing, targets_);
  return Status::ok();
}

void Marginals::split_common_mass() {
  staying_.resize(supply_.size());
  surplus_.assign(supply_.size(), 0);
  deficit_.assign(supply_.size(), 0);
  for (std::size_t point = 0; point < supply_.size(); ++point) {
    const double p = supply_[point];
    const double q = demand_[point];
    staying_[point] = std::min(p, q);
    if (std::abs(p - q) <= kSameWeight * std::max(p, q)) continue;
    (p > q ? surplus_ : deficit_)[point] = std::abs(p - q);
  }
}

double Marginals::mass_of(std::int64_t units) const {
  return std::ldexp(static_cast<double>(units), -kTotalUnitsLog2) * moving_;
}

}  // namespace genmi::transport
