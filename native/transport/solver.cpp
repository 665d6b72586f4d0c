// The pipeline of one problem: check, make the marginals ready, solve for what moves, then for everything if some mass
// has to make way, lift the duals to all points, certify.
// Sources: Pele, Werman, "Fast and robust earth mover's distances", 2009 (what both measures have stays, over a
// metric); Peyre, Cuturi, "Computational Optimal Transport", 2019, sections 3.3 (complementary slackness) and 5.1
// (c-transforms).
#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include "genmi/transport.h"
#include "transport/basis.h"
#include "transport/checks.h"
#include "transport/duals.h"
#include "transport/gather.h"
#include "transport/initial_basis.h"
#include "transport/marginals.h"
#include "transport/network_simplex.h"
#include "transport/plan.h"
#include "transport/problem.h"
#include "transport/routes.h"
#include "transport/warm_start.h"
#include "transport/whole_basis.h"

namespace genmi::transport {
namespace {

// Of potentials beside the largest cost, what rounding in float64 explains.
constexpr double kRounding = 1e-15;

void scale_by(double factor, std::vector<double>& values) {
  if (factor == 1) return;
  for (double& value : values) value *= factor;
}

}  // namespace

struct Solver::Workspace {
  Marginals marginals;
  Gather gather;
  InitialBasis initial_basis;
  WholeBasis whole_basis;
  NetworkSimplex simplex;
  WarmStart warm_start;
  Routes routes;
  SpanningTree tree, whole_tree;
  AlignedVector<double> phi;        // potentials of all points
  AlignedVector<double> prices;     // scratch memory of the duals,
  std::vector<std::int64_t> stays;  // and of the plan

  Status solve(const Costs& costs, const Options& options, Result& result);
  void leave_all(const Costs& costs, const Options& options, Result& result);
  Status solve_again(const Costs& costs, const Options& options, Result& result, bool& solved);
  Status solve_from_nothing(const Costs& costs, const Options& options, Result& result);
  Status solve_measures(const Measures& measures, const Costs& costs, const Options& options, Result& result);
  Status optimise(const CostBlock& costs, const Options& options, SpanningTree& tree, Result& result);
  bool moving_is_enough(const Costs& costs, Result& result);
  void finish_moving(const Costs& costs, const Options& options, Result& result);
  void finish_all(const Costs& costs, const SpanningTree& tree, const Options& options, Result& result);
  void lower_duals(const Costs& costs, bool same_points, Result& result);
  static void measure_plan(const Costs& costs, Result& result);
  void certify(const Costs& costs, Result& result) const;
  void shift_back(const Costs& costs, Result& result);
};

Solver::Solver() : workspace_(std::make_unique<Workspace>()) {}
Solver::~Solver() = default;
Solver::Solver(Solver&&) noexcept = default;
Solver& Solver::operator=(Solver&&) noexcept = default;

Status Solver::solve(const Costs& costs, std::span<const double> supply, std::span<const double> demand,
                     const Options& options, Result& result) {
  // Messages call the arguments what the caller does: weights p and q.
  if (Status status = check_weights("p", supply, costs.rows()); !status) return status;
  if (Status status = check_weights("q", demand, costs.columns()); !status) return status;

  if (is_cancelled(options.job)) return aborted();
  Marginals& marginals = workspace_->marginals;
  if (Status status = marginals.prepare(supply, demand, options.mass_tolerance, costs.has_zero_diagonal()); !status)
    return status;
  if (Status status = check_total(marginals.mass(), costs.largest()); !status) return status;
  if (Status status = workspace_->solve(costs, options, result); !status) return status;
  if (costs.shift() != 0) workspace_->shift_back(costs, result);
  else workspace_->certify(costs, result);
  if (options.plan) {
    sort_plan(result.plan);
  } else {
    result.plan.clear();
  }
  return Status::ok();
}

// Finds plan and duals for the marginals.
Status Solver::Workspace::solve(const Costs& costs, const Options& options, Result& result) {
  result.outcome = Outcome::kOptimal;
  result.pivots = 0;
  if (marginals.moving().sources.points.empty()) {
    leave_all(costs, options, result);
    return Status::ok();
  }
  bool solved = false;
  if (Status status = solve_again(costs, options, result, solved); !status || solved) return status;
  return solve_from_nothing(costs, options, result);
}

void Solver::Workspace::leave_all(const Costs& costs, const Options& options, Result& result) {
  result.u.assign(costs.rows(), 0);
  result.v.assign(costs.columns(), 0);
  result.plan.clear();
  if (options.plan) add_staying(marginals, result.plan);
  result.cost = 0;
  result.certificate = {};
}

// From the basis that the last problem has left, if there is one. With a limit of pivots every problem starts from
// nothing, so that the limit means the same at every call.
Status Solver::Workspace::solve_again(const Costs& costs, const Options& options, Result& result, bool& solved) {
  Basis* const basis = options.basis;
  if (basis == nullptr || basis->empty() || options.max_pivots != Options{}.max_pivots) return Status::ok();
  if (!WarmStart::is_promising(*basis, marginals, costs)) return Status::ok();
  const Ending ending = warm_start.solve(costs, marginals, *basis, options.job, tree);
  if (ending == Ending::kCancelled) return aborted();
  if (ending == Ending::kGaveUp) return Status::ok();
  result.pivots = warm_start.pivots();
  take_potentials(tree, result.u, result.v);
  result.certificate.infeasibility = warm_start.infeasibility();
  lower_duals(costs, basis->graph == Basis::Graph::kPoints, result);
  if (basis->graph == Basis::Graph::kSides) {
    plan_of_all(marginals, tree, stays, result.plan);
    measure_plan(costs, result);
    solved = true;
  } else {
    plan_of_points(marginals, tree, routes, result.plan);
    measure_plan(costs, result);
    // Where the triangle inequality does not quite hold, ways through other points may be shorter than any plan.
    solved = result.certificate.slackness <= 10 * tree.rounding();
    if (options.plan) add_staying(marginals, result.plan);
  }
  if (solved) keep_tree(tree, marginals, *basis);
  return Status::ok();
}

// What moves first; it is all where leaving the rest costs nothing more.
Status Solver::Workspace::solve_from_nothing(const Costs& costs, const Options& options, Result& result) {
  result.pivots = 0;
  if (!costs.is_metric_like()) {
    if (Status status = solve_measures(marginals.all(), costs, options, result); !status) return status;
    finish_all(costs, tree, options, result);
    return Status::ok();
  }
  if (Status status = solve_measures(marginals.moving(), costs, options, result); !status) return status;
  if (result.outcome == Outcome::kIterationLimit || moving_is_enough(costs, result)) {
    finish_moving(costs, options, result);
    return Status::ok();
  }
  const Measures& all = marginals.all();
  const CostBlock block = gather.select(costs.block(), all.sources.points, all.targets.points);
  whole_basis.build(tree, marginals, block, whole_tree);
  if (Status status = optimise(block, options, whole_tree, result); !status) return status;
  finish_all(costs, whole_tree, options, result);
  return Status::ok();
}

Status Solver::Workspace::solve_measures(const Measures& measures, const Costs& costs, const Options& options,
                                         Result& result) {
  const CostBlock block = gather.select(costs.block(), measures.sources.points, measures.targets.points);
  if (!initial_basis.build({block, measures.sources.units, measures.targets.units}, options.job, tree))
    return aborted();
  return optimise(block, options, tree, result);
}

Status Solver::Workspace::optimise(const CostBlock& costs, const Options& options, SpanningTree& basis,
                                   Result& result) {
  const Ending ending = simplex.solve(costs, options.max_pivots - result.pivots, options.job, basis);
  result.pivots += simplex.pivots();
  if (ending == Ending::kCancelled) return aborted();
  if (ending == Ending::kGaveUp) result.outcome = Outcome::kIterationLimit;
  return Status::ok();
}

// Whether the potentials of what moves prove that nothing else need move.
bool Solver::Workspace::moving_is_enough(const Costs& costs, Result& result) {
  point_potentials(costs.block(), marginals.moving(), tree, prices, phi);
  result.certificate.infeasibility = point_infeasibility(costs.block(), costs.is_symmetric(), phi.data());
  return result.certificate.infeasibility <= tree.rounding();
}

void Solver::Workspace::finish_moving(const Costs& costs, const Options& options, Result& result) {
  plan_of_moving(marginals, tree, result.plan);
  if (result.outcome == Outcome::kIterationLimit) {
    add_staying(marginals, result.plan);
    result.certificate.infeasibility = lift_duals(costs.block(), marginals.moving().targets.points,
                                                  tree.column_potentials(), prices, result.u, result.v);
    measure_plan(costs, result);
    return;
  }
  if (options.basis != nullptr) keep_moving(tree, marginals, costs.block(), phi, *options.basis);
  result.v.assign(phi.begin(), phi.begin() + static_cast<std::ptrdiff_t>(costs.rows()));
  result.u.resize(costs.rows());
  std::transform(result.v.begin(), result.v.end(), result.u.begin(), std::negate<>());
  lower_duals(costs, true, result);
  measure_plan(costs, result);
  if (options.plan) add_staying(marginals, result.plan);
}

void Solver::Workspace::finish_all(const Costs& costs, const SpanningTree& basis, const Options& options,
                                   Result& result) {
  plan_of_all(marginals, basis, stays, result.plan);
  result.certificate.infeasibility =
      lift_duals(costs.block(), marginals.all().targets.points, basis.column_potentials(), prices, result.u, result.v);
  measure_plan(costs, result);
  if (options.basis != nullptr && result.outcome == Outcome::kOptimal)
    keep_all(basis, marginals, costs.block(), result.u, result.v, *options.basis);
}

// The tree's rounding is more than that of the costs. Potentials that exceed these by it give way to their
// c-transforms: u = min_j costs_ij - v_j, which of points is as good for v = -u, where the triangle inequality holds.
void Solver::Workspace::lower_duals(const Costs& costs, bool same_points, Result& result) {
  double& infeasibility = result.certificate.infeasibility;
  if (infeasibility <= kRounding * costs.largest_in_block()) return;
  std::vector<std::size_t> columns(costs.columns());
  std::iota(columns.begin(), columns.end(), 0);
  infeasibility = lift_duals(costs.block(), columns, result.v.data(), prices, result.u, result.v);
  if (!same_points) return;
  std::transform(result.u.begin(), result.u.end(), result.v.begin(), std::negate<>());
  phi.assign(costs.block().stride(), 0);
  std::copy(result.v.begin(), result.v.end(), phi.begin());
  infeasibility = point_infeasibility(costs.block(), costs.is_symmetric(), phi.data());
}

// Mass that stays need not be looked at where u = -v: it costs nothing, and has no slack.
void Solver::Workspace::measure_plan(const Costs& costs, Result& result) {
  const auto [cost, slackness] = measure(costs.block(), result.plan, result.u, result.v);
  result.cost = cost;
  result.certificate.slackness = slackness;
}

// Both values bound the optimum, whatever happened before: the plan's from above, the duals' from below. Of two that
// agree the plan's is the more accurate, a sum of positive terms, where the duals' cancel when the measures are close.
// The block's costs are the caller's times a power of two.
void Solver::Workspace::certify(const Costs& costs, Result& result) const {
  const double unit = 1 / costs.scale();
  Certificate& certificate = result.certificate;
  certificate.slackness *= unit;
  certificate.infeasibility *= unit;
  result.cost *= unit;
  scale_by(unit, result.u);
  scale_by(unit, result.v);
  certificate.gap = result.cost - dual_value(marginals.supply(), marginals.demand(), result.u, result.v);
}

// The block's costs are the caller's less the shift, times the scale. Sources get the shift as part of their
// potentials, which rounds these: targets get their c-transform, v_j = min_i costs_ij - u_i, of the rounded ones.
void Solver::Workspace::shift_back(const Costs& costs, Result& result) {
  const MatrixView<double> caller{costs.caller_rows(), costs.rows(), costs.columns()};
  for (double& u : result.u) u = u / costs.scale() + costs.shift();
  result.v.assign(costs.columns(), kInfinity);
  for (std::size_t i = 0; i < caller.rows; ++i)
    costs.block().kernels->lower_double(caller.row(i), result.u[i], result.v.data(), caller.columns);
  result.certificate = {};
  result.cost = 0;
  for (const auto& [source, target, mass] : result.plan) {
    const auto i = static_cast<std::size_t>(source), j = static_cast<std::size_t>(target);
    result.cost += mass * caller(i, j);
    result.certificate.slackness = std::max(result.certificate.slackness, caller(i, j) - result.u[i] - result.v[j]);
  }
  result.certificate.gap = result.cost - dual_value(marginals.supply(), marginals.demand(), result.u, result.v);
}

}  // namespace genmi::transport
