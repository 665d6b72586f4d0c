// The comparisons of geometry-aware objectives: each cluster with all the data, or each pair of clusters.
//
// I = sum over comparisons of weight * Distance(r_a, r_b). The density ratio of cluster k is r_k = tau_k / pi_k; the
// ratio of "all the data" is 1 everywhere. A distance gives its derivatives with respect to r. add_log_gradient, in
// panel_ratios.h, adds the derivatives of r = tau / pi and pi = mean tau.
#pragma once

#include <cstddef>
#include <span>

#include "genmi/workspace.h"

namespace genmi::objectives {

constexpr std::size_t kAllData = static_cast<std::size_t>(-1);

struct Comparison {
  std::size_t a, b;         // b may be kAllData
  double weight;            // pi_a, or 2 pi_a pi_b: the sum over ordered pairs counts each twice
  double by_pi_a, by_pi_b;  // the weight's derivatives
};

// One-vs-all K comparisons, one-vs-one K (K - 1) / 2 with a < b.
std::span<Comparison> make_comparisons(const double* pi, std::size_t k, bool one_vs_one, Workspace& workspace);

// The N x K density ratios, with the data as a further cluster.
struct Ratios {
  const double* data;
  std::size_t n, k;

  double operator()(std::size_t i, std::size_t cluster) const {
    return cluster == kAllData ? 1 : data[i * k + cluster];
  }
};

}  // namespace genmi::objectives
