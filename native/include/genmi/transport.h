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

// Costs between n1 sources and n2 targets in the form that solvers read, prepared once and shared by all solvers.
class Costs {
 public:
  // Properties of square costs that are known already and need not be checked.
  struct Known {
    // Whether the triangle inequality holds for most triangles, so that mass common to both measures at a point need
    // not move. A hint for speed: the optimum is the same.
    std::optional<bool> metric_like = {};
    bool symmetric = false;
  };

  // Borrows the matrix: at least one number, all from -1e300 to 1e300 (else kOutOfRange). Cost: a few passes over it.
  // A matrix of many rows and few columns is copied, and held with both exchanged: see is_turned().
  Status prepare(MatrixView<double> matrix, Known known);
  Status prepare(MatrixView<double> matrix) { return prepare(matrix, {}); }

  // Symmetric costs >= 0 between `points` points with a zero diagonal, kept in float32. fill writes them in rows that
  // are `stride` numbers apart.
  using FillRows = std::function<void(float* rows, std::size_t stride)>;
  Status prepare(std::size_t points, const FillRows& fill, std::optional<bool> metric_like);

  // Sets the vector kernels that read these costs; the default is those of simd::default_isa().
  void use(const simd::TransportKernels& kernels) { kernels_ = &kernels; }

  std::size_t sources() const { return is_turned() ? columns() : rows(); }
  std::size_t targets() const { return is_turned() ? rows() : columns(); }
  // Bytes of memory, the 16-bit costs included once they have been made. From any thread.
  std::size_t bytes() const;

  // For the solvers: whether rows are the targets. Rows are the sources otherwise.
  bool is_turned() const { return turned_ != nullptr; }
  std::size_t rows() const { return matrix_.rows; }
  std::size_t columns() const { return matrix_.columns; }
  // (costs - shift()) * scale(). The scale is a power of two that keeps float32 in range. The shift is the least cost
  // if that is negative or exceeds half of the largest other cost; else 0.
  CostBlock block() const;
  // The costs of block() in 16 bits, made at the first call; from any thread.
  const CoarseCosts& coarse() const;
  double scale() const { return scale_; }
  double shift() const { return shift_; }
  double largest() const { return largest_; }                 // the largest magnitude of the caller's costs
  double largest_in_block() const { return span_ * scale_; }  // the largest cost of block(), where all are >= 0
  // The caller's costs, in rows; null where they came as float32.
  const double* caller_rows() const { return matrix_.data; }
  // One of the caller's costs, in either precision.
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
  MatrixView<double> matrix_;                          // without data where the costs came as float32
  std::shared_ptr<const std::vector<double>> turned_;  // the numbers of the matrix, where rows are the targets
  double scale_ = 1, shift_ = 0;
  double largest_ = 0;            // max |cost|
  double span_ = 0;               // max (cost - shift)
  std::vector<double> scaled_;    // the costs of block(); empty where they equal the caller's
  AlignedVector<float> rounded_;  // the same in float32, in padded rows
  std::size_t row_stride_ = 0;    // from one row of rounded_ to the next
  bool rounding_is_exact_ = false, zero_diagonal_ = false, metric_like_ = false, symmetric_ = false;
  std::shared_ptr<MadeOnce> coarse_;
};

// The final basis of a problem. A similar problem over the same costs is solved sooner from it.
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
  std::vector<double> supply, demand;  // the measures of that problem
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
