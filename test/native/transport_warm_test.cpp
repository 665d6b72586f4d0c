// Warm starts: from any basis, its own last one or another problem's, a solver must find and prove the optimum that it
// finds from nothing.
#include <cmath>
#include <string>

#include "transport/spanning_tree.h"
#include "transport_support.h"

namespace genmi::transport {
namespace {

using namespace test;

// The predictions of a model in training. Each cluster is a measure.
class Clusters {
 public:
  Clusters(std::size_t points, std::size_t clusters, double sharpness, Random& random)
      : clusters_(clusters), logits_(genmi::test::gaussians(random, points * clusters, sharpness)) {}

  void step(double noise, Random& random) {
    const std::vector<double> moves = genmi::test::gaussians(random, logits_.size(), noise);
    for (std::size_t k = 0; k < logits_.size(); ++k) logits_[k] += moves[k];
  }

  Weights measure(std::size_t cluster) const {
    const std::vector<double> shares = genmi::test::softmax(logits_, clusters_);
    Weights weights;
    for (std::size_t at = cluster; at < shares.size(); at += clusters_) weights.push_back(shares[at]);
    const double total = sum(weights);
    for (double& weight : weights) weight /= total;
    return weights;
  }

 private:
  std::size_t clusters_;
  std::vector<double> logits_;
};

class WarmStarts : public testing::Test {
 protected:
  // Solves from the kept basis, keeps the next one, and compares with a solve from nothing. Costs may change between
  // calls.
  void expect_same_optimum(const Matrix& costs, const Costs& prepared, const Weights& supply, const Weights& demand) {
    Options options;
    options.plan = true;
    ASSERT_TRUE(solver_.solve(prepared, supply, demand, options, cold_));
    options.basis = &basis_;
    ASSERT_TRUE(solver_.solve(prepared, supply, demand, options, warm_));
    ASSERT_NO_FATAL_FAILURE(expect_optimal(costs, supply, demand, warm_));
    ASSERT_NEAR(warm_.cost, cold_.cost, 1e-12 * costs.largest() * sum(supply));
    cold_pivots_ += cold_.pivots;
    warm_pivots_ += warm_.pivots;
  }

  Solver solver_;
  Result cold_, warm_;
  Basis basis_;
  std::uint64_t cold_pivots_ = 0, warm_pivots_ = 0;
};

// One-vs-one and one-vs-all comparisons while logits move a little, from nearly uniform to saturated predictions.
TEST_F(WarmStarts, FindTheSameOptimumStepAfterStep) {
  constexpr std::size_t kSequences = 200, kSteps = 10;
  for (std::size_t sequence = 0; sequence < kSequences; ++sequence) {
    Random random(sequence);
    const Family& family = families()[sequence % families().size()];
    const Matrix costs = family.make(2 + below(127, random), random);
    const std::vector<Hint> hints = hints_for(costs);
    const Costs prepared = prepare(costs, hints[below(hints.size(), random)]);
    const double sharpness = power_of_ten(-2, 1.5, random);
    Clusters sources(costs.rows, 3, sharpness, random), targets(costs.columns, 3, sharpness, random);
    const bool same_points = costs.rows == costs.columns, against_all = random() % 2 == 0;
    basis_ = {};
    for (std::size_t step = 0; step < kSteps; ++step) {
      SCOPED_TRACE("sequence " + std::to_string(sequence) + ", step " + std::to_string(step) + ": " + family.name +
                   ", n = " + std::to_string(costs.rows));
      const Weights uniform(costs.columns, 1.0 / static_cast<double>(costs.columns));
      const Weights demand = against_all ? uniform : same_points ? sources.measure(1) : targets.measure(1);
      ASSERT_NO_FATAL_FAILURE(expect_same_optimum(costs, prepared, sources.measure(0), demand));
      sources.step(0.02, random);
      targets.step(0.02, random);
    }
  }
}

TEST_F(WarmStarts, NeedFewerPivotsForASmallStep) {
  Random random(1);
  for (const char* family : {"euclidean", "hops", "squared euclidean", "cosine", "random square"}) {
    const Matrix costs = make(family, 100, random);
    const Costs prepared = prepare(costs);
    Clusters clusters(100, 4, 3, random);
    basis_ = {};
    ASSERT_NO_FATAL_FAILURE(expect_same_optimum(costs, prepared, clusters.measure(0), clusters.measure(1)));
    EXPECT_FALSE(basis_.empty()) << family;
    cold_pivots_ = warm_pivots_ = 0;
    for (std::size_t step = 0; step < 10; ++step) {
      clusters.step(0.02, random);
      ASSERT_NO_FATAL_FAILURE(expect_same_optimum(costs, prepared, clusters.measure(0), clusters.measure(1)));
    }
    EXPECT_LT(2 * warm_pivots_, cold_pivots_) << family;
  }
}

// Points without mass, as in saturated predictions. Some points get or lose mass from step to step.
TEST_F(WarmStarts, NeedFewerPivotsWherePointsHaveNoMass) {
  Random random(3);
  for (const char* family :
       {"euclidean", "squared euclidean", "cosine", "random square", "random wide", "random tall"}) {
    for (const double nothing : {0.0, 1e-300}) {
      SCOPED_TRACE(std::string(family) + ", " + std::to_string(nothing));
      const Matrix costs = make(family, 60, random);
      const Costs prepared = prepare(costs);
      Clusters sources(costs.rows, 4, 3, random), targets(costs.columns, 4, 3, random);
      basis_ = {};
      for (std::size_t step = 0; step < 12; ++step) {
        Weights supply = sources.measure(0), demand = targets.measure(1);
        for (Weights* weights : {&supply, &demand})
          for (double& weight : *weights) weight = weight < 2e-3 ? nothing : weight;
        const double scale = sum(supply) / sum(demand);
        for (double& weight : demand) weight *= scale;
        ASSERT_NO_FATAL_FAILURE(expect_same_optimum(costs, prepared, supply, demand));
        ASSERT_FALSE(basis_.empty());
        sources.step(0.02, random);
        targets.step(0.02, random);
        if (step == 0) cold_pivots_ = warm_pivots_ = 0;
      }
      EXPECT_LT(2 * warm_pivots_, cold_pivots_);
    }
  }
}

// The flows of an infeasible tree can be as large as all staying mass together, even if they cancel in sum.
TEST_F(WarmStarts, SurviveFlowsThatOverflow) {
  for (std::size_t n = 2; n < 80; ++n) {
    SCOPED_TRACE(n);
    const Matrix costs(n, n);
    const Costs prepared = prepare(costs);
    const Sides sides = Sides::bipartite(n, n);
    Weights supply(n, 1), demand(n, 1);
    supply.front() += 1e-6, demand.back() += 1e-6;
    // A tree with all rows on the first column, and all columns on the first row.
    basis_.tree().graph = BasisTree::Graph::kSides;
    basis_.tree().arcs = {{sides.row_node(0), sides.row_node(0), false, 0},
                          {sides.column_node(0), sides.row_node(0), false, 0}};
    for (std::size_t k = 1; k < n; ++k)
      basis_.tree().arcs.push_back({sides.row_node(k), sides.column_node(0), true, 0});
    for (std::size_t k = 1; k < n; ++k)
      basis_.tree().arcs.push_back({sides.column_node(k), sides.row_node(0), false, 0});
    basis_.tree().supply = supply, basis_.tree().demand = demand;
    ASSERT_NO_FATAL_FAILURE(expect_same_optimum(costs, prepared, supply, demand));
  }
}

// The same costs with unrelated measures: other supports, points that gain or lose all their mass, equal measures.
TEST_F(WarmStarts, SurviveTheBasisOfAnyOtherProblem) {
  for (std::size_t sequence = 0; sequence < 10 * families().size(); ++sequence) {
    Random random(sequence);
    const Family& family = families()[sequence % families().size()];
    const Matrix costs = family.make(1 + below(40, random), random);
    const std::vector<Hint> hints = hints_for(costs);
    const Costs prepared = prepare(costs, hints[below(hints.size(), random)]);
    basis_ = {};
    for (std::size_t step = 0; step < 2 * kWeightKinds; ++step) {
      const std::size_t kinds[] = {below(kWeightKinds, random), below(kWeightKinds, random)};
      SCOPED_TRACE("sequence " + std::to_string(sequence) + ", step " + std::to_string(step) + ": " + family.name +
                   ", n = " + std::to_string(costs.rows) + ", weights " + std::to_string(kinds[0]) + " and " +
                   std::to_string(kinds[1]));
      const Weights supply = make_weights(costs.rows, kinds[0], random);
      const bool equal = costs.rows == costs.columns && uniform(random) < 0.1;
      const Weights demand = equal ? supply : make_weights(costs.columns, kinds[1], random);
      ASSERT_NO_FATAL_FAILURE(expect_same_optimum(costs, prepared, supply, demand));
    }
  }
}

// Costs of another shape, or of the same shape and another kind: a basis that does not fit is not used.
TEST_F(WarmStarts, SurviveTheBasisOfOtherCosts) {
  for (std::size_t sequence = 0; sequence < 100; ++sequence) {
    Random random(sequence);
    const std::size_t n = 1 + below(20, random);
    for (std::size_t step = 0; step < 12; ++step) {
      const Family& family = families()[below(families().size(), random)];
      SCOPED_TRACE("sequence " + std::to_string(sequence) + ", step " + std::to_string(step) + ": " + family.name);
      const Matrix costs = family.make(step % 3 == 0 ? 1 + below(20, random) : n, random);
      const std::vector<Hint> hints = hints_for(costs);
      const Costs prepared = prepare(costs, hints[below(hints.size(), random)]);
      const Weights supply = make_weights(costs.rows, below(kWeightKinds, random), random);
      const Weights demand = make_weights(costs.columns, below(kWeightKinds, random), random);
      ASSERT_NO_FATAL_FAILURE(expect_same_optimum(costs, prepared, supply, demand));
    }
  }
}

// A limit on pivots, or a request to stop, must leave no unfinished basis for the next solve.
TEST_F(WarmStarts, SurviveSolvesThatWereStopped) {
  Random random(2);
  for (const char* family : {"plane", "squared plane", "random wide"}) {
    const Matrix costs = make(family, 40, random);
    const Costs prepared = prepare(costs);
    basis_ = {};
    Job cancelled;
    cancelled.cancel();
    for (std::size_t repeat = 0; repeat < 20; ++repeat) {
      SCOPED_TRACE(family);
      const Weights supply = make_weights(costs.rows, 1, random), demand = make_weights(costs.columns, 1, random);
      Options stopped;
      stopped.plan = true;
      stopped.basis = &basis_;
      if (repeat % 2 == 0) {
        stopped.max_pivots = below(10, random);
        ASSERT_TRUE(solver_.solve(prepared, supply, demand, stopped, warm_));
        ASSERT_NO_FATAL_FAILURE(expect_right(costs, supply, demand, warm_));
        if (repeat == 0) ASSERT_TRUE(basis_.empty() || warm_.outcome == Outcome::kOptimal);
      } else {
        stopped.job = &cancelled;
        ASSERT_EQ(solver_.solve(prepared, supply, demand, stopped, warm_).code(), Code::kAborted);
      }
      ASSERT_NO_FATAL_FAILURE(expect_same_optimum(costs, prepared, supply, demand));
    }
  }
}

}  // namespace
}  // namespace genmi::transport
