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

// Rounded; there are at most a few kMovingUnits.
std::int64_t to_units(double units) { return static_cast<std::int64_t>(units + 0.5); }

// Weights too small for a unit are left out. The largest takes what rounding leaves over: it feels it least.
void round_to_units(std::span<const double> weights, double sum, Support& support) {
  clear(support);
  std::int64_t left = Marginals::kMovingUnits;
  for (std::size_t point = 0; point < weights.size(); ++point) {
    if (weights[point] == 0) continue;
    const std::int64_t units = to_units(weights[point] / sum * static_cast<double>(Marginals::kMovingUnits));
    if (units == 0) continue;
    support.points.push_back(point);
    support.units.push_back(units);
    left -= units;
  }
  *std::max_element(support.units.begin(), support.units.end()) += left;
}

}  // namespace

Status Marginals::prepare(std::span<const double> supply, std::span<const double> demand, double mass_tolerance,
                          bool may_stay) {
  const double supplied = accurate_sum(supply);
  const double demanded = accurate_sum(demand);
  if (Status status = check_balance(supplied, demanded, mass_tolerance); !status) return status;

  supply_.assign(supply.begin(), supply.end());
  demand_.assign(demand.begin(), demand.end());
  const double scale = supplied / demanded;
  for (double& weight : demand_) weight *= scale;

  staying_.clear();
  staying_units_.clear();
  all_is_made_ = false;
  if (!may_stay) {
    moving_mass_ = supplied;
    round_to_units(supply_, supplied, moving_.sources);
    round_to_units(demand_, supplied, moving_.targets);
    all_ = moving_;
    all_is_made_ = true;
    return Status::ok();
  }
  split_common_mass();
  moving_mass_ = accurate_sum(surplus_);
  const double missing = accurate_sum(deficit_);
  if (moving_mass_ == 0 || missing == 0) {
    clear(moving_.sources);
    clear(moving_.targets);
    return Status::ok();
  }
  round_to_units(surplus_, moving_mass_, moving_.sources);
  round_to_units(deficit_, missing, moving_.targets);
  return Status::ok();
}

const Measures& Marginals::all() const {
  if (!all_is_made_) add_staying();
  all_is_made_ = true;
  return all_;
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

// Mass that stays is cut to twice what moves: more than can take its place, since nothing passes a point twice.
void Marginals::add_staying() const {
  staying_units_.resize(staying_.size());
  for (std::size_t point = 0; point < staying_.size(); ++point) {
    const double share = staying_[point] / moving_mass_;
    staying_units_[point] = share < 2 ? to_units(share * static_cast<double>(kMovingUnits)) : kCutUnits;
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
