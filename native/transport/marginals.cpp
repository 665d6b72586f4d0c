#include "transport/marginals.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "transport/checks.h"

namespace genmi::transport {
namespace {

// Two weights with a smaller relative difference count as the same number, up to rounding.
constexpr double kSameWeight = 8 * std::numeric_limits<double>::epsilon();

// A sum plus the sum of its rounding errors, by Knuth's exact addition. Measures of equal mass must come out equal, or
// every point would seem to differ a little. The lanes neither wait for each other nor branch.
double accurate_sum(std::span<const double> values) {
  constexpr std::size_t kLanes = 8;
  double sums[kLanes] = {}, lost[kLanes] = {};
  const auto add = [&](double value, std::size_t lane) {
    const double sum = sums[lane], next = sum + value, added = next - sum;
    lost[lane] += (sum - (next - added)) + (value - added);
    sums[lane] = next;
  };
  std::size_t k = 0;
  for (; k + kLanes <= values.size(); k += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) add(values[k + lane], lane);
  for (; k < values.size(); ++k) add(values[k], 0);
  for (std::size_t lane = 1; lane < kLanes; ++lane) {
    add(sums[lane], 0);
    lost[0] += lost[lane];
  }
  return sums[0] + lost[0];
}

void clear(Support& support) {
  support.points.clear();
  support.units.clear();
}

// Rounds to the nearest. `units` is at most a few kMovingUnits.
std::int64_t to_units(double units) { return static_cast<std::int64_t>(units + 0.5); }

// Weights too small for a unit are left out. The largest weight takes the remainder of the rounding, which changes it
// least. Which points have mass is hard to predict, so that there is no branch. Returns the sum of all changes, in
// units.
double round_to_units(std::span<const double> weights, double sum, Support& support) {
  support.points.resize(weights.size());
  support.units.resize(weights.size());
  std::int64_t left = Marginals::kMovingUnits;
  std::size_t count = 0;
  double changes = 0;
  for (std::size_t point = 0; point < weights.size(); ++point) {
    const double exact = weights[point] / sum * static_cast<double>(Marginals::kMovingUnits);
    const std::int64_t units = to_units(exact);
    changes += std::abs(exact - static_cast<double>(units));
    support.points[count] = point;
    support.units[count] = units;
    count += static_cast<std::size_t>(units != 0);
    left -= units;
  }
  support.points.resize(count);
  support.units.resize(count);
  *std::max_element(support.units.begin(), support.units.end()) += left;
  return changes + static_cast<double>(std::abs(left));
}

}  // namespace

Status find_masses(std::span<const double> supply, std::span<const double> demand, double tolerance, Masses& masses) {
  masses = {accurate_sum(supply), accurate_sum(demand)};
  if (Status status = check_mass("p", masses.supplied); !status) return status;
  if (Status status = check_mass("q", masses.demanded); !status) return status;
  return check_balance(masses.supplied, masses.demanded, tolerance);
}

void Marginals::prepare(std::span<const double> supply, std::span<const double> demand, const Masses& masses,
                        bool may_stay) {
  masses_ = masses;
  const auto [supplied, demanded] = masses;
  supply_.assign(supply.begin(), supply.end());
  demand_.assign(demand.begin(), demand.end());
  const double scale = supplied / demanded;
  for (double& weight : demand_) weight *= scale;

  staying_.clear();
  staying_units_.clear();
  all_is_made_ = false;
  changes_ = staying_changes_ = 0;
  if (!may_stay) {
    moving_mass_ = supplied;
    changes_ = round_to_units(supply_, supplied, moving_.sources);
    changes_ += round_to_units(demand_, supplied, moving_.targets);
    all_ = moving_;
    all_is_made_ = true;
    return;
  }
  split_common_mass();
  moving_mass_ = accurate_sum(surplus_);
  missing_mass_ = accurate_sum(deficit_);
  if (moving_mass_ == 0 || missing_mass_ == 0) {
    clear(moving_.sources);
    clear(moving_.targets);
    return;
  }
  changes_ = round_to_units(surplus_, moving_mass_, moving_.sources);
  changes_ += round_to_units(deficit_, missing_mass_, moving_.targets);
}

const Measures& Marginals::all() const {
  if (!all_is_made_) add_staying();
  all_is_made_ = true;
  return all_;
}

void Marginals::split_common_mass() {
  staying_.resize(supply_.size());
  surplus_.resize(supply_.size());
  deficit_.resize(supply_.size());
  for (std::size_t point = 0; point < supply_.size(); ++point) {
    const double p = supply_[point], q = demand_[point];
    const double same = kSameWeight * std::max(p, q), more = p - q;
    staying_[point] = std::min(p, q);
    surplus_[point] = more > same ? more : 0;
    deficit_[point] = -more > same ? -more : 0;
  }
}

// Cuts the staying mass of a point to twice the moving mass. No more can be replaced, since no mass passes a point
// twice.
void Marginals::add_staying() const {
  staying_units_.resize(staying_.size());
  for (std::size_t point = 0; point < staying_.size(); ++point) {
    const double exact = staying_[point] / moving_mass_ * static_cast<double>(kMovingUnits);
    staying_units_[point] = exact < static_cast<double>(kCutUnits) ? to_units(exact) : kCutUnits;
    if (staying_units_[point] != kCutUnits)
      staying_changes_ += std::abs(exact - static_cast<double>(staying_units_[point]));
  }
  join_staying(moving_.sources, all_.sources);
  join_staying(moving_.targets, all_.targets);
}

void Marginals::join_staying(const Support& moving, Support& all) const {
  clear(all);
  auto next = moving.points.begin();
  for (std::size_t point = 0; point < staying_units_.size(); ++point) {
    std::int64_t units = staying_units_[point];
    if (next != moving.points.end() && *next == point) {
      units += moving.units[static_cast<std::size_t>(next - moving.points.begin())];
      ++next;
    }
    if (units == 0) continue;
    all.points.push_back(point);
    all.units.push_back(units);
  }
}

double Marginals::mass_of(std::int64_t units) const {
  return static_cast<double>(units) / static_cast<double>(kMovingUnits) * moving_mass_;
}

}  // namespace genmi::transport
