#include "transport/exact_finish.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "transport/duals.h"

namespace genmi::transport {
namespace {

using Node = ExactTree::Node;

// Each step reduces the error to 1e-10 of its size: 60 steps are enough for all float64 numbers.
constexpr int kMostSteps = 60;

// An arc without flow that costs more than kFarBeyond times every arc with flow does not determine how large potentials
// are.
constexpr double kFarBeyond = 16;

constexpr std::size_t kMostParts = 512;

constexpr std::uint64_t kPivotsPerNode = 20;  // a limit for the dual simplex, which could cycle among ties

}  // namespace

void ExactFinish::prepare(const Costs& costs, std::span<const double> supply, std::span<const double> demand) {
  costs_ = &costs;
  supply_ = supply;
  demand_ = demand;
  pivots_ = 0;
  flows_.prepare(supply, demand);
}

// ---- Costs ----

Ending ExactFinish::lower_costs(const Measures& measures, std::uint64_t max_pivots, const Job* job,
                                NetworkSimplex& simplex, SpanningTree& tree) {
  for (int step = 0; step < kMostSteps; ++step) {
    take(tree, measures);
    if (is_cancelled(job)) return Ending::kCancelled;
    const double least = least_reduced_cost(measures, job);
    if (is_cancelled(job)) return Ending::kCancelled;
    if (least >= 0) return Ending::kFound;
    const CostBlock costs = reduced_costs(measures, -least, job);
    if (is_cancelled(job)) return Ending::kCancelled;
    const Ending ending = simplex.solve(costs, max_pivots - pivots_, job, tree);
    pivots_ += simplex.pivots();
    if (ending != Ending::kFound) return ending;
  }
  return Ending::kFound;  // the certificate shows any error left
}

double ExactFinish::least_reduced_cost(const Measures& measures, const Job* job) const {
  double least = 0;
  for (const std::size_t row : measures.sources.points) {
    if (is_cancelled(job)) return 0;
    const double from = tree_.potential(tree_.row_node(row));
    for (const std::size_t column : measures.targets.points) {
      const double cost = (*costs_)(row, column), to = tree_.potential(tree_.column_node(column));
      if (cost + from - to > ExactTree::error_of(cost, from, to)) continue;
      least = std::min(least, tree_.reduced_cost(row, column));
    }
  }
  return least;
}

// Reduced costs, scaled such that `error`, the magnitude of the least, is about 1. Potentials will change by at most
// the error times the length of a path in the tree. Larger reduced costs do not matter and are cut to `most`.
CostBlock ExactFinish::reduced_costs(const Measures& measures, double error, const Job* job) {
  const std::vector<std::size_t>&rows = measures.sources.points, &columns = measures.targets.points;
  CostBlock block{nullptr, nullptr, rows.size(), columns.size()};
  rounded_.assign(block.rows * block.stride(), kPaddingCost);
  exact_.resize(block.rows * block.columns);
  const int exponent = -std::ilogb(error);
  const double most = 8 * error * static_cast<double>(block.rows + block.columns);
  for (std::size_t i = 0; i < block.rows && !is_cancelled(job); ++i) {
    const double from = tree_.potential(tree_.row_node(rows[i]));
    for (std::size_t j = 0; j < block.columns; ++j) {
      const double cost = (*costs_)(rows[i], columns[j]), to = tree_.potential(tree_.column_node(columns[j]));
      double reduced = most;
      if (cost + from - to <= most + ExactTree::error_of(cost, from, to))
        reduced = std::min(most, tree_.reduced_cost(rows[i], columns[j]));
      const double scaled = std::ldexp(reduced, exponent);
      exact_[i * block.columns + j] = scaled;
      rounded_[i * block.stride() + j] = static_cast<float>(scaled);
    }
  }
  block.rounded = rounded_.data();
  block.exact = exact_.data();
  return block;
}

// ---- Trees ----

void ExactFinish::take(const SpanningTree& tree, const Measures& measures) {
  const Sides& sides = tree.sides();
  const auto number = [&](genmi::transport::Node node) {
    return sides.is_row(node) ? tree_.row_node(measures.sources.points[sides.row(node)])
                              : tree_.column_node(measures.targets.points[sides.column(node)]);
  };
  const auto start = [&](genmi::transport::Node root) {
    return static_cast<Node>(sides.is_row(root) ? measures.sources.points[sides.row(root)]
                                                : costs_->rows() + measures.targets.points[sides.column(root)]);
  };
  tree_.start(*costs_, start(tree.root()));
  for (const genmi::transport::Node node : tree.preorder())
    if (node != tree.root()) tree_.attach(number(node), number(tree.parent(node)));
  tree_.refresh();
}

// ---- Masses ----

Ending ExactFinish::ship(std::uint64_t max_pivots, const Job* job) {
  if (misses_points()) {
    tree_.attach_rows(missing_rows_);
    tree_.attach_columns(missing_columns_);
    tree_.refresh();
  }
  const std::uint64_t most = kPivotsPerNode * tree_.nodes();
  for (std::uint64_t pivots = 0;; ++pivots) {
    const Node worst = flows_.settle(tree_);
    if (worst == ExactTree::kNoNode) return Ending::kFound;
    if (is_cancelled(job)) return Ending::kCancelled;
    if (pivots == std::min(max_pivots, most) || !pivot(worst)) return Ending::kGaveUp;
    ++pivots_;
  }
}

// Lists the points with mass that the tree misses, because they are too light for a unit. Returns whether there are
// any.
bool ExactFinish::misses_points() {
  missing_rows_.clear();
  missing_columns_.clear();
  for (std::size_t row = 0; row < supply_.size(); ++row)
    if (supply_[row] > 0 && !tree_.contains(tree_.row_node(row))) missing_rows_.push_back(tree_.row_node(row));
  for (std::size_t column = 0; column < demand_.size(); ++column)
    if (demand_[column] > 0 && !tree_.contains(tree_.column_node(column)))
      missing_columns_.push_back(tree_.column_node(column));
  return !missing_rows_.empty() || !missing_columns_.empty();
}

// Replaces the arc above `leaving`, whose flow is negative. The entering arc crosses the cut the other way, with the
// least reduced cost of all arcs that do. Returns false where there is none.
bool ExactFinish::pivot(Node leaving) {
  const std::vector<Node>& order = tree_.order();
  const std::size_t first = tree_.position(leaving), end = tree_.end(first);
  const bool into_subtree = tree_.is_row(leaving);  // a row's subtree lacks the mass that it should send up
  std::vector<Node> rows, columns;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const bool inside = k >= first && k < end;
    if (tree_.is_row(order[k]) && inside != into_subtree) rows.push_back(order[k]);
    if (!tree_.is_row(order[k]) && inside == into_subtree) columns.push_back(order[k]);
  }
  if (rows.empty() || columns.empty()) return false;
  Node row = rows.front(), column = columns.front();
  for (const Node i : rows)
    for (const Node j : columns)
      if (tree_.is_below(static_cast<std::size_t>(i), j, static_cast<std::size_t>(row), column)) row = i, column = j;
  tree_.exchange(leaving, into_subtree ? column : row, into_subtree ? row : column);
  tree_.refresh(into_subtree ? column : row);
  return true;
}

// ---- Results ----

void ExactFinish::report_plan(Result& result) const {
  result.plan.clear();
  Expansion cost;
  for (const Node node : tree_.order()) {
    if (node == tree_.root() || flows_.flow(node) <= 0) continue;
    const double mass = flows_.flow(node);
    result.plan.push_back(
        {static_cast<std::int32_t>(tree_.arc_row(node)), static_cast<std::int32_t>(tree_.arc_column(node)), mass});
    const auto [product, error] = two_product(mass, tree_.arc_cost(node));
    cost.add(product);
    cost.add(error);
  }
  result.cost = cost.value();
}

void ExactFinish::report_duals(const Job* job, Result& result) {
  centre_potentials(job);
  lift_duals(job, result);
  certify(job, result);
}

// Adds a constant to the potentials of each part of the tree. Parts are joined by arcs without flow, whose costs are
// far beyond all costs paid. First the potential of each part's heaviest node becomes 0. Then parts with too high
// potentials go down, as little as reduced costs >= 0 need: shortest paths between the parts.
void ExactFinish::centre_potentials(const Job* job) {
  const std::size_t parts = divide_tree();
  for (const Node node : tree_.order()) {
    if (node == heaviest_[part_of(node)]) continue;
    tree_.shift(node, tree_.exact_potential(heaviest_[part_of(node)]), -1);
  }
  for (const Node node : heaviest_) tree_.shift(node, tree_.exact_potential(node), -1);
  if (parts == 1) return;

  const std::vector<double> room = find_room(parts, job);
  std::vector<double> rises(parts, 0);
  for (std::size_t pass = 0, changed = 1; changed != 0 && pass < parts; ++pass) {
    changed = 0;
    for (std::size_t a = 0; a < parts; ++a) {
      for (std::size_t b = 0; b < parts; ++b) {
        const double most = rises[a] + room[a * parts + b];
        if (most < rises[b]) rises[b] = most, changed = 1;
      }
    }
  }
  for (const Node node : tree_.order()) {
    Expansion rise;
    rise.add(rises[part_of(node)]);
    tree_.shift(node, rise, 1);
  }
}

// Fills in parts_ and heaviest_, each part's node of most mass. Returns the number of parts.
std::size_t ExactFinish::divide_tree() {
  double paid = 0;
  for (const Node node : tree_.order())
    if (node != tree_.root() && flows_.flow(node) > 0) paid = std::max(paid, std::abs(tree_.arc_cost(node)));
  parts_.assign(tree_.nodes(), 0);
  heaviest_.assign(1, tree_.root());
  for (const Node node : tree_.order()) {
    if (node == tree_.root()) continue;
    const bool is_joint = flows_.flow(node) <= 0 && std::abs(tree_.arc_cost(node)) > kFarBeyond * paid;
    std::size_t& part = parts_[static_cast<std::size_t>(node)];
    if (is_joint && heaviest_.size() < kMostParts) {
      part = heaviest_.size();
      heaviest_.push_back(node);
      continue;
    }
    part = part_of(tree_.parent(node));
    if (flows_.weight(node) > flows_.weight(heaviest_[part])) heaviest_[part] = node;
  }
  return heaviest_.size();
}

// room[a * parts + b]: how far part b's potentials may rise above part a's; negative where they must go down.
std::vector<double> ExactFinish::find_room(std::size_t parts, const Job* job) const {
  std::vector<double> room(parts * parts, kInfinity);
  for (const Node i : tree_.order()) {
    if (is_cancelled(job)) break;
    if (!tree_.is_row(i)) continue;
    const auto row = static_cast<std::size_t>(i);
    for (const Node j : tree_.order()) {
      if (tree_.is_row(j) || part_of(i) == part_of(j)) continue;
      double& least = room[part_of(i) * parts + part_of(j)];
      const std::size_t column = static_cast<std::size_t>(j) - costs_->rows();
      const double cost = (*costs_)(row, column), from = tree_.potential(i), to = tree_.potential(j);
      if (cost + from - to - ExactTree::error_of(cost, from, to) < least)
        least = std::min(least, tree_.exact_reduced_cost(row, column).value());
    }
  }
  return room;
}

// Points outside the tree get c-transforms: a row over the tree's columns, then a column over all rows.
void ExactFinish::lift_duals(const Job* job, Result& result) const {
  const std::size_t rows = costs_->rows(), columns = costs_->columns();
  result.u.assign(rows, kInfinity);
  result.v.assign(columns, kInfinity);
  for (const Node node : tree_.order()) {
    const auto at = static_cast<std::size_t>(node);
    if (tree_.is_row(node)) result.u[at] = -tree_.potential(node);
    else result.v[at - rows] = tree_.potential(node);
  }
  for (std::size_t i = 0; i < rows && !is_cancelled(job); ++i) {
    if (tree_.contains(tree_.row_node(i))) continue;
    for (std::size_t j = 0; j < columns; ++j)
      if (tree_.contains(tree_.column_node(j))) result.u[i] = std::min(result.u[i], (*costs_)(i, j) - result.v[j]);
  }
  for (std::size_t i = 0; i < rows && !is_cancelled(job); ++i)
    for (std::size_t j = 0; j < columns; ++j)
      if (!tree_.contains(tree_.column_node(j))) result.v[j] = std::min(result.v[j], (*costs_)(i, j) - result.u[i]);
}

void ExactFinish::certify(const Job* job, Result& result) const {
  Certificate& certificate = result.certificate;
  certificate = {};
  for (std::size_t i = 0; i < costs_->rows() && !is_cancelled(job); ++i)
    for (std::size_t j = 0; j < costs_->columns(); ++j)
      certificate.infeasibility = std::max(certificate.infeasibility, result.u[i] + result.v[j] - (*costs_)(i, j));
  for (const auto& [source, target, mass] : result.plan) {
    const auto i = static_cast<std::size_t>(source), j = static_cast<std::size_t>(target);
    certificate.slackness = std::max(certificate.slackness, (*costs_)(i, j) - result.u[i] - result.v[j]);
  }
  certificate.gap = accurate_gap(*costs_, result.plan, supply_, demand_, result.u, result.v);
}

}  // namespace genmi::transport
