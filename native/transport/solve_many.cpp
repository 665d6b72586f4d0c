// Solves many problems over one cost matrix: parallel over problems, never inside one.
#include <algorithm>
#include <vector>

#include "transport/costs.h"

namespace genmi::transport {
namespace {

// One solver for each thread. The next call reuses their memory.
struct Solvers {
  struct Slot {
    Solver solver;
    Result result;
    std::vector<double> supply, demand;
  };
  std::vector<Slot> slots;
  std::vector<Status> statuses;

  void prepare(const Costs& costs, std::size_t threads, std::size_t problems) {
    if (slots.size() < threads) slots.resize(threads);
    for (Slot& slot : slots) {
      slot.supply.resize(costs.sources());
      slot.demand.resize(costs.targets());
    }
    statuses.assign(problems, Status::ok());
  }
};

// A solver holds about rows x columns numbers. Where the solvers together hold more than this many, their memory is
// given back at once.
constexpr std::size_t kKeptCosts = std::size_t{1} << 20;

}  // namespace

Status solve_many(const Costs& costs, std::size_t count, const FillWeights& weights, const Options& options,
                  const Context& context, const KeepResult& keep, std::span<Basis> bases) {
  Solvers& solvers = context.workspace.kept<Solvers>();
  solvers.prepare(costs, std::min(context.slots(), count), count);
  context.for_each(count, [&](std::size_t problem, std::size_t thread) {
    Solvers::Slot& slot = solvers.slots[thread];
    weights(problem, slot.supply, slot.demand);
    Status& status = solvers.statuses[problem];
    Options own = options;
    if (!bases.empty()) own.basis = &bases[problem];
    status = slot.solver.solve(costs, slot.supply, slot.demand, own, slot.result);
    if (status) keep(problem, slot.result);
  });
  const auto failed =
      std::find_if(solvers.statuses.begin(), solvers.statuses.end(), [](const Status& s) { return !s; });
  Status status = failed == solvers.statuses.end() ? Status::ok() : *failed;
  if (costs.rows() * costs.columns() * solvers.slots.size() > kKeptCosts) solvers = {};
  return status;
}

}  // namespace genmi::transport
