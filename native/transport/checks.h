// What the room accepts from outside, and what it says about the rest.
#pragma once

#include <cstddef>
#include <span>

#include "genmi/status.h"
#include "genmi/transport.h"

namespace genmi::transport {

// Numbers from -1e300 to 1e300, at least one.
Status check_costs(MatrixView<double> costs);
// Numbers from 0 to float32's largest, at least one.
Status check_distances(MatrixView<float> distances);

// The weights of one measure: `points` numbers >= 0, finite.
Status check_weights(const char* argument, std::span<const double> weights, std::size_t points);
// Their sum: not zero, and finite.
Status check_mass(const char* argument, double sum);

// The mass of a plan times the largest cost, more than it can cost: finite too.
Status check_total(double mass, double largest_cost);

// The masses of both measures: relatively no further apart than the tolerance.
Status check_balance(double supply, double demand, double tolerance);

}  // namespace genmi::transport
