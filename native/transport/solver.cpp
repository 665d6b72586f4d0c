// The pipeline of one problem: check the input, make the marginals ready, solve for the moving mass, lift the duals to
// all points, certify. Where staying mass has to make way, all mass is solved for before the lift.
// Sources: Pele, Werman, "Fast and robust earth mover's distances", 2009 (common mass stays, over a metric); Peyre,
// Cuturi, "Computational Optimal Transport", 2019, sections 3.3 (complementary slackness) and 5.1 (c-transforms).
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

#include "transport/basis.h"
#include "transport/checks.h"
#include "transport/costs.h"
#include "transport/duals.h"
#include "transport/exact_finish.h"
#include "transport/gather.h"
#include "transport/initial_basis.h"
#include "transport/marginals.h"
#include "transport/network_simplex.h"
#include "transport/plan.h"
#include "transport/problem.h"
#include "transport/routes.h"
#include "transport/turned.h"
#include "transport/warm_start.h"
#include "transport/weight_flows.h"
#include "transport/whole_basis.h"

namespace genmi::transport {
namespace {

// The infeasibility of potentials that float64's rounding explains, relative to the largest cost.
constexpr double kRounding = 1e-15;

// The accuracy that results need: relative to the cost; relative to a constant on all costs, times the mass; and of the
// masses of plans.
constexpr double kCostAccuracy = 0x1p-40, kShiftAccuracy = 0x1p-52, kMassAccuracy = 1e-13, kPlanAccuracy = 4e-13;
constexpr double kVisibleGap = 0x1p-42;  // relative to the cost
// Relative rounding: of potentials along a tree, of a mass to a unit of the moving mass, and of sums of products.
constexpr double kPotentialRounding = 0x1p-49, kUnitRounding = 0x1p-59, kSumRounding = 0x1p-46;

void scale_by(double factor, std::vector<double>& values) {
  if (factor == 1) return;
  for (double& value : values) value *= factor;
}

// The weights of `points`, which ascend. Adds the other weights to `left_out`.
std::vector<double> weights_of(std::span<const double> weights, const std::vector<std::size_t>& points,
                               double& left_out) {
  std::vector<double> taken;
  taken.reserve(points.size());
  auto next = points.begin();
  for (std::size_t point = 0; point < weights.size(); ++point) {
    if (next == points.end() || *next != point) {
      left_out += weights[point];
      continue;
    }
    taken.push_back(weights[point]);
    ++next;
  }
  return taken;
}

}  // namespace

struct Solver::Workspace {
  Marginals marginals;
  Gather gather;
  InitialBasis initial_basis;
  WholeBasis whole_basis;
  NetworkSimplex simplex;
  WarmStart warm_start;
  Routes<std::int64_t> routes;
  Routes<double> weight_routes;
  WeightFlows weight_flows;
  ExactFinish exact;
  SpanningTree tree, whole_tree, spanning_tree;  // of the moving or all mass; of all mass; of all rows and columns
  BasisTree own_basis;                           // scratch memory of finish_masses()
  // The nodes of the last problem's tree; kNone: no mass moves.
  enum class Served { kNone, kMoving, kAll, kWhole, kSides, kPoints } served = Served::kNone;
  // Whether a result needs another stage: for masses finer than units, or for costs without rounding.
  enum class Doubt { kNone, kMasses, kCosts };
  bool pays_penalties = false;      // whether the plan's costs may differ by more than kPenalty
  AlignedVector<double> phi;        // potentials of all points
  AlignedVector<double> prices;     // scratch memory of the duals
  std::vector<std::int64_t> stays;  // scratch memory of the plan

  Status solve(const Costs& costs, std::span<const double> supply, std::span<const double> demand, const Masses& masses,
               const Options& options, Result& result);
  Status solve_rounded(const Costs& costs, const Options& options, Result& result);
  void leave_all(const Costs& costs, const Options& options, Result& result);
  Status solve_again(const Costs& costs, const Options& options, Result& result, bool& solved);
  Status solve_from_nothing(const Costs& costs, const Options& options, Result& result);
  Status solve_measures(const Measures& measures, const Costs& costs, const Options& options, Result& result);
  Status optimise(const CostBlock& costs, const Options& options, SpanningTree& tree, Result& result);
  bool moving_is_enough(const Costs& costs, const Job* job, Result& result);
  void finish_moving(const Costs& costs, const Options& options, Result& result);
  void finish_all(const Costs& costs, const SpanningTree& tree, const Options& options, Result& result);
  void lower_duals(const Costs& costs, bool same_points, const Job* job, Result& result);
  void fill_in_plan_values(const Costs& costs, Result& result);
  Doubt find_doubt(const Costs& costs, const Options& options, const Result& result);
  double error_of_potentials(double farthest, const Result& result) const;
  double farthest_potential(const Costs& costs, const Result& result) const;
  double tolerated_error(const Costs& costs, const Result& result) const;
  double error_of_units(const Costs& costs, double farthest, const Result& result);
  bool are_masses_in_doubt(const Costs& costs) const;
  Status finish_masses(const Costs& costs, const Options& options, Result& result, bool& finished);
  SpanningTree& span_all(const Costs& costs, const Options& options, const Result& result);
  bool take_weights(const Costs& costs, SpanningTree& spanning, const Job* job, Result& result);
  Status finish_exactly(const Costs& costs, std::span<const double> supply, std::span<const double> demand,
                        const Options& options, Result& result);
  CostBlock build_whole(const Costs& costs, const Job* job);
  Status solve_exactly(const Costs& costs, std::span<const double> supply, std::span<const double> demand,
                       const Options& options, Result& result, Ending& ending);
  void to_caller(const Costs& costs, std::span<const double> supply, std::span<const double> demand, Result& result);
  void judge(Result& result) const;
  void certify(const Costs& costs, Result& result) const;
  void shift_back(const Costs& costs, Result& result);
};

Solver::Solver() : workspace_(std::make_unique<Workspace>()) {}
Solver::~Solver() = default;
Solver::Solver(Solver&&) noexcept = default;
Solver& Solver::operator=(Solver&&) noexcept = default;

Status Solver::solve(const Costs& costs, std::span<const double> supply, std::span<const double> demand,
                     const Options& options, Result& result) {
  // Messages use the caller's names of the weights: p and q.
  if (Status status = check_weights("p", supply, costs.sources()); !status) return status;
  if (Status status = check_weights("q", demand, costs.targets()); !status) return status;

  if (is_cancelled(options.job)) return aborted();
  Masses masses = {};
  if (Status status = find_masses(supply, demand, options.mass_tolerance, masses); !status) return status;
  if (Status status = check_total(masses.supplied, costs.largest()); !status) return status;
  if (costs.is_turned()) {
    const Masses turned = {masses.demanded, masses.supplied};
    if (Status status = workspace_->solve(costs, demand, supply, turned, options, result); !status) return status;
    turn(masses.supplied / masses.demanded, result);
  } else if (Status status = workspace_->solve(costs, supply, demand, masses, options, result); !status) {
    return status;
  }
  if (options.plan) {
    sort_plan(result.plan);
  } else {
    result.plan.clear();
  }
  return Status::ok();
}

// Solves with rows as sources: supply has a weight for each row of the costs.
Status Solver::Workspace::solve(const Costs& costs, std::span<const double> supply, std::span<const double> demand,
                                const Masses& masses, const Options& options, Result& result) {
  marginals.prepare(supply, demand, masses, costs.has_zero_diagonal());
  if (Status status = solve_rounded(costs, options, result); !status) return status;
  if (is_cancelled(options.job)) return aborted();  // some numbers may be missing
  const Doubt doubt = find_doubt(costs, options, result);
  bool finished = doubt == Doubt::kNone;
  if (doubt == Doubt::kMasses)
    if (Status status = finish_masses(costs, options, result, finished); !status) return status;
  to_caller(costs, supply, demand, result);
  if (!finished)
    if (Status status = finish_exactly(costs, supply, demand, options, result); !status) return status;
  judge(result);
  return Status::ok();
}

// Finds plan and duals for the marginals, with potentials in float64 and masses in units.
Status Solver::Workspace::solve_rounded(const Costs& costs, const Options& options, Result& result) {
  result.outcome = Outcome::kOptimal;
  result.pivots = 0;
  served = Served::kNone;
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

// Solves from the basis that the last problem has left, if there is one. With a limit of pivots, every problem starts
// from nothing, so that the limit means the same at every call.
Status Solver::Workspace::solve_again(const Costs& costs, const Options& options, Result& result, bool& solved) {
  if (options.basis == nullptr || options.basis->empty()) return Status::ok();
  if (options.max_pivots != Options{}.max_pivots) return Status::ok();
  BasisTree* const basis = &options.basis->tree();
  if (!WarmStart::is_promising(*basis, marginals, costs)) return Status::ok();
  const Ending ending = warm_start.solve(costs, marginals, *basis, options.job, tree);
  if (ending == Ending::kCancelled) return aborted();
  if (ending == Ending::kGaveUp) return Status::ok();
  result.pivots = warm_start.pivots();
  take_potentials(tree, result.u, result.v);
  result.certificate.infeasibility = warm_start.infeasibility();
  lower_duals(costs, basis->graph == BasisTree::Graph::kPoints, options.job, result);
  if (basis->graph == BasisTree::Graph::kSides) {
    plan_of_all(marginals, tree, stays, result.plan);
    fill_in_plan_values(costs, result);
    solved = true;
  } else {
    plan_of_points(marginals, tree, routes, result.plan);
    fill_in_plan_values(costs, result);
    // Where the triangle inequality does not quite hold, paths through other points may cost less than any plan.
    solved = result.certificate.slackness <= 10 * tree.rounding();
    if (options.plan) add_staying(marginals, result.plan);
  }
  if (solved) keep_tree(tree, marginals, *basis);
  served = basis->graph == BasisTree::Graph::kSides ? Served::kSides : Served::kPoints;
  return Status::ok();
}

// Over a metric, solves for the moving mass first. That is enough where all other mass can stay at no extra cost.
Status Solver::Workspace::solve_from_nothing(const Costs& costs, const Options& options, Result& result) {
  result.pivots = 0;
  if (!costs.is_metric_like()) {
    if (Status status = solve_measures(marginals.all(), costs, options, result); !status) return status;
    served = Served::kAll;
    finish_all(costs, tree, options, result);
    return Status::ok();
  }
  served = Served::kMoving;
  if (Status status = solve_measures(marginals.moving(), costs, options, result); !status) return status;
  const bool is_enough = result.outcome == Outcome::kIterationLimit || moving_is_enough(costs, options.job, result);
  if (is_cancelled(options.job)) return aborted();
  if (is_enough) {
    finish_moving(costs, options, result);
    return Status::ok();
  }
  const CostBlock block = build_whole(costs, options.job);
  if (Status status = optimise(block, options, whole_tree, result); !status) return status;
  finish_all(costs, whole_tree, options, result);
  return Status::ok();
}

Status Solver::Workspace::solve_measures(const Measures& measures, const Costs& costs, const Options& options,
                                         Result& result) {
  const CostBlock block = gather.select(costs.block(), measures.sources.points, measures.targets.points, options.job);
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

// Whether the potentials of the moving mass prove that no other mass need move.
bool Solver::Workspace::moving_is_enough(const Costs& costs, const Job* job, Result& result) {
  point_potentials(costs.block(), marginals.moving(), tree, prices, phi, job);
  result.certificate.infeasibility = point_infeasibility(costs.block(), costs.is_symmetric(), phi.data(), job);
  return result.certificate.infeasibility <= tree.rounding();
}

void Solver::Workspace::finish_moving(const Costs& costs, const Options& options, Result& result) {
  plan_of_moving(marginals, tree, result.plan);
  if (result.outcome == Outcome::kIterationLimit) {
    add_staying(marginals, result.plan);
    result.certificate.infeasibility = lift_duals(costs.block(), marginals.moving().targets.points,
                                                  tree.column_potentials(), prices, result.u, result.v, options.job);
    fill_in_plan_values(costs, result);
    return;
  }
  if (options.basis != nullptr) keep_moving(tree, marginals, costs.block(), phi, options.basis->tree());
  result.v.assign(phi.begin(), phi.begin() + static_cast<std::ptrdiff_t>(costs.rows()));
  result.u.resize(costs.rows());
  std::transform(result.v.begin(), result.v.end(), result.u.begin(), std::negate<>());
  lower_duals(costs, true, options.job, result);
  fill_in_plan_values(costs, result);
  if (options.plan) add_staying(marginals, result.plan);
}

void Solver::Workspace::finish_all(const Costs& costs, const SpanningTree& basis, const Options& options,
                                   Result& result) {
  plan_of_all(marginals, basis, stays, result.plan);
  result.certificate.infeasibility = lift_duals(costs.block(), marginals.all().targets.points,
                                                basis.column_potentials(), prices, result.u, result.v, options.job);
  fill_in_plan_values(costs, result);
  if (options.basis != nullptr && result.outcome == Outcome::kOptimal && !is_cancelled(options.job))
    keep_all(basis, marginals, costs.block(), result.u, result.v, options.basis->tree());
}

// Potentials that exceed the costs by more than the costs' rounding give way to their c-transforms,
// u_i = min_j costs_ij - v_j. Between the same points v = -u, which is as good where the triangle inequality holds.
void Solver::Workspace::lower_duals(const Costs& costs, bool same_points, const Job* job, Result& result) {
  double& infeasibility = result.certificate.infeasibility;
  if (infeasibility <= kRounding * costs.largest_in_block()) return;
  std::vector<std::size_t> columns(costs.columns());
  std::iota(columns.begin(), columns.end(), 0);
  infeasibility = lift_duals(costs.block(), columns, result.v.data(), prices, result.u, result.v, job);
  if (!same_points) return;
  std::transform(result.u.begin(), result.u.end(), result.v.begin(), std::negate<>());
  phi.assign(costs.block().stride(), 0);
  std::copy(result.v.begin(), result.v.end(), phi.begin());
  infeasibility = point_infeasibility(costs.block(), costs.is_symmetric(), phi.data(), job);
}

// Where u = -v, staying mass may be missing from the plan: it costs nothing and has no slack.
void Solver::Workspace::fill_in_plan_values(const Costs& costs, Result& result) {
  const PlanValues values = evaluate_plan(costs.block(), result.plan, result.u, result.v);
  result.cost = values.cost;
  result.certificate.slackness = values.slackness;
  pays_penalties = costs.shift() != 0 || values.largest_cost > kPenalty * values.least_cost;
}

void Solver::Workspace::to_caller(const Costs& costs, std::span<const double> supply, std::span<const double> demand,
                                  Result& result) {
  if (costs.shift() != 0) shift_back(costs, result);
  else certify(costs, result);
  // Where the terms of the dual value cancel, their rounding is larger than the gap.
  double& gap = result.certificate.gap;
  if (std::abs(gap) > kVisibleGap * std::abs(result.cost))
    gap = accurate_gap(costs, result.plan, supply, demand, result.u, result.v);
}

// Both values bound the optimum, whatever happened before: the plan's cost from above, the dual value from below. Where
// they agree, the plan's cost is the more accurate. It is a sum of positive terms, while the terms of the dual value
// cancel for close measures. The block's costs are the caller's costs times a power of two.
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

// The block's costs are (the caller's costs - shift) * scale. Sources get the shift as part of their potentials, which
// rounds the potentials. Targets get the c-transform of the rounded potentials, v_j = min_i costs_ij - u_i.
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

// What could have hidden a cheaper plan: rounding of potentials, or of masses to units.
Solver::Workspace::Doubt Solver::Workspace::find_doubt(const Costs& costs, const Options& options,
                                                       const Result& result) {
  if (result.outcome != Outcome::kOptimal) return Doubt::kNone;
  if (served == Served::kNone) return marginals.moves_too_little() ? Doubt::kCosts : Doubt::kNone;
  const double farthest = farthest_potential(costs, result), largest = costs.largest_in_block();
  const double error = error_of_potentials(farthest, result), tolerated = tolerated_error(costs, result);
  if (error > tolerated) return Doubt::kCosts;
  if (options.plan && are_masses_in_doubt(costs)) return Doubt::kMasses;
  // Mass that rounding has moved may have to go another way: along the tree, then by an arc of the largest cost.
  const double units =
      marginals.changed_mass() * (2 * farthest + largest / 2) + marginals.changed_staying_mass() * largest;
  if (error + units <= tolerated) return Doubt::kNone;
  return error + error_of_units(costs, farthest, result) <= tolerated ? Doubt::kNone : Doubt::kMasses;
}

// The error of the cost that the rounding of potentials explains. `result`: in block costs, here and below.
double Solver::Workspace::error_of_potentials(double farthest, const Result& result) const {
  // Staying mass that takes no part in the tree has no slack.
  const bool all_take_part = served != Served::kMoving && served != Served::kPoints;
  const double slack = result.certificate.slackness * (all_take_part ? marginals.mass() : marginals.moving_mass());
  const double rounding = result.certificate.infeasibility + kPotentialRounding * farthest;
  return slack + rounding * marginals.moving_mass() + marginals.imbalance() * 2 * farthest;
}

// Half the range of u and -v of points with mass: the largest potential, once a constant has centred them.
double Solver::Workspace::farthest_potential(const Costs& costs, const Result& result) const {
  double least = kInfinity, largest = -kInfinity;
  for (std::size_t i = 0; i < costs.rows(); ++i) {
    least = std::min(least, marginals.supply()[i] > 0 ? result.u[i] : kInfinity);
    largest = std::max(largest, marginals.supply()[i] > 0 ? result.u[i] : -kInfinity);
  }
  for (std::size_t j = 0; j < costs.columns(); ++j) {
    least = std::min(least, marginals.demand()[j] > 0 ? -result.v[j] : kInfinity);
    largest = std::max(largest, marginals.demand()[j] > 0 ? -result.v[j] : -kInfinity);
  }
  return (largest - least) / 2;
}

// The error of the cost that results may have.
double Solver::Workspace::tolerated_error(const Costs& costs, const Result& result) const {
  const double shift = std::abs(costs.shift()) * costs.scale();
  double cost = result.cost;
  if (pays_penalties) cost = std::min(cost, cost_without_penalties(costs, result.plan) * costs.scale());
  if (costs.shift() < 0) cost = std::min(cost, std::abs(result.cost - shift * marginals.mass()));
  const bool is_constant_large = shift > costs.largest_in_block();
  return kCostAccuracy * cost + (is_constant_large ? kShiftAccuracy * shift * marginals.mass() : 0);
}

// A bound of the change in cost from units to weights. Where the tree's flows for the weights are >= 0, the tree is
// optimal for them too, and the change is the difference to the dual value. Mass that the tree cannot move goes another
// way: along the tree, then by an arc of the largest cost.
double Solver::Workspace::error_of_units(const Costs& costs, double farthest, const Result& result) {
  const bool moving = served == Served::kMoving || served == Served::kPoints;
  const std::span<const double> supply = moving ? marginals.surplus() : marginals.supply(),
                                demand = moving ? marginals.deficit() : marginals.demand();
  const SpanningTree& basis = served == Served::kWhole ? whole_tree : tree;
  double left_out = 0;
  if (served == Served::kSides || served == Served::kPoints) {
    weight_flows.fill(basis, supply, demand);
  } else {
    const Measures& measures = moving ? marginals.moving() : marginals.all();
    weight_flows.fill(basis, weights_of(supply, measures.sources.points, left_out),
                      weights_of(demand, measures.targets.points, left_out));
  }
  const double change = std::abs(result.cost - dual_value(supply, demand, result.u, result.v));
  return change + (weight_flows.lacking() + left_out) * (2 * farthest + costs.largest_in_block());
}

// Whether integer units are too coarse for some weights.
bool Solver::Workspace::are_masses_in_doubt(const Costs& costs) const {
  double least = kInfinity, largest = 0;
  for (const std::span<const double> weights : {marginals.supply(), marginals.demand()}) {
    for (const double weight : weights) {
      least = std::min(least, weight > 0 ? weight : kInfinity);
      largest = std::max(largest, weight);
    }
  }
  const double unit = kUnitRounding * marginals.moving_mass();
  const auto count = static_cast<double>(costs.rows() + costs.columns());
  return unit + marginals.imbalance() > kMassAccuracy * least || count * unit > kMassAccuracy * largest;
}

// Makes the plan serve the weights themselves, where units are too coarse. Sets `finished` unless the exact stage has
// to do it.
Status Solver::Workspace::finish_masses(const Costs& costs, const Options& options, Result& result, bool& finished) {
  SpanningTree& spanning = span_all(costs, options, result);
  const bool points = spanning.sides().are_same();
  const Ending ending = weight_flows.settle(
      costs.block(), costs.is_symmetric(), points ? marginals.surplus() : marginals.supply(),
      points ? marginals.deficit() : marginals.demand(), options.max_pivots - result.pivots, options.job, spanning);
  if (ending == Ending::kCancelled) return aborted();
  finished = ending == Ending::kFound && take_weights(costs, spanning, options.job, result);
  if (is_cancelled(options.job)) return aborted();
  if (finished) result.pivots += weight_flows.pivots();
  if (finished && options.basis != nullptr) keep_tree(spanning, marginals, options.basis->tree());
  return Status::ok();
}

// Extends the tree at hand to all points, or to all rows and columns.
SpanningTree& Solver::Workspace::span_all(const Costs& costs, const Options& options, const Result& result) {
  if (served == Served::kSides || served == Served::kPoints) return tree;
  const BasisTree* basis = options.basis == nullptr
                               ? nullptr
                               : &options.basis->tree();  // finish_moving() and finish_all() have filled it in
  const CostBlock block = costs.block();
  if (basis == nullptr) {
    if (served == Served::kMoving) keep_moving(tree, marginals, block, phi, own_basis);
    else keep_all(served == Served::kWhole ? whole_tree : tree, marginals, block, result.u, result.v, own_basis);
    basis = &own_basis;
  }
  const bool points = basis->graph == BasisTree::Graph::kPoints;
  spanning_tree.restore(points ? Sides::same_points(block.rows) : Sides::bipartite(block.rows, block.columns),
                        basis->arcs);
  return spanning_tree;
}

// Takes plan and potentials from a tree with its weight_flows. Returns false where rounding has spoiled them.
bool Solver::Workspace::take_weights(const Costs& costs, SpanningTree& spanning, const Job* job, Result& result) {
  const CostBlock block = costs.block();
  const bool points = spanning.sides().are_same();
  if (weight_flows.pivots() > 0) {
    spanning.recompute_potentials(block);
    take_potentials(spanning, result.u, result.v);
    double& infeasibility = result.certificate.infeasibility;
    infeasibility = points ? point_infeasibility(block, costs.is_symmetric(), spanning.column_potentials(), job)
                           : infeasibility_of(block, result.u, spanning.column_potentials(), job);
    if (infeasibility > spanning.rounding()) return false;
    lower_duals(costs, points, job, result);
  }
  plan_of_weights(marginals, spanning, weight_flows, weight_routes, result.plan);
  fill_in_plan_values(costs, result);
  if (points) add_staying(marginals, result.plan);
  return error_of_potentials(farthest_potential(costs, result), result) <= tolerated_error(costs, result) &&
         marginal_error(marginals, result.plan) <= kPlanAccuracy;
}

// Starts with the optimum for the costs without rounding. Then its flows are computed from the weights.
Status Solver::Workspace::finish_exactly(const Costs& costs, std::span<const double> supply,
                                         std::span<const double> demand, const Options& options, Result& result) {
  exact.prepare(costs, supply, demand);
  Ending ending = Ending::kFound;
  if (Status status = solve_exactly(costs, supply, demand, options, result, ending); !status) return status;
  const std::uint64_t left = options.max_pivots - result.pivots;
  if (ending == Ending::kFound) ending = exact.ship(left - exact.pivots(), options.job);
  if (ending == Ending::kCancelled) return aborted();
  result.pivots += exact.pivots();
  if (ending == Ending::kGaveUp) {
    result.outcome = exact.pivots() == left ? Outcome::kIterationLimit : Outcome::kUnproven;
    return Status::ok();
  }
  exact.report_plan(result);
  exact.report_duals(options.job, result);
  return is_cancelled(options.job) ? aborted() : Status::ok();
}

CostBlock Solver::Workspace::build_whole(const Costs& costs, const Job* job) {
  const Measures& all = marginals.all();
  const CostBlock block = gather.select(costs.block(), all.sources.points, all.targets.points, job);
  whole_basis.build(tree, marginals, block, whole_tree);
  served = Served::kWhole;
  return block;
}

// A basis of an earlier problem may not be strongly feasible and is of no use here.
Status Solver::Workspace::solve_exactly(const Costs& costs, std::span<const double> supply,
                                        std::span<const double> demand, const Options& options, Result& result,
                                        Ending& ending) {
  if (served == Served::kSides || served == Served::kPoints) {
    if (Status status = solve_from_nothing(costs, options, result); !status) return status;
    to_caller(costs, supply, demand, result);
  }
  if (served == Served::kNone) {  // rounding hides all of the moving mass
    marginals.prepare(supply, demand, marginals.masses(), false);
    served = Served::kAll;
    if (Status status = solve_measures(marginals.all(), costs, options, result); !status) return status;
  }
  if (served == Served::kMoving) build_whole(costs, options.job);
  ending = exact.lower_costs(marginals.all(), options.max_pivots - result.pivots, options.job, simplex,
                             served == Served::kWhole ? whole_tree : tree);
  return Status::ok();
}

// A result is optimal if rounding explains its gap and its infeasibility.
void Solver::Workspace::judge(Result& result) const {
  const auto& [gap, infeasibility, slackness] = result.certificate;
  const double explained = kCostAccuracy * std::abs(result.cost) + std::numeric_limits<double>::min();
  if (result.outcome != Outcome::kOptimal) return;
  if (std::max(gap, 0.0) + infeasibility * marginals.mass() <= explained) return;
  double sum = std::abs(result.cost), largest = 0;
  const auto add = [&](std::span<const double> weights, const std::vector<double>& potentials) {
    for (std::size_t k = 0; k < weights.size(); ++k) {
      sum += weights[k] * std::abs(potentials[k]);
      largest = std::max(largest, std::abs(potentials[k]));
    }
  };
  add(marginals.supply(), result.u);
  add(marginals.demand(), result.v);
  if (gap > explained + kSumRounding * sum || infeasibility > kSumRounding * largest)
    result.outcome = Outcome::kUnproven;
}

}  // namespace genmi::transport
