// Objectives whose distance between two clusters is a quadratic form of their density ratios.
#pragma once

#include "genmi/objective.h"
#include "genmi/shared_affinity.h"

namespace genmi::objectives {

// The distance of a comparison with w = r_a - r_b, as a function of s = w' A w / N^2 for the affinity A.
enum class Discrepancy {
  kMmd,         // sqrt(s), 0 where s < 0
  kSquaredMmd,  // s, 0 where s < 0
  kEnergy,      // -s, of any sign
};

// Cost: a product of A with N x K numbers, and O(N K), one-vs-one O(N K^2).
ObjectivePtr make_quadratic_objective(SharedAffinityPtr affinity, bool one_vs_one, Discrepancy discrepancy);

}  // namespace genmi::objectives
