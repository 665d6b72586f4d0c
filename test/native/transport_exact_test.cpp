// Small costs beside very large ones, and small weights beside large ones: every term of the optimum counts, whatever
// its magnitude.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "transport_support.h"

namespace genmi::transport {
namespace {

using namespace test;

Result solve_right(const Matrix& costs, Hint hint, const Weights& supply, const Weights& demand, Options options = {}) {
  const Result result = solve(costs, hint, supply, demand, options);
  EXPECT_EQ(result.outcome, Outcome::kOptimal);
  EXPECT_EQ(find_fault(costs, supply, demand, result), "");
  return result;
}

// Solves problem after problem, each from the basis of the one before.
class WarmSolver {
 public:
  const Result& solve(const Costs& costs, const Weights& supply, const Weights& demand) {
    EXPECT_TRUE(solver_.solve(costs, supply, demand, {.plan = true, .basis = &basis_}, result_));
    return result_;
  }

 private:
  Solver solver_;
  Basis basis_;
  Result result_;
};

// The certificate's bounds hold to the last digits of the cost.
void expect_close_bounds(const Result& result, double optimum) {
  EXPECT_NEAR(result.cost, optimum, 1e-12 * optimum);
  EXPECT_LE(std::abs(result.certificate.gap), 1e-12 * optimum);
}

// ---- Small costs beside large ones ----

// By hand: the first group costs min(1 + 2, 8 + 0) = 3, and so does the second.
TEST(SmallCosts, CountBesideForbiddenPairs) {
  for (double b = 1e3; b < 2e30; b *= 10) {
    SCOPED_TRACE(b);
    Matrix costs(4, 4, b);
    costs(0, 0) = 2, costs(0, 1) = 8, costs(1, 0) = 0, costs(1, 1) = 1;
    costs(2, 2) = 1, costs(2, 3) = 0, costs(3, 2) = 8, costs(3, 3) = 2;
    const Result result = solve_right(costs, {}, Weights(4, 1), Weights(4, 1));
    EXPECT_EQ(result.cost, 6);
    EXPECT_EQ(result.certificate.gap, 0);
  }
}

// Balanced groups with mixed points, and large costs between groups. The optimum is the sum of the groups' optima, each
// solved alone.
struct Groups {
  Matrix costs;
  Weights supply, demand;
  double optimum = 0;
};

Groups balanced_groups(std::size_t groups, std::size_t size, double far, Random& random) {
  const std::size_t n = groups * size;
  Groups made{Matrix(n, n), Weights(n), Weights(n), 0};
  for (double& cost : made.costs.values) cost = far * (1 + static_cast<double>(random() % 2) * uniform(random));
  std::vector<std::size_t> rows(n), columns(n);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  columns = rows;
  std::shuffle(rows.begin(), rows.end(), random);
  std::shuffle(columns.begin(), columns.end(), random);
  for (std::size_t g = 0; g < groups; ++g) {
    const Matrix near = random() % 2 == 0 ? random_costs(size, size, random) : make("few values", size, random);
    Weights p(size, 1), q(size, 1);
    for (std::size_t units = 0; units < 3 * size; ++units) ++p[below(size, random)], ++q[below(size, random)];
    made.optimum += solve(near, {}, p, q).cost;
    for (std::size_t i = 0; i < size; ++i) {
      made.supply[rows[g * size + i]] = p[i];
      made.demand[columns[g * size + i]] = q[i];
      for (std::size_t j = 0; j < size; ++j) made.costs(rows[g * size + i], columns[g * size + j]) = near(i, j);
    }
  }
  return made;
}

TEST(SmallCosts, CountBesideFarGroups) {
  Random random(31);
  for (int repeat = 0; repeat < 400; ++repeat) {
    const double far = power_of_ten(2, 30, random);
    const std::size_t size = repeat % 20 == 0 ? 40 : 1 + below(8, random);
    const Groups problem = balanced_groups(2 + below(2, random), size, far, random);
    SCOPED_TRACE("repeat " + std::to_string(repeat) + ", costs between groups " + std::to_string(far));
    const Result result = solve_right(problem.costs, {}, problem.supply, problem.demand);
    if (problem.optimum > 0) expect_close_bounds(result, problem.optimum);
    else EXPECT_EQ(result.cost, 0);
  }
}

// The same over a metric: pairs of points near each other, 2^49 away from all other pairs.
TEST(SmallCosts, CountBetweenFarPoints) {
  Random random(32);
  for (std::size_t groups = 2; groups < 12; ++groups) {
    std::vector<Point> points;
    Weights supply(3 * groups, 0), demand(3 * groups, 0);
    double optimum = 0;
    for (std::size_t g = 0; g < groups; ++g) {
      const double at = std::ldexp(static_cast<double>(g), 49);
      // By hand: mass 1 moves 2 to the right, whatever the point between does.
      for (const double offset : {0.0, 1.0, 2.0}) points.push_back({at + offset});
      supply[3 * g] = demand[3 * g + 2] = 1;
      supply[3 * g + 1] = demand[3 * g + 1] = 2;
      optimum += 2;
    }
    const Matrix costs = pairwise(points, points, euclidean_distance);
    for (const Hint hint : hints_for(costs)) expect_close_bounds(solve_right(costs, hint, supply, demand), optimum);
  }
}

// Forbidden pairs of several magnitudes at once. One mass has to take a forbidden pair; the rest is still optimal. By
// hand: the last source reaches only the last target, for the least forbidden cost.
TEST(SmallCosts, CountBesideAForbiddenCostThatIsPaid) {
  for (const double least : {1e4, 1e8, 1e15}) {
    Matrix costs(3, 3, 1e30);
    costs(0, 0) = 2, costs(0, 1) = 8, costs(1, 0) = 0, costs(1, 1) = 1;
    costs(2, 2) = least;
    const Result result = solve_right(costs, {}, Weights(3, 1), Weights(3, 1));
    EXPECT_EQ(result.cost, least + 3);
    double small = 0;
    for (const PlanEntry& entry : result.plan) {
      const double cost = costs(static_cast<std::size_t>(entry.source), static_cast<std::size_t>(entry.target));
      if (cost < least) small += entry.mass * cost;
    }
    EXPECT_EQ(small, 3);
  }
}

// Many pairs forbidden, costs of both signs: the plan is the best of all permutations, also in its small costs. A sum
// of costs is (penalties, small part), compared as such: no rounding, since small parts stay far below a penalty.
TEST(SmallCosts, CountBesidePenaltiesOfBothSigns) {
  using Sum = std::pair<std::int64_t, std::int64_t>;
  Random random(35);
  for (int repeat = 0; repeat < 600; ++repeat) {
    SCOPED_TRACE(repeat);
    const std::size_t n = 2 + below(4, random);
    const double penalty = std::ldexp(1.0, static_cast<int>(20 + below(80, random)));
    const bool both_signs = repeat % 2 == 1;
    std::vector<Sum> parts(n * n);
    Matrix costs(n, n);
    for (std::size_t at = 0; at < n * n; ++at) {
      const auto size = static_cast<std::int64_t>(below(10, random)) * (both_signs && random() % 2 == 0 ? -1 : 1);
      parts[at] = random() % 2 == 0 ? Sum{size, 0} : Sum{0, size};
      costs.values[at] = penalty * static_cast<double>(parts[at].first) + static_cast<double>(parts[at].second);
    }
    const auto sum_of = [&](const std::vector<std::size_t>& columns) {
      Sum sum;
      for (std::size_t row = 0; row < n; ++row) {
        sum.first += parts[row * n + columns[row]].first;
        sum.second += parts[row * n + columns[row]].second;
      }
      return sum;
    };
    std::vector<std::size_t> columns(n);
    std::iota(columns.begin(), columns.end(), std::size_t{0});
    Sum best = sum_of(columns);
    while (std::next_permutation(columns.begin(), columns.end())) best = std::min(best, sum_of(columns));

    Options options;
    options.plan = true;
    const Result result = solve_right(costs, {}, Weights(n, 1), Weights(n, 1), options);
    std::size_t arcs = 0;
    for (const PlanEntry& entry : result.plan) {
      if (entry.mass < 1e-12) continue;  // equal weights are equal to within a unit of mass
      columns[static_cast<std::size_t>(entry.source)] = static_cast<std::size_t>(entry.target);
      ++arcs;
    }
    ASSERT_EQ(arcs, n);
    EXPECT_EQ(sum_of(columns), best);
  }
}

TEST(SmallCosts, CountInWarmStarts) {
  Random random(33);
  for (int repeat = 0; repeat < 30; ++repeat) {
    const Groups problem = balanced_groups(2, 1 + below(8, random), power_of_ten(3, 30, random), random);
    const Costs prepared = prepare(problem.costs);
    WarmSolver solver;
    Weights supply = problem.supply, demand = problem.demand;
    for (int step = 0; step < 4; ++step) {
      const Result& result = solver.solve(prepared, supply, demand);
      const Result cold = solve_right(problem.costs, {}, supply, demand);
      EXPECT_EQ(result.outcome, Outcome::kOptimal);
      EXPECT_NEAR(result.cost, cold.cost, 1e-12 * cold.cost);
      EXPECT_EQ(find_fault(problem.costs, supply, demand, result), "");
      // One more unit at both ends of an entry of the plan: groups stay balanced.
      const PlanEntry& entry = result.plan[below(result.plan.size(), random)];
      ++supply[static_cast<std::size_t>(entry.source)];
      ++demand[static_cast<std::size_t>(entry.target)];
    }
  }
}

TEST(SmallCosts, AreStoppedWithinTheirPivots) {
  Random random(34);
  const Groups problem = balanced_groups(2, 6, 1e20, random);
  const std::uint64_t pivots = solve_right(problem.costs, {}, problem.supply, problem.demand).pivots;
  Options options;
  for (options.max_pivots = 0; options.max_pivots <= pivots; ++options.max_pivots) {
    const Result result = solve(problem.costs, {}, problem.supply, problem.demand, options);
    EXPECT_EQ(result.outcome, options.max_pivots < pivots ? Outcome::kIterationLimit : Outcome::kOptimal);
    EXPECT_LE(result.pivots, options.max_pivots);
    EXPECT_GE(result.cost, problem.optimum * (1 - 1e-12));
  }
}

// ---- Small weights beside large costs ----

TEST(SmallWeights, CountBesideLargeCosts) {
  Matrix costs(2, 1);
  for (double weight = 1e-6; weight > 1e-280; weight *= 1e-6) {
    SCOPED_TRACE(weight);
    costs(1, 0) = 1 / weight;
    EXPECT_NEAR(solve_right(costs, {}, {1, weight}, {1 + weight}).cost, 1, 1e-12);
  }
  costs(1, 0) = 1e21;
  EXPECT_NEAR(solve_right(costs, {}, {1, 1e-18}, {1}).cost, 1000, 1e-9);
}

// Two weights that differ by less than a unit, 2^-58 of the mass. The difference has to take an expensive arc, which
// the optimum for units does not use. By hand: .2 units at `far`, and 1 at 1.
TEST(SmallWeights, CountWhereTheyAreTheSameInUnits) {
  const double unit = std::ldexp(2.0, -58);
  for (const double far : {1e3, 1e12, 1e20, 1e25}) {
    for (const bool mirrored : {false, true}) {
      SCOPED_TRACE(far);
      Matrix costs(3, 3, far);
      costs(0, 0) = costs(1, 1) = 0, costs(2, 2) = 1;
      costs(mirrored ? 0 : 1, mirrored ? 1 : 0) = 1;
      const double more = 1.4 * unit, less = 1.2 * unit;
      const Weights supply = {1, mirrored ? more : less, 1}, demand = {1, mirrored ? less : more, 1};
      const double cost = 1 + (more - less) * far;
      for (const bool plan : {false, true}) {
        const Costs prepared = prepare(costs);
        Result result;
        ASSERT_TRUE(Solver().solve(prepared, supply, demand, {.plan = plan}, result));
        EXPECT_EQ(result.outcome, Outcome::kOptimal);
        EXPECT_NEAR(result.cost, cost, 1e-12 * cost) << "plan " << plan << ", mirrored " << mirrored;
      }
    }
  }
}

// Of each point, what the plan ships from and to it: each weight to 1e-12 of itself, however small. Supplies and
// demands have the same sum to the last digit, or one that differs by rounding.
void expect_marginals(const Weights& supply, const Weights& demand, const Result& result) {
  std::vector<long double> shipped(supply.size()), received(demand.size());
  for (const PlanEntry& entry : result.plan) {
    shipped[static_cast<std::size_t>(entry.source)] += entry.mass;
    received[static_cast<std::size_t>(entry.target)] += entry.mass;
  }
  for (std::size_t i = 0; i < supply.size(); ++i)
    ASSERT_NEAR(static_cast<double>(shipped[i] - supply[i]), 0, 1e-12 * supply[i]) << "source " << i;
  for (std::size_t j = 0; j < demand.size(); ++j)
    ASSERT_NEAR(static_cast<double>(received[j] - demand[j]), 0, 1e-12 * demand[j]) << "target " << j;
}

TEST(SmallWeights, AreShippedWhole) {
  Random random(35);
  for (int repeat = 0; repeat < 600; ++repeat) {
    const Family& family = families()[static_cast<std::size_t>(repeat) % families().size()];
    const Matrix costs = family.make(1 + below(24, random), random);
    const double range = repeat % 3 == 0 ? -300 : repeat % 3 == 1 ? -40 : -12;
    Weights supply(costs.rows), demand(costs.columns);
    for (Weights* weights : {&supply, &demand})
      for (double& weight : *weights) weight = uniform(random) < 0.1 ? 0 : power_of_ten(range, 0, random);
    supply[below(costs.rows, random)] = demand[below(costs.columns, random)] = 1;
    if (costs.rows == costs.columns && repeat % 2 == 0) {
      demand = supply;
      std::shuffle(demand.begin(), demand.end(), random);
    } else {
      const double scale = sum(supply) / sum(demand);
      for (double& weight : demand) weight *= scale;
    }
    for (const Hint hint : hints_for(costs)) {
      SCOPED_TRACE(std::string(family.name) + ", repeat " + std::to_string(repeat));
      ASSERT_NO_FATAL_FAILURE(expect_marginals(supply, demand, solve_right(costs, hint, supply, demand)));
    }
  }
}

TEST(SmallWeights, AreShippedWholeFromKeptTrees) {
  Random random(36);
  for (const char* family : {"plane", "squared plane", "random wide", "hops"}) {
    for (int repeat = 0; repeat < 10; ++repeat) {
      const Matrix costs = make(family, 30, random);
      const Costs prepared = prepare(costs);
      Weights supply = make_weights(costs.rows, 4, random), demand = make_weights(costs.columns, 5, random);
      WarmSolver solver;
      for (int step = 0; step < 5; ++step) {
        SCOPED_TRACE(std::string(family) + ", step " + std::to_string(step));
        const Result& result = solver.solve(prepared, supply, demand);
        ASSERT_EQ(find_fault(costs, supply, demand, result), "");
        ASSERT_NO_FATAL_FAILURE(expect_marginals(supply, demand, result));
        for (double& weight : supply) weight *= 1 + 0.02 * uniform(random);
        const double scale = sum(demand) / sum(supply);
        for (double& weight : supply) weight *= scale;
      }
    }
  }
}

TEST(SmallWeights, ReachColumnSumsOfOneRow) {
  for (const std::size_t n : {1000, 200000}) {
    const Matrix costs(1, n, 1);
    const Weights demand(n, 1 / static_cast<double>(n));
    ASSERT_NO_FATAL_FAILURE(expect_marginals({1}, demand, solve_right(costs, {}, {1}, demand)));
  }
}

}  // namespace
}  // namespace genmi::transport
