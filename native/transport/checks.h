// Checks of the room's input. Each function answers an error where its condition does not hold.
#pragma once

#include <cstddef>
#include <span>

#include "genmi/matrix.h"
#include "genmi/status.h"
#include "genmi/transport.h"

namespace genmi::transport {

// Costs: at least one, all from -1e300 to 1e300.
Status check_costs(MatrixView<double> costs);
// Distances: at least one, all from 0 to float32's largest.
Status check_distances(MatrixView<float> distances);

// The weights of one measure: `points` finite numbers >= 0.
Status check_weights(const char* argument, std::span<const double> weights, std::size_t points);
// The sum of the weights of one measure: positive, at most 1e300.
Status check_mass(const char* argument, double sum);

// The mass of a plan times the largest cost, an upper bound of the plan's cost: at most 1e300.
Status check_total(double mass, double largest_cost);

// The masses of the two measures: a relative difference of at most the tolerance.
Status check_balance(double supply, double demand, double tolerance);

}  // namespace genmi::transport
