#include "transport/duals.h"

#include <algorithm>
#include <numeric>

#include "transport/expansion.h"

namespace genmi::transport {

namespace {

// prices[j] = min_i costs_ij - u_i where prices[j] is -infinity.
void lift_columns(const CostBlock& costs, const std::vector<double>& u, AlignedVector<double>& prices,
                  std::vector<double>& lifted, const Job* job) {
  lifted.assign(costs.columns, kInfinity);
  for (std::size_t i = 0; i < costs.rows && !is_cancelled(job); ++i) costs.lower_exact(i, u[i], lifted.data());
  for (std::size_t j = 0; j < costs.columns; ++j)
    if (prices[j] == -kInfinity) prices[j] = lifted[j];
}

double inner_of_few(std::span<const double> a, std::span<const double> b) {
  constexpr std::size_t kLanes = 8;  // sums that do not wait for each other
  double sums[kLanes] = {};
  std::size_t k = 0;
  for (; k + kLanes <= a.size(); k += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[k + lane] * b[k + lane];
  for (; k < a.size(); ++k) sums[0] += a[k] * b[k];
  return std::accumulate(sums, sums + kLanes, 0.0);
}

// Sums stretch by stretch: rounding grows with number + length of the stretches, not with number x length.
double inner(std::span<const double> a, std::span<const double> b) {
  constexpr std::size_t kStretch = 1024;
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); k += kStretch) {
    const std::size_t count = std::min(kStretch, a.size() - k);
    sum += inner_of_few(a.subspan(k, count), b.subspan(k, count));
  }
  return sum;
}

}  // namespace

void point_potentials(const CostBlock& costs, const Measures& moving, const SpanningTree& tree,
                      AlignedVector<double>& prices, AlignedVector<double>& phi, const Job* job) {
  phi.assign(costs.stride(), 0);
  std::fill_n(phi.begin(), costs.columns, -kInfinity);
  const Sides& sides = tree.sides();
  for (std::size_t k = 0; k < moving.targets.points.size(); ++k)
    phi[moving.targets.points[k]] = tree.potential(sides.column_node(k));
  const bool all_take_part = moving.sources.points.size() + moving.targets.points.size() == costs.rows;
  if (!all_take_part) prices = phi;  // the potentials of the targets alone
  for (std::size_t k = 0; k < moving.sources.points.size(); ++k)
    phi[moving.sources.points[k]] = tree.potential(sides.row_node(k));
  if (all_take_part) return;
  for (std::size_t point = 0; point < costs.rows && !is_cancelled(job); ++point)
    if (phi[point] == -kInfinity) phi[point] = -costs.exact_minimum(point, prices.data());
}

double point_infeasibility(const CostBlock& costs, bool symmetric, const double* phi, const Job* job) {
  double largest = 0;
  for (std::size_t point = 0; point < costs.rows && !is_cancelled(job); ++point)
    largest =
        std::max(largest, symmetric ? -costs.exact_slack(point, phi) : -phi[point] - costs.exact_minimum(point, phi));
  return largest;
}

double infeasibility_of(const CostBlock& costs, const std::vector<double>& u, const double* v, const Job* job) {
  double largest = 0;
  for (std::size_t i = 0; i < costs.rows && !is_cancelled(job); ++i)
    largest = std::max(largest, u[i] - costs.exact_minimum(i, v));
  return largest;
}

void take_potentials(const SpanningTree& tree, std::vector<double>& u, std::vector<double>& v) {
  const Sides& sides = tree.sides();
  v.assign(tree.column_potentials(), tree.column_potentials() + sides.columns);
  u.resize(sides.rows);
  for (std::size_t row = 0; row < sides.rows; ++row) u[row] = -tree.potential(sides.row_node(row));
}

double lift_duals(const CostBlock& costs, std::span<const std::size_t> targets, const double* potentials,
                  AlignedVector<double>& prices, std::vector<double>& u, std::vector<double>& v, const Job* job) {
  prices.assign(costs.stride(), -kInfinity);
  for (std::size_t k = 0; k < targets.size(); ++k) prices[targets[k]] = potentials[k];
  u.resize(costs.rows);
  for (std::size_t i = 0; i < costs.rows && !is_cancelled(job); ++i) u[i] = costs.exact_minimum(i, prices.data());
  double infeasibility = 0;  // 0 so far: u_i is itself the minimum
  if (targets.size() < costs.columns) {
    lift_columns(costs, u, prices, v, job);
    infeasibility = infeasibility_of(costs, u, prices.data(), job);
  }
  v.assign(prices.begin(), prices.begin() + static_cast<std::ptrdiff_t>(costs.columns));
  return infeasibility;
}

double dual_value(std::span<const double> supply, std::span<const double> demand, const std::vector<double>& u,
                  const std::vector<double>& v) {
  return inner(u, supply) + inner(v, demand);
}

double accurate_gap(const Costs& costs, const std::vector<PlanEntry>& plan, std::span<const double> supply,
                    std::span<const double> demand, const std::vector<double>& u, const std::vector<double>& v) {
  Expansion gap, excess;
  const auto add_product = [&gap](double a, double b) {
    const auto [product, error] = two_product(a, b);
    gap.add(product);
    gap.add(error);
  };
  for (const double weight : supply) excess.add(weight);
  for (const double weight : demand) excess.add(-weight);
  const double share = excess.value() / std::accumulate(demand.begin(), demand.end(), 0.0);
  for (const auto& [source, target, mass] : plan)
    add_product(mass, costs(static_cast<std::size_t>(source), static_cast<std::size_t>(target)));
  for (std::size_t i = 0; i < supply.size(); ++i) add_product(-u[i], supply[i]);
  for (std::size_t j = 0; j < demand.size(); ++j) {
    add_product(-v[j], demand[j]);
    if (share != 0) add_product(-v[j], share * demand[j]);
  }
  return gap.value();
}

}  // namespace genmi::transport
