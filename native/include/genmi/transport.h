// Exact optimal transport between discrete measures over a shared cost matrix.
//
//   minimise <plan, costs>  over plan >= 0, plan 1 = supply, plan' 1 = demand
//   maximise <u, supply> + <v, demand>  over u_i + v_j <= costs_ij
//
// Solved by the network simplex, primal from nothing (native/transport/network_simplex.h) and dual from the basis of a
// problem like it (dual_simplex.h); no GEMINI in here.
// References: Ahuja, Magnanti, Orlin, "Network Flows", 1993, ch. 11; Peyre, Cuturi, "Computational Optimal
// Transport", 2019, ch. 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "genmi/aligned_vector.h"
#include "genmi/context.h"
#include "genmi/job.h"
#include "genmi/matrix.h"
#include "genmi/status.h"

namespace genmi::simd {
struct TransportKernels;
}

namespace genmi::transport {

struct CostBlock;
class CoarseCosts;

// Costs between n1 sources and n2 targets in the form that solvers want, made once and shared by all of them.
class Costs {
 public:
  // What is known of square costs already and need not be checked.
  struct Known {
    // Whether the triangle inequality holds for most triangles, so that mass which both measures have at a point need
    // not move. A hint about the fastest way: the optimum is the same.
    std::optional<bool> metric_like = {};
    bool symmetric = false;
  };

  // Takes numbers from -1e300 to 1e300, at least one (else kOutOfRange); borrows them. Cost: a few passes over them.
  Status prepare(MatrixView<double> matrix, Known known);
  Status prepare(MatrixView<double> matrix) { return prepare(matrix, {}); }

  // Symmetric costs >= 0 between `points` points with a zero diagonal, which are float32 numbers and are kept as such:
  // fill writes them in rows of `stride`.
  using FillRows = std::function<void(float* rows, std::size_t stride)>;
  Status prepare(std::size_t points, const FillRows& fill, std::optional<bool> metric_like);

  // The vector kernels that solvers read these costs with; else those of simd::default_isa().
  void use(const simd::TransportKernels& kernels) { kernels_ = &kernels; }

  std::size_t rows() const { return matrix_.rows; }
  std::size_t columns() const { return matrix_.columns; }
  // Of memory, from any thread; the block in 16 bits counts once it has been made.
  std::size_t bytes() const;

  // For the solvers: (costs - shift()) * scale(). The scale is a power of two that keeps float32 in range. The shift is
  // the least cost where that is negative, or more than half of the largest other one; else 0.
  CostBlock block() const;
  // The block's in 16 bits, made by the first who asks; from any thread.
  const CoarseCosts& coarse() const;
  double scale() const { return scale_; }
  double shift() const { return shift_; }
  double largest() const { return largest_; }                 // magnitude of the costs as they came
  double largest_in_block() const { return span_ * scale_; }  // >= 0, as all costs there are
  // The costs as they came, in rows; null where they came as float32. And one of them, however they came.
  const double* caller_rows() const { return matrix_.data; }
  double operator()(std::size_t row, std::size_t column) const {
    const std::size_t at = row * matrix_.columns + column;
    if (matrix_.data != nullptr) return matrix_.data[at];
    return scaled_.empty() ? static_cast<double>(rounded_[row * row_stride_ + column]) : scaled_[at] / scale_;
  }
  bool has_zero_diagonal() const { return zero_diagonal_; }
  bool is_metric_like() const { return metric_like_; }
  bool is_symmetric() const { return symmetric_; }

 private:
  struct MadeOnce;

  void round();
  void pad();

  const simd::TransportKernels* kernels_ = nullptr;
  MatrixView<double> matrix_;  // without data where they came as float32
  double scale_ = 1, shift_ = 0;
  double largest_ = 0, span_ = 0;  // of the costs, and of what they exceed the shift by
  std::vector<double> scaled_;     // the block's, empty where they are the caller's
  AlignedVector<float> rounded_;   // in padded rows
  std::size_t row_stride_ = 0;     // of them
  bool rounding_is_exact_ = false, zero_diagonal_ = false, metric_like_ = false, symmetric_ = false;
  std::shared_ptr<MadeOnce> coarse_;
};

// The basis that a problem ended with, from which the next one like it, over the same costs, is solved sooner.
class Basis {
 public:
  bool empty() const { return arcs.empty(); }
  std::size_t bytes() const {
    return arcs.capacity() * sizeof(Arc) + (supply.capacity() + demand.capacity()) * sizeof(double);
  }

  // For the solvers: the nodes of the tree, the root first and parents before children, with their potentials.
  enum class Graph { kPoints, kSides };
  struct Arc {
    std::int32_t node, parent;  // the root is its own parent
    bool upward;                // whether the arc leads to the parent
    double potential;
  };
  Graph graph = Graph::kPoints;
  std::vector<Arc> arcs;
  std::vector<double> supply, demand;  // the measures that it was left by
};

struct Options {
  bool plan = false;  // also return the plan's positive entries
  std::uint64_t max_pivots = std::numeric_limits<std::uint64_t>::max();
  double mass_tolerance = 1e-8;  // largest relative difference of the two sums
  const Job* job = nullptr;      // polled inside the pivots
  // The basis to start from (ignored if empty or with max_pivots); receives the final one, if that is optimal.
  Basis* basis = nullptr;
};

// kUnproven: no pivot improves the plan, yet the certificate's gap is more than rounding explains.
enum class Outcome { kOptimal, kIterationLimit, kUnproven };

struct PlanEntry {
  std::int32_t source, target;
  double mass;
};

// How far a result is from a proof of optimality, measured on the caller's numbers in float64 after the solve. At the
// optimum all three are rounding errors: the gap about 1e-14 of the cost or of <|u|, supply> + <|v|, demand>, the
// others about 1e-14 of the largest potential. Costs that no flow pays, such as those of forbidden pairs, leave
// potentials as small as the others allow.
struct Certificate {
  double gap = 0;            // <plan, costs> - (<u, supply> + <v, demand>)
  double infeasibility = 0;  // the largest of 0 and u_i + v_j - costs_ij over all i, j
  double slackness = 0;      // the largest costs_ij - u_i - v_j over the plan's positive entries
};

// One problem's answer, reused from call to call by whoever solves many.
struct Result {
  Outcome outcome = Outcome::kOptimal;
  double cost = 0;           // <plan, costs>; the optimum is no lower than cost - certificate.gap
  std::vector<double> u, v;  // valid at every point, also those without mass
  std::uint64_t pivots = 0;
  std::vector<PlanEntry> plan;  // by source, then target; empty unless asked for
  Certificate certificate;
};

// Solves problems, one after the other, keeping its memory between them. One thread at a time.
class Solver {
 public:
  Solver();
  ~Solver();
  Solver(Solver&&) noexcept;
  Solver& operator=(Solver&&) noexcept;

  // supply: n1 weights, demand: n2 weights, finite, >= 0, not all zero; their sum, also times the largest cost, at most
  // 1e300. Demands are scaled to the supplies' sum when the sums differ by no more than mass_tolerance; by more is
  // kInfeasible. The result is for that sum as it is, not
  // for 1. Stopping at max_pivots is no error but an Outcome. On an error (kOutOfRange for the weights, kInfeasible,
  // kAborted) the result is unspecified. Cost about N^2 to N^2.3 for N points.
  Status solve(const Costs& costs, std::span<const double> supply, std::span<const double> demand,
               const Options& options, Result& result);

 private:
  struct Workspace;
  std::unique_ptr<Workspace> workspace_;
};

// Solves count problems over one cost matrix, each on one of the context's threads: the same bits for any number of
// them. weights(i, supply, demand) fills in problem i, keep(i, result) may take its answer; both are called from
// several threads. Returns the error of the first problem, by number, that has one. Memory is kept in the context's
// workspace. bases: none, or one for each problem, see Options.
using FillWeights = std::function<void(std::size_t problem, std::span<double> supply, std::span<double> demand)>;
using KeepResult = std::function<void(std::size_t problem, Result& result)>;
Status solve_many(const Costs& costs, std::size_t count, const FillWeights& weights, const Options& options,
                  const Context& context, const KeepResult& keep, std::span<Basis> bases = {});

}  // namespace genmi::transport
