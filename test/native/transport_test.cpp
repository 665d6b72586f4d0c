// Exact transport proves itself optimal on every family, hint and kind of weights, and has all its invariances.
#include <fstream>
#include <limits>
#include <string>

#include "transport/costs.h"
#include "transport_support.h"

namespace genmi::transport {
namespace {

using namespace test;

// ---- Optimality ----

TEST(Transport, ProvesItselfOptimalOnEveryFamily) {
  Random random(3);
  for (const Family& family : families()) {
    for (std::size_t n = 1; n <= 17; ++n) {
      for (std::size_t kinds = 0; kinds < kWeightKinds * kWeightKinds; ++kinds) {
        SCOPED_TRACE(std::string(family.name) + ", n = " + std::to_string(n) + ", weights " + std::to_string(kinds));
        const Matrix costs = family.make(n, random);
        const Weights supply = make_weights(costs.rows, kinds / kWeightKinds, random);
        const Weights demand = make_weights(costs.columns, kinds % kWeightKinds, random);
        const double cost = solve(costs, {}, supply, demand).cost;
        for (const Hint hint : hints_for(costs)) {
          const Result result = solve(costs, hint, supply, demand);
          ASSERT_NO_FATAL_FAILURE(expect_optimal(costs, supply, demand, result));
          ASSERT_NEAR(result.cost, cost, 1e-13 * costs.largest());
        }
      }
    }
  }
}

TEST(Transport, LeavesEqualMeasuresWhereTheyAre) {
  Random random(5);
  for (const char* family : {"plane", "squared plane", "random zero diagonal"}) {
    const Matrix costs = make(family, 30, random);
    const Weights weights = make_weights(30, 2, random);
    Weights scaled = weights;
    for (double& weight : scaled) weight *= 1 + 4e-9;
    for (const Weights& demand : {weights, scaled}) {
      for (const Hint hint : hints_for(costs)) {
        const Result result = solve(costs, hint, weights, demand);
        EXPECT_EQ(result.cost, 0);
        EXPECT_EQ(result.pivots, 0u);
        EXPECT_TRUE(std::all_of(result.u.begin(), result.u.end(), [](double u) { return u == 0; }));
        expect_optimal(costs, weights, demand, result);
      }
    }
  }
}

// The potential of a point without mass is the one-sided derivative of the cost with respect to its mass.
TEST(Transport, PointsWithoutMassHaveTheOneSidedDerivative) {
  Random random(6);
  for (const char* family : {"plane", "squared euclidean"}) {
    const Matrix costs = make(family, 9, random);
    Weights supply = make_weights(9, 1, random);
    const Weights demand = make_weights(9, 1, random);
    supply[3] += supply[4];
    supply[4] = 0;
    const double step = 1e-7;
    Weights moved = supply;
    for (double& weight : moved) weight *= 1 - step;
    moved[4] = step;
    for (const Hint hint : hints_for(costs)) {
      const Result result = solve(costs, hint, supply, demand);
      const double slope = (solve(costs, hint, moved, demand).cost - result.cost) / step;
      EXPECT_NEAR(slope, result.u[4] - inner(result.u, supply), 1e-6 * costs.largest()) << family;
    }
  }
}

TEST(Transport, KeepsCostsExactBesidePenaltiesThatAreNotPaid) {
  Random random(7);
  const std::size_t n = 12;
  Matrix costs = random_costs(n, n, random);
  const Weights ones(n, 1);
  const Result before = solve(costs, {}, ones, ones);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const bool used = std::any_of(before.plan.begin(), before.plan.end(), [&](const PlanEntry& entry) {
        return static_cast<std::size_t>(entry.source) == i && static_cast<std::size_t>(entry.target) == j;
      });
      if (!used && costs(i, j) > 0.5) costs(i, j) = 1e9;
    }
  }
  const Result result = solve(costs, {}, ones, ones);
  EXPECT_NEAR(result.cost, before.cost, 1e-13 * before.cost);
  EXPECT_LE(result.certificate.gap, 1e-13 * before.cost);
}

// Costs that drown beside a penalty must not keep the search from ending.
TEST(Transport, EndsBesidePenaltiesBeyondComparison) {
  Random random(16);
  const std::size_t n = 30;
  const Weights ones(n, 1);
  for (double penalty = 1e5; penalty < 1e70; penalty *= 1e3) {
    Matrix costs = random_costs(n, n, random);
    costs(7, 9) = penalty;
    expect_optimal(costs, ones, ones, solve(costs, {}, ones, ones));
  }
}

// Nearly all mass stays. With ties, moving mass may pass through points whose own mass is on no arc of the basis.
TEST(Transport, KeepsMassThatStaysWhereNoArcOfTheBasisCarriesIt) {
  Random random(17);
  for (std::size_t repeat = 0; repeat < 100; ++repeat) {
    const std::size_t n = 16 + below(40, random);
    const Matrix costs = make("few values zero diagonal", n, random);
    const Weights supply = make_weights(n, 1, random);
    Weights demand = supply;
    for (double& weight : demand) weight *= 1 + 0.01 * uniform(random);
    const double total = sum(demand);
    for (double& weight : demand) weight /= total;
    Options options;
    if (repeat % 2 == 0) options.max_pivots = below(n, random);
    for (const Hint hint : hints_for(costs))
      ASSERT_NO_FATAL_FAILURE(expect_right(costs, supply, demand, solve(costs, hint, supply, demand, options)));
  }
}

// Clusters far apart, whose masses differ by twenty orders of magnitude: Sinkhorn's scalings leave float32's range.
// (The file: rows, columns, supply, demand, costs.)
TEST(Transport, EndsWhereFirstPotentialsCannotBeHad) {
  std::ifstream file(GENMI_FIXTURES "/transport/far-apart.txt");
  std::size_t rows = 0, columns = 0;
  file >> rows >> columns;
  Weights supply(rows), demand(columns);
  Matrix costs(rows, columns);
  for (double& weight : supply) file >> weight;
  for (double& weight : demand) file >> weight;
  for (double& cost : costs.values) file >> cost;
  ASSERT_TRUE(file);
  Result result;
  Options options;
  options.plan = true;
  options.mass_tolerance = 1e-6;
  ASSERT_TRUE(Solver().solve(prepare(costs), supply, demand, options, result));
  EXPECT_EQ(result.outcome, Outcome::kOptimal);
  EXPECT_LE(result.certificate.gap, 1e-12 * result.cost);
}

// Masses so small that a fraction of them underflows to 0: the plan must have no entry of mass 0.
TEST(Transport, HasNoEntriesWithoutMass) {
  Random random(18);
  for (const char* family : {"plane", "squared plane"}) {
    for (std::size_t repeat = 0; repeat < 50; ++repeat) {
      const std::size_t n = 3 + below(20, random);
      const Matrix costs = make(family, n, random);
      Weights supply(n), demand(n);
      for (Weights* weights : {&supply, &demand})
        for (double& weight : *weights)
          weight = static_cast<double>(below(9, random)) * std::numeric_limits<double>::denorm_min();
      supply.front() = demand.front() = 1;
      for (const Hint hint : hints_for(costs))
        ASSERT_NO_FATAL_FAILURE(expect_optimal(costs, supply, demand, solve(costs, hint, supply, demand)));
    }
  }
}

// ---- Invariances ----

TEST(Transport, ScalesWithTheCosts) {
  Random random(8);
  for (const Family& family : families()) {
    const Matrix costs = family.make(20, random);
    const Weights supply = make_weights(costs.rows, 1, random), demand = make_weights(costs.columns, 2, random);
    for (const Hint hint : hints_for(costs)) {
      const Result result = solve(costs, hint, supply, demand);
      for (const double factor : {1e30, 1e-30, 1e290, 1e-290}) {
        SCOPED_TRACE(family.name);
        Matrix scaled = costs;
        for (double& cost : scaled.values) cost *= factor;
        const Result other = solve(scaled, hint, supply, demand);
        EXPECT_NEAR(other.cost / factor, result.cost, 1e-13 * costs.largest());
        expect_optimal(scaled, supply, demand, other);
      }
    }
  }
}

TEST(Transport, ScalesWithTheMass) {
  Random random(9);
  for (const char* family : {"plane", "squared plane"}) {
    const Matrix costs = make(family, 15, random);
    const Weights supply = make_weights(15, 1, random), demand = make_weights(15, 2, random);
    const double cost = solve(costs, {}, supply, demand).cost;
    for (const double mass : {7.0, 1e200, 1e-200}) {
      Weights p = supply, q = demand;
      for (double& weight : p) weight *= mass;
      for (double& weight : q) weight *= mass;
      for (const Hint hint : hints_for(costs)) {
        const Result result = solve(costs, hint, p, q);
        EXPECT_NEAR(result.cost / mass, cost, 1e-14 * costs.largest());
        expect_optimal(costs, p, q, result);
      }
    }
  }
}

TEST(Transport, DoesNotDependOnTheOrderOfThePoints) {
  Random random(10);
  const std::size_t n = 20;
  const Matrix costs = make("squared euclidean", n, random);
  const Weights supply = make_weights(n, 1, random), demand = make_weights(n, 2, random);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), random);
  Matrix shuffled(n, n);
  Weights p(n), q(n);
  for (std::size_t i = 0; i < n; ++i) {
    p[i] = supply[order[i]];
    q[i] = demand[order[i]];
    for (std::size_t j = 0; j < n; ++j) shuffled(i, j) = costs(order[i], order[j]);
  }
  for (const Hint hint : hints_for(costs))
    EXPECT_NEAR(solve(shuffled, hint, p, q).cost, solve(costs, hint, supply, demand).cost, 1e-14 * costs.largest());
}

TEST(Transport, ScalesDemandsToTheSupplies) {
  Random random(11);
  const Matrix costs = make("plane", 10, random);
  const Weights supply = make_weights(10, 1, random), demand = make_weights(10, 1, random);
  Weights twice = demand;
  for (double& weight : twice) weight *= 2;
  Options options;
  options.mass_tolerance = 0.6;
  const Result result = solve(costs, {}, supply, twice, options);
  EXPECT_NEAR(result.cost, solve(costs, {}, supply, demand).cost, 1e-14);
  expect_optimal(costs, supply, twice, result);
}

TEST(Transport, SolversRememberNothing) {
  Random random(15);
  const Matrix costs = make("plane", 24, random), others = make("random wide", 9, random);
  const Costs prepared_others = prepare(others);
  for (const Hint hint : hints_for(costs)) {
    const Costs prepared = prepare(costs, hint);
    Solver reused;
    Result result;
    Options options;
    for (std::size_t repeat = 0; repeat < 50; ++repeat) {
      options.plan = repeat % 2 == 0;
      const Weights supply = make_weights(24, repeat % kWeightKinds, random);
      const Weights demand = make_weights(24, below(kWeightKinds, random), random);
      ASSERT_TRUE(reused.solve(prepared, supply, demand, options, result));
      Result fresh;
      ASSERT_TRUE(Solver().solve(prepared, supply, demand, options, fresh));
      EXPECT_EQ(result.cost, fresh.cost);
      EXPECT_EQ(result.u, fresh.u);
      EXPECT_EQ(result.v, fresh.v);
      EXPECT_EQ(result.pivots, fresh.pivots);
      EXPECT_EQ(result.certificate.gap, fresh.certificate.gap);
      EXPECT_EQ(result.plan.size(), fresh.plan.size());
      EXPECT_EQ(result.plan.empty(), !options.plan);
      // The solver solves a problem of another shape in between.
      ASSERT_TRUE(reused.solve(prepared_others, Weights(others.rows, 1.0 / static_cast<double>(others.rows)),
                               make_weights(others.columns, 1, random), options, result));
    }
  }
}

}  // namespace
}  // namespace genmi::transport
