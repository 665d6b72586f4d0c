// The density ratios r = tau / pi in panels, in the precision of the numbers that they are multiplied with.
#pragma once

#include <cstddef>
#include <span>

#include "objectives/comparisons.h"
#include "objectives/density_ratios.h"

namespace genmi::objectives {

// out = r - 1, and 0 beyond the last sample.
template <class T, class S>
void centred_ratios(const Predictions<T>& p, S* out);
template <class S>
void centred_ratios(const DensityRatios& p, S* out);

// Adds factor times tau dI/dtau and dI/dlog pi, given by_ratio = dI/dr and each comparison's distance.
template <class T, class S>
void add_log_gradient(const Predictions<T>& p, std::span<const Comparison> comparisons,
                      std::span<const double> distances, const S* by_ratio, double factor,
                      std::span<double> by_proportion, Totals<T>& totals);

}  // namespace genmi::objectives
