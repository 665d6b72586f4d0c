// Values of exact transport, compared with a reference's and with two independent solvers: all permutations, and
// successive shortest paths.
#include <cmath>
#include <limits>
#include <string>

#include "transport_support.h"

namespace genmi::transport {
namespace {

using namespace test;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// ---- Independent solvers ----

double cheapest_permutation(const Matrix& costs) {
  std::vector<std::size_t> columns(costs.rows);
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  double best = kInfinity;
  do {
    double total = 0;
    for (std::size_t i = 0; i < costs.rows; ++i) total += costs(i, columns[i]);
    best = std::min(best, total);
  } while (std::next_permutation(columns.begin(), columns.end()));
  return best;
}

// Successive shortest paths by Bellman-Ford in the residual graph, for masses that are small integers.
class ShortestPaths {
 public:
  ShortestPaths(const Matrix& costs, std::vector<int> supply, std::vector<int> demand)
      : costs_(costs), supply_(std::move(supply)), demand_(std::move(demand)), flow_(costs.rows * costs.columns) {}

  double solve() {
    while (std::accumulate(supply_.begin(), supply_.end(), 0) > 0) augment();
    double total = 0;
    for (std::size_t a = 0; a < flow_.size(); ++a) total += flow_[a] * costs_.values[a];
    return total;
  }

 private:
  void augment() {
    const std::size_t nodes = costs_.rows + costs_.columns;
    std::vector<double> distance(nodes, kInfinity);
    std::vector<std::size_t> from(nodes, nodes);
    for (std::size_t i = 0; i < costs_.rows; ++i)
      if (supply_[i] > 0) distance[i] = 0;
    for (std::size_t pass = 0; pass < nodes; ++pass) relax(distance, from);

    std::size_t node = nodes;
    for (std::size_t j = 0; j < costs_.columns; ++j) {
      const std::size_t end = costs_.rows + j;
      if (demand_[j] > 0 && (node == nodes || distance[end] < distance[node])) node = end;
    }
    --demand_[node - costs_.rows];
    for (; from[node] != nodes; node = from[node]) {
      const bool backwards = node < costs_.rows;
      const std::size_t row = backwards ? node : from[node];
      const std::size_t column = (backwards ? from[node] : node) - costs_.rows;
      flow_[row * costs_.columns + column] += backwards ? -1 : 1;
    }
    --supply_[node];
  }

  void relax(std::vector<double>& distance, std::vector<std::size_t>& from) const {
    for (std::size_t i = 0; i < costs_.rows; ++i) {
      for (std::size_t j = 0; j < costs_.columns; ++j) {
        const std::size_t column = costs_.rows + j;
        if (distance[i] + costs_(i, j) < distance[column] - 1e-12) {
          distance[column] = distance[i] + costs_(i, j);
          from[column] = i;
        }
        if (flow_[i * costs_.columns + j] > 0 && distance[column] - costs_(i, j) < distance[i] - 1e-12) {
          distance[i] = distance[column] - costs_(i, j);
          from[i] = column;
        }
      }
    }
  }

  const Matrix& costs_;
  std::vector<int> supply_, demand_, flow_;
};

// ---- Values ----

class PaperFixture : public testing::Test {
 protected:
  Matrix distances() const {
    const std::vector<Point> points = {{0, 0}, {1, .5}, {3, -1}, {-2, 2}, {-1, 4}};
    return pairwise(points, points, euclidean_distance);
  }
  // The weights of a cluster; cluster 3 is the whole data.
  Weights cluster(std::size_t k) const {
    static const double tau[5][3] = {
        {.71, .18, .11}, {.58, .33, .09}, {.13, .74, .13}, {.23, .17, .60}, {.06, .11, .83}};
    Weights weights(5, 1);
    for (std::size_t i = 0; i < 5 && k < 3; ++i) weights[i] = tau[i][k];
    const double total = sum(weights);
    for (double& weight : weights) weight /= total;
    return weights;
  }
};

TEST_F(PaperFixture, HasTheValuesOfTheReference) {
  struct Comparison {
    std::size_t a, b;
    double distance;
  };
  const Comparison comparisons[] = {{0, 3, 1.173747502}, {1, 3, 1.560146663}, {2, 3, 1.794355993},
                                    {0, 1, 1.314893392}, {0, 2, 2.361984405}, {1, 2, 3.326094963}};
  for (const Hint hint : hints_for(distances())) {
    for (const auto& [a, b, distance] : comparisons) {
      const Result result = solve(distances(), hint, cluster(a), cluster(b));
      EXPECT_NEAR(result.cost, distance, 1e-9) << a << " to " << b;
      expect_optimal(distances(), cluster(a), cluster(b), result);
    }
  }
}

TEST_F(PaperFixture, HasThePlanOfTheReference) {
  const std::vector<PlanEntry> expected = {{0, 0, .2},
                                           {0, 3, .065497076023},
                                           {0, 4, .149707602339},
                                           {1, 1, .2},
                                           {1, 2, .123976608187},
                                           {1, 4, .015204678363},
                                           {2, 2, .076023391813},
                                           {3, 3, .134502923977},
                                           {4, 4, .035087719298}};
  for (const Hint hint : hints_for(distances())) {
    const Result result = solve(distances(), hint, cluster(0), cluster(3));
    ASSERT_EQ(result.plan.size(), expected.size());
    for (std::size_t k = 0; k < expected.size(); ++k) {
      EXPECT_EQ(result.plan[k].source, expected[k].source);
      EXPECT_EQ(result.plan[k].target, expected[k].target);
      EXPECT_NEAR(result.plan[k].mass, expected[k].mass, 1e-11);
    }
  }
}

TEST(Transport, MovesOneUnitBetweenTwoPoints) {
  Matrix costs(2, 2);
  costs(0, 1) = costs(1, 0) = 3;
  for (const Hint hint : hints_for(costs)) {
    const Result result = solve(costs, hint, {9. / 11, 2. / 11}, {.5, .5});
    EXPECT_NEAR(result.cost, 3 * (9. / 11 - .5), 1e-15);
  }
}

// By hand: the optimal plan is one of the two diagonals.
TEST(Transport, TakesNegativeCosts) {
  Matrix costs(2, 2);
  costs.values = {-1, .3, .2, -.5};
  const Result result = solve(costs, {}, {.5, .5}, {.5, .5});
  EXPECT_NEAR(result.cost, -.75, 1e-15);
  expect_optimal(costs, {.5, .5}, {.5, .5}, result);
}

TEST(Transport, AgreesWithAllPermutationsOfCostsOfBothSigns) {
  Random random(21);
  for (const char* family : {"random square", "squared plane", "hops"}) {
    for (std::size_t n = 1; n <= 7; ++n) {
      for (const double below_zero : {1.0, 0.3, 1e3, 1e-3}) {
        Matrix costs = make(family, n, random);
        const double shift = below_zero * (costs.largest() + 1);
        for (double& cost : costs.values) cost -= shift;
        const Weights ones(n, 1);
        const Result result = solve(costs, {}, ones, ones);
        EXPECT_NEAR(result.cost, cheapest_permutation(costs),
                    1e-13 * costs.largest_magnitude() * static_cast<double>(n));
        expect_optimal(costs, ones, ones, result);
      }
    }
  }
}

// Despite a zero diagonal, mass must move where other costs are negative. By hand: both weights move, for -2.
TEST(Transport, MovesMassThatEarnsByIt) {
  Matrix costs(2, 2);
  costs(0, 1) = costs(1, 0) = -1;
  for (const Hint hint : hints_for(costs)) EXPECT_EQ(solve(costs, hint, {1, 1}, {1, 1}).cost, -2);
}

// A constant s times the largest difference, added to all costs, rounds them. Measured on the original costs, the plan
// may be worse by at most s * 1e-15 of the largest difference.
TEST(Transport, LosesNothingToAConstantOnAllCosts) {
  Random random(22);
  for (const char* family : {"random square", "squared plane", "hops", "random wide", "euclidean", "few values tall"}) {
    for (int exponent = 10; exponent <= 50; exponent += 10) {
      SCOPED_TRACE(std::string(family) + ", 2^" + std::to_string(exponent));
      const Matrix costs = make(family, 24, random);
      const Weights supply = make_weights(costs.rows, 1, random), demand = make_weights(costs.columns, 7, random);
      const double least = solve(costs, {}, supply, demand).cost;
      for (const double sign : {1.0, -1.0}) {
        const double s = std::ldexp(1, exponent), shift = sign * s * costs.largest();
        Matrix shifted = costs;
        for (double& cost : shifted.values) cost += shift;
        const Result result = solve(shifted, {}, supply, demand);
        expect_optimal(shifted, supply, demand, result);
        double cost = 0;
        for (const PlanEntry& entry : result.plan)
          cost += entry.mass * costs(static_cast<std::size_t>(entry.source), static_cast<std::size_t>(entry.target));
        EXPECT_LE(cost, least + s * 1e-15 * costs.largest());
      }
    }
  }
}

TEST(Transport, AgreesWithAllPermutations) {
  Random random(1);
  for (const char* family : {"random square", "hops", "squared plane", "random zero diagonal"}) {
    SCOPED_TRACE(family);
    for (std::size_t n = 1; n <= 7; ++n) {
      for (int repeat = 0; repeat < 6; ++repeat) {
        const Matrix costs = make(family, n, random);
        const Weights ones(n, 1);
        const double expected = cheapest_permutation(costs);
        for (const Hint hint : hints_for(costs)) {
          const Result result = solve(costs, hint, ones, ones);
          EXPECT_NEAR(result.cost, expected, 1e-13 * static_cast<double>(n)) << "n = " << n;
          expect_optimal(costs, ones, ones, result);
        }
      }
    }
  }
}

TEST(Transport, AgreesWithShortestPaths) {
  Random random(2);
  for (const Family& family : families()) {
    SCOPED_TRACE(family.name);
    for (std::size_t n = 1; n <= 12; ++n) {
      for (int repeat = 0; repeat < 3; ++repeat) {
        const Matrix costs = family.make(n, random);
        std::vector<int> supply(costs.rows), demand(costs.columns);
        for (std::size_t unit = 0; unit < 3 * n; ++unit) {
          ++supply[below(supply.size(), random)];
          ++demand[below(demand.size(), random)];
        }
        const double expected = ShortestPaths(costs, supply, demand).solve();
        const Weights p(supply.begin(), supply.end()), q(demand.begin(), demand.end());
        for (const Hint hint : hints_for(costs))
          EXPECT_NEAR(solve(costs, hint, p, q).cost, expected, 1e-12 * std::max(1.0, costs.largest()) * sum(p))
              << "n = " << n;
      }
    }
  }
}

}  // namespace
}  // namespace genmi::transport
