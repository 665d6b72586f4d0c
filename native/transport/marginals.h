// Two measures made ready for the simplex: balanced, in integers, and divided into moving mass and mass that may stay.
//
// Where the triangle inequality holds, mass that both measures have at a point stays there:
// W(p, q) = W((p - q)+, (q - p)+). The supports become smaller: about half the rows and half the columns are left.
// Where the inequality fails, but staying costs nothing, mass may pass through a point in place of the mass there. For
// that, no more of the staying mass can be needed than all moving mass.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "genmi/status.h"

namespace genmi::transport {

// The points of a measure that take part in the simplex, and the mass of each in integer units.
struct Support {
  std::vector<std::size_t> points;
  std::vector<std::int64_t> units;  // positive
};

// Two measures with the same number of units.
struct Measures {
  Support sources, targets;
};

// The sums of the weights of both measures, equal up to the tolerance of the caller.
struct Masses {
  double supplied, demanded;
};

// Errors: kOutOfRange for sums that are no mass, kInfeasible for sums that differ by more than the tolerance.
Status find_masses(std::span<const double> supply, std::span<const double> demand, double tolerance, Masses& masses);

class Marginals {
 public:
  // The moving mass in units: small enough for sums of several not to overflow, finer than the rounding of float64.
  static constexpr int kMovingUnitsLog2 = 58;
  static constexpr std::int64_t kMovingUnits = std::int64_t{1} << kMovingUnitsLog2;
  // The largest number of units that may stay at a point: more than can be needed elsewhere.
  static constexpr std::int64_t kCutUnits = 2 * kMovingUnits;

  // may_stay: sources and targets are the same points, and it costs nothing to leave mass where it is.
  void prepare(std::span<const double> supply, std::span<const double> demand, const Masses& masses, bool may_stay);

  std::span<const double> supply() const { return supply_; }
  std::span<const double> demand() const { return demand_; }  // scaled to the supply's sum

  // The mass that has to move: kMovingUnits, or none at all.
  const Measures& moving() const { return moving_; }
  // The moving mass together with the mass that may stay.
  const Measures& all() const;

  // The mass that may stay at a point: in units of all(), cut to kCutUnits, and the whole of it; 0 where none may.
  std::int64_t staying_units(std::size_t point) const {
    return all_is_made_ && !staying_units_.empty() ? staying_units_[point] : 0;
  }
  bool is_cut(std::size_t point) const { return staying_units(point) == kCutUnits; }
  double staying_mass(std::size_t point) const { return staying_.empty() ? 0 : staying_[point]; }

  // By point, where mass may stay: the mass that leaves, and the mass that arrives.
  std::span<const double> surplus() const { return surplus_; }
  std::span<const double> deficit() const { return deficit_; }

  double mass_of(std::int64_t units) const;
  std::size_t points() const { return supply_.size(); }
  bool may_stay() const { return !staying_.empty(); }
  double mass() const { return masses_.supplied; }
  const Masses& masses() const { return masses_; }
  double moving_mass() const { return moving_mass_; }
  // The difference between the masses that leave and arrive. Both are sums of rounded differences.
  double imbalance() const { return may_stay() ? std::abs(moving_mass_ - missing_mass_) : 0; }
  // The mass that rounding to units has added or taken, over all weights of moving(); and over the staying mass of
  // all(), which is rounded alike in both measures.
  double changed_mass() const { return mass_of(1) * changes_; }
  double changed_staying_mass() const { return mass_of(1) * staying_changes_; }
  // Whether rounding hides moving mass: some point has too much mass and none too little, or the other way round.
  bool moves_too_little() const { return moving_.sources.points.empty() && (moving_mass_ > 0) != (missing_mass_ > 0); }

 private:
  void split_common_mass();
  void add_staying() const;
  void join_staying(const Support& moving, Support& all) const;

  std::vector<double> supply_, demand_;
  std::vector<double> staying_, surplus_, deficit_;
  // all() makes these at its first call, which most problems never make.
  mutable std::vector<std::int64_t> staying_units_;
  mutable Measures all_;
  mutable bool all_is_made_ = false;
  mutable double staying_changes_ = 0;  // in units, as are:
  double changes_ = 0;
  Measures moving_;
  Masses masses_ = {};
  double moving_mass_ = 0, missing_mass_ = 0;
};

}  // namespace genmi::transport
