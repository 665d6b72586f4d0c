// Exact optimal transport between discrete measures over a shared cost matrix.
//
//   minimise <plan, costs>  over plan >= 0, plan 1 = supply, plan' 1 = demand
//   maximise <u, supply> + <v, demand>  over u_i + v_j <= costs_ij
//
// Solved by the network simplex: primal from nothing (native/transport/network_simplex.h), dual from the basis of a
// similar problem (dual_simplex.h). No GEMINI in here.
// References: Ahuja, Magnanti, Orlin, "Network Flows", 1993, ch. 11; Peyre, Cuturi, "Computational Optimal
// Transport", 2019, ch. 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "genmi/context.h"
#include "genmi/job.h"
#include "genmi/status.h"

namespace genmi::transport {

// Costs between n1 sources and n2 targets. Other rooms make them as OwnedCosts (native/transport/owned_costs.h).
class Costs;

// A tree of the network simplex, for the solvers alone: native/transport/basis_tree.h.
struct BasisTree;

// The final basis of a problem. A similar problem over the same costs is solved sooner from it.
class Basis {
 public:
  Basis();
  ~Basis();
  Basis(Basis&&) noexcept;
  Basis& operator=(Basis&&) noexcept;

  bool empty() const;
  std::size_t bytes() const;
  BasisTree& tree();

 private:
  std::unique_ptr<BasisTree> tree_;  // made by tree()
};

struct Options {
  // Also return the plan's positive entries, which have the marginals to 1e-12 of each weight. Where weights are
  // lighter than 2^-16 of all that moves, potentials may then be other optimal ones, and solving takes longer.
  bool plan = false;
  std::uint64_t max_pivots = std::numeric_limits<std::uint64_t>::max();
  double mass_tolerance = 1e-8;  // largest relative difference of the two sums
  const Job* job = nullptr;      // polled inside the pivots
  // The basis to start from, ignored if empty or with max_pivots. It receives the final basis, if that is optimal.
  Basis* basis = nullptr;
};

// kUnproven: no pivot improves the plan, yet the certificate's gap is more than rounding explains.
enum class Outcome { kOptimal, kIterationLimit, kUnproven };

struct PlanEntry {
  std::int32_t source, target;
  double mass;
};

// How far a result is from a proof of optimality, measured on the caller's numbers in float64 after the solve.
//
// At the optimum all three numbers are rounding errors. The gap is about 1e-14 of the cost or of
// <|u|, supply> + <|v|, demand>; the others are about 1e-14 of the largest potential. Potentials stay as small as the
// costs of used arcs allow, whatever unused arcs cost (forbidden pairs, for example).
struct Certificate {
  double gap = 0;            // <plan, costs> - (<u, supply> + <v, demand>)
  double infeasibility = 0;  // the largest of 0 and u_i + v_j - costs_ij over all i, j
  double slackness = 0;      // the largest costs_ij - u_i - v_j over the plan's positive entries
};

// The answer of one problem. A caller with many problems reuses the object.
struct Result {
  Outcome outcome = Outcome::kOptimal;
  double cost = 0;           // <plan, costs>; the optimum is no lower than cost - certificate.gap
  std::vector<double> u, v;  // valid at every point, also those without mass
  std::uint64_t pivots = 0;
  std::vector<PlanEntry> plan;  // by source, then target; empty unless asked for
  Certificate certificate;
};

// Solves problems one after the other and keeps its memory between them. One thread at a time.
class Solver {
 public:
  Solver();
  ~Solver();
  Solver(Solver&&) noexcept;
  Solver& operator=(Solver&&) noexcept;

  // supply: n1 weights, demand: n2 weights, finite, >= 0, not all zero. Their sum, and the sum times the largest cost,
  // is at most 1e300. Demands are scaled to the supplies' sum when the sums differ by at most mass_tolerance; a larger
  // difference is kInfeasible. The result is for the supplies' sum, which is not scaled to 1. Stopping at max_pivots is
  // an Outcome, no error. On an error (kOutOfRange for the weights, kInfeasible, kAborted) the result is unspecified.
  // Cost: about N^2 to N^2.3 for N points.
  Status solve(const Costs& costs, std::span<const double> supply, std::span<const double> demand,
               const Options& options, Result& result);

 private:
  struct Workspace;
  std::unique_ptr<Workspace> workspace_;
};

// Solves `count` problems over one cost matrix, each on one of the context's threads, with the same bits for any number
// of threads. weights(i, supply, demand) fills in problem i; keep(i, result) may take its answer. Both are called from
// several threads. Returns the error of the lowest-numbered problem that failed. Memory is kept in the context's
// workspace. bases: none, or one for each problem; see Options.
using FillWeights = std::function<void(std::size_t problem, std::span<double> supply, std::span<double> demand)>;
using KeepResult = std::function<void(std::size_t problem, Result& result)>;
Status solve_many(const Costs& costs, std::size_t count, const FillWeights& weights, const Options& options,
                  const Context& context, const KeepResult& keep, std::span<Basis> bases = {});

}  // namespace genmi::transport
