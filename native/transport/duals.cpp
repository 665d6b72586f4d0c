#include "transport/duals.h"

#include <algorithm>

#include "transport/row_minimum.h"

namespace genmi::transport {

void lift_duals(MatrixView<double> costs, std::span<const std::size_t> targets, const double* target_potentials,
                std::vector<double>& u, std::vector<double>& v) {
  v.assign(costs.columns, -kInfinity);
  for (std::size_t k = 0; k < targets.size(); ++k) v[targets[k]] = target_potentials[k];
  u.resize(costs.rows);
  for (std::size_t i = 0; i < costs.rows; ++i) u[i] = row_minimum(costs.row(i), v.data(), costs.columns);

  v.assign(costs.columns, kInfinity);
  for (std::size_t i = 0; i < costs.rows; ++i) {
    const double* row = costs.row(i);
    const double price = u[i];
    for (std::size_t j = 0; j < costs.columns; ++j) v[j] = std::min(v[j], row[j] - price);
  }
}

double dual_value(std::span<const double> supply, std::span<const double> demand, const std::vector<double>& u,
                  const std::vector<double>& v) {
  double value = 0;
  for (std::size_t i = 0; i < supply.size(); ++i) value += u[i] * supply[i];
  for (std::size_t j = 0; j < demand.size(); ++j) value += v[j] * demand[j];
  return value;
}

double dual_infeasibility(MatrixView<double> costs, const std::vector<double>& u, const std::vector<double>& v) {
  double largest = 0;
  for (std::size_t i = 0; i < costs.rows; ++i) {
    largest = std::max(largest, u[i] - row_minimum(costs.row(i), v.data(), costs.columns));
  }
  return largest;
}

double complementary_slackness(MatrixView<double> costs, const std::vector<PlanEntry>& plan,
                               const std::vector<double>& u, const std::vector<double>& v) {
  double largest = 0;
  for (const PlanEntry& entry : plan) {
    const auto i = static_cast<std::size_t>(entry.source);
    const auto j = static_cast<std::size_t>(entry.target);
    largest = std::max(largest, costs(i, j) - u[i] - v[j]);
  }
  return largest;
}

}  // namespace genmi::transport
