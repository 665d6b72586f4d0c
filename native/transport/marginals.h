// Two measures made ready for the simplex: balanced, freed of what need not move, and in integers.
//
// Where the costs are a metric, mass that both measures have at a point stays there, by the triangle inequality:
// W(p, q) = W((p - q)+, (q - p)+). That leaves smaller supports, about half the rows and half the columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "genmi/status.h"

namespace genmi::transport {

// The points of a measure that take part in the simplex, and the mass of each in integer units.
struct Support {
  std::vector<std::size_t> points;
  std::vector<std::int64_t> units;  // positive, kTotalUnits together
};

class Marginals {
 public:
  // Small enough for sums to stay clear of overflow, and finer than the rounding of float64.
  static constexpr int kTotalUnitsLog2 = 58;
  static constexpr std::int64_t kTotalUnits = std::int64_t{1} << kTotalUnitsLog2;

  // keep_common_mass: the costs are a metric, leave at each point what both measures have there.
  Status prepare(std::span<const double> supply, std::span<const double> demand, double mass_tolerance,
                 bool keep_common_mass);

  std::span<const double> supply() const { return supply_; }
  std::span<const double> demand() const { return demand_; }  // scaled to the supply's sum

  // Mass that stays where it is: nothing, or one entry per point.
  std::span<const double> staying() const { return staying_; }

  // Mass that has to move: all, or what is left without the staying. Both supports are empty if that is nothing.
  const Support& sources() const { return sources_; }
  const Support& targets() const { return targets_; }
  double mass_of(std::int64_t units) const;

 private:
  void split_common_mass();

  std::vector<double> supply_, demand_;
  std::vector<double> staying_, surplus_, deficit_;
  Support sources_, targets_;
  double moving_ = 0;
};

}  // namespace genmi::transport
