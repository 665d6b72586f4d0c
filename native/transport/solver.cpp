// The pipeline of one problem: check, make the marginals ready, gather the costs that matter, network simplex, lift the
// duals to all points, certify.
#include <vector>

#include "genmi/transport.h"
#include "transport/checks.h"
#include "transport/duals.h"
#include "transport/marginals.h"
#include "transport/network_simplex.h"
#include "transport/plan.h"

namespace genmi::transport {
namespace {

// The block of costs between the supports: the matrix itself if that is all of it.
MatrixView<double> gather(MatrixView<double> costs, const Support& sources, const Support& targets,
                          std::vector<double>& block) {
  const std::size_t rows = sources.points.size();
  const std::size_t columns = targets.points.size();
  if (rows == costs.rows && columns == costs.columns) return costs;
  block.resize(rows * columns);
  double* out = block.data();
  for (const std::size_t source : sources.points) {
    const double* row = costs.row(source);
    for (const std::size_t target : targets.points) *out++ = row[target];
  }
  return {block.data(), rows, columns};
}

}  // namespace

struct Solver::Workspace {
  Marginals marginals;
  std::vector<double> block;
  NetworkSimplex simplex;

  Status move(MatrixView<double> costs, const Options& options, Result& result);
  void certify(MatrixView<double> costs, Result& result) const;
};

Solver::Solver(Costs costs) : costs_(costs), workspace_(std::make_unique<Workspace>()) {}
Solver::~Solver() = default;
Solver::Solver(Solver&&) noexcept = default;
Solver& Solver::operator=(Solver&&) noexcept = default;

Status Solver::solve(std::span<const double> supply, std::span<const double> demand, const Options& options,
                     Result& result) {
  const MatrixView<double> costs = costs_.matrix;
  if (Status status = check_shape(costs_); !status) return status;
  // Messages call the arguments what the caller does: weights p and q, distances.
  if (Status status = check_weights("p", supply, costs.rows); !status) return status;
  if (Status status = check_weights("q", demand, costs.columns); !status) return status;

  Marginals& marginals = workspace_->marginals;
  if (Status status = marginals.prepare(supply, demand, options.mass_tolerance, costs_.metric); !status) return status;
  if (Status status = workspace_->move(costs, options, result); !status) return status;
  workspace_->certify(costs, result);
  if (options.plan) {
    sort_plan(result.plan);
  } else {
    result.plan.clear();
  }
  return Status::ok();
}

// Finds plan and duals for the marginals.
Status Solver::Workspace::move(MatrixView<double> costs, const Options& options, Result& result) {
  const Support& sources = marginals.sources();
  const Support& targets = marginals.targets();
  result.outcome = Outcome::kOptimal;
  result.pivots = 0;
  result.plan.clear();
  append_staying(marginals, result.plan);
  if (sources.points.empty()) {
    result.u.assign(costs.rows, 0);
    result.v.assign(costs.columns, 0);
    return Status::ok();
  }

  const MatrixView<double> moves = gather(costs, sources, targets, block);
  switch (simplex.solve({moves, sources.units, targets.units}, options.max_pivots, options.job)) {
    case NetworkSimplex::Ending::kOptimal: break;
    case NetworkSimplex::Ending::kPivotLimit: result.outcome = Outcome::kIterationLimit; break;
    case NetworkSimplex::Ending::kCancelled: return {Code::kAborted, "aborted"};
  }
  result.pivots = simplex.pivots();
  append_flows(marginals, simplex.tree(), result.plan);
  lift_duals(costs, targets.points, simplex.tree().column_potentials(), result.u, result.v);
  return Status::ok();
}

// Both values bound the optimum, whatever happened before: the plan's from above, the duals' from below. Of two that
// agree the plan's is the more accurate, a sum of positive terms, where the duals' cancel when the measures are close.
void Solver::Workspace::certify(MatrixView<double> costs, Result& result) const {
  result.cost = plan_cost(costs, result.plan);
  result.certificate.gap = result.cost - dual_value(marginals.supply(), marginals.demand(), result.u, result.v);
  result.certificate.infeasibility = dual_infeasibility(costs, result.u, result.v);
  result.certificate.slackness = complementary_slackness(costs, result.plan, result.u, result.v);
}

}  // namespace genmi::transport
