// Exact transport against proofs (duality, slackness, marginals) and against two solvers that share nothing with it:
// all permutations, and successive shortest paths. Dual numbers are not unique and never compared.
#include "genmi/transport.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "transport/marginals.h"
#include "transport/network_simplex.h"
#include "transport/row_minimum.h"

namespace genmi::transport {
namespace {

using Random = std::mt19937_64;
using Weights = std::vector<double>;

struct Matrix {
  std::size_t rows = 0, columns = 0;
  std::vector<double> values;

  Matrix(std::size_t n1, std::size_t n2) : rows(n1), columns(n2), values(n1 * n2) {}
  double& operator()(std::size_t i, std::size_t j) { return values[i * columns + j]; }
  double operator()(std::size_t i, std::size_t j) const { return values[i * columns + j]; }
  double largest() const { return *std::max_element(values.begin(), values.end()); }
  MatrixView<double> view() const { return {values.data(), rows, columns}; }
};

double sum(const Weights& weights) { return std::accumulate(weights.begin(), weights.end(), 0.0); }

double inner(const Weights& a, const Weights& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

// ---- Problems ----

double uniform(Random& random) { return std::uniform_real_distribution<double>(0, 1)(random); }

std::vector<std::vector<double>> gaussian_points(std::size_t n, std::size_t dimension, Random& random) {
  std::normal_distribution<double> normal;
  std::vector<std::vector<double>> points(n, std::vector<double>(dimension));
  for (auto& point : points) {
    for (double& x : point) x = normal(random);
  }
  return points;
}

double squared_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double total = 0;
  for (std::size_t d = 0; d < a.size(); ++d) total += (a[d] - b[d]) * (a[d] - b[d]);
  return total;
}

Matrix pairwise(const std::vector<std::vector<double>>& a, const std::vector<std::vector<double>>& b, bool squared) {
  Matrix costs(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      costs(i, j) = squared_distance(a[i], b[j]);
      if (!squared) costs(i, j) = std::sqrt(costs(i, j));
    }
  }
  return costs;
}

Matrix euclidean(std::size_t n, Random& random) {
  const auto points = gaussian_points(n, 2, random);
  return pairwise(points, points, false);
}

Matrix squared_euclidean(std::size_t n, Random& random) {
  const auto points = gaussian_points(n, 3, random);
  return pairwise(points, points, true);
}

// Points on a line: shortest paths through others tie with the direct way up to rounding.
Matrix line(std::size_t n, Random& random) {
  const auto points = gaussian_points(n, 1, random);
  return pairwise(points, points, false);
}

Matrix duplicates(std::size_t n, Random& random) {
  auto points = gaussian_points(n, 2, random);
  for (std::size_t i = n / 3; i < n; ++i) points[i] = points[i % (n / 3 + 1)];
  return pairwise(points, points, false);
}

// Shortest paths in a random connected graph: small integers, ties everywhere.
Matrix hops(std::size_t n, Random& random) {
  Matrix costs(n, n);
  std::fill(costs.values.begin(), costs.values.end(), static_cast<double>(n));
  for (std::size_t i = 0; i < n; ++i) costs(i, i) = 0;
  const auto connect = [&](std::size_t i, std::size_t j) {
    if (i != j) costs(i, j) = costs(j, i) = 1;
  };
  for (std::size_t i = 1; i < n; ++i) connect(i, random() % i);
  for (std::size_t i = 0; i < n; ++i) connect(i, random() % n);
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) costs(i, j) = std::min(costs(i, j), costs(i, k) + costs(k, j));
    }
  }
  return costs;
}

Matrix all_equal(std::size_t n, Random&) {
  Matrix costs(n, n);
  std::fill(costs.values.begin(), costs.values.end(), 0.7);
  for (std::size_t i = 0; i < n; ++i) costs(i, i) = 0;
  return costs;
}

Matrix random_costs(std::size_t n1, std::size_t n2, Random& random) {
  Matrix costs(n1, n2);
  for (double& cost : costs.values) cost = uniform(random);
  return costs;
}

// All but equal, where a careless tolerance would stop early.
Matrix near_ties(std::size_t n, Random& random) {
  Matrix costs = random_costs(n, n, random);
  for (double& cost : costs.values) cost = 1 + 1e-9 * cost;
  return costs;
}

struct Family {
  const char* name;
  std::function<Matrix(std::size_t, Random&)> make;
  bool metric;
};

const std::vector<Family>& families() {
  static const std::vector<Family> all = {
      {"euclidean", euclidean, true},
      {"squared euclidean", squared_euclidean, false},
      {"line", line, true},
      {"duplicates", duplicates, true},
      {"hops", hops, true},
      {"all equal", all_equal, true},
      {"random square", [](std::size_t n, Random& random) { return random_costs(n, n, random); }, false},
      {"near ties", near_ties, false},
      {"random wide", [](std::size_t n, Random& random) { return random_costs(n, 2 * n + 1, random); }, false},
      {"random tall", [](std::size_t n, Random& random) { return random_costs(3 * n, n, random); }, false},
      {"one row", [](std::size_t n, Random& random) { return random_costs(1, n, random); }, false},
      {"one column", [](std::size_t n, Random& random) { return random_costs(n, 1, random); }, false},
      {"no costs", [](std::size_t n, Random&) { return Matrix(n, n); }, false},
  };
  return all;
}

// Weights of many kinds, among them zeros, ties, and some that are nothing beside the others.
Weights make_weights(std::size_t n, std::size_t kind, Random& random) {
  Weights weights(n, 1);
  for (double& weight : weights) {
    if (kind == 1) weight = uniform(random);
    if (kind == 2) weight = uniform(random) < 0.5 ? 0 : uniform(random);
    if (kind == 3) weight = static_cast<double>(random() % 4);
    if (kind == 4) weight = std::pow(10, -20 * uniform(random));
    if (kind == 5) weight = uniform(random) < 0.3 ? 1e-300 : uniform(random) < 0.5 ? 1e-12 : uniform(random);
  }
  if (sum(weights) == 0) weights[random() % n] = 1;
  const double total = sum(weights);
  for (double& weight : weights) weight /= total;
  return weights;
}
constexpr std::size_t kWeightKinds = 6;

// ---- Proofs ----

Result solve(const Matrix& costs, bool metric, const Weights& supply, const Weights& demand, Options options = {}) {
  EXPECT_TRUE(check_costs(costs.view()));
  Solver solver({costs.view(), metric});
  Result result;
  options.plan = true;
  const Status status = solver.solve(supply, demand, options, result);
  EXPECT_TRUE(status) << status.message();
  return result;
}

double infeasibility(const Matrix& costs, const Result& result) {
  double largest = 0;
  for (std::size_t i = 0; i < costs.rows; ++i) {
    for (std::size_t j = 0; j < costs.columns; ++j) {
      largest = std::max(largest, result.u[i] + result.v[j] - costs(i, j));
    }
  }
  return largest;
}

void expect_marginals(const Result& result, const Weights& supply, const Weights& demand) {
  Weights shipped(supply.size()), received(demand.size());
  for (const auto& [source, target, mass] : result.plan) {
    EXPECT_GT(mass, 0);
    shipped[static_cast<std::size_t>(source)] += mass;
    received[static_cast<std::size_t>(target)] += mass;
  }
  const double tolerance = 1e-14 * sum(supply);
  for (std::size_t i = 0; i < supply.size(); ++i) ASSERT_NEAR(shipped[i], supply[i], tolerance) << "row " << i;
  for (std::size_t j = 0; j < demand.size(); ++j) ASSERT_NEAR(received[j], demand[j], tolerance) << "column " << j;
}

// What must hold at every stage: a plan with the right marginals, feasible duals, a certificate that tells the truth.
void expect_consistent(const Matrix& costs, const Weights& supply, const Weights& demand, const Result& result) {
  ASSERT_EQ(result.u.size(), costs.rows);
  ASSERT_EQ(result.v.size(), costs.columns);
  expect_marginals(result, supply, demand);
  const double scale = costs.largest() * sum(supply);
  double plan_cost = 0;
  double slackness = 0;
  for (const auto& [source, target, mass] : result.plan) {
    const auto i = static_cast<std::size_t>(source), j = static_cast<std::size_t>(target);
    plan_cost += mass * costs(i, j);
    slackness = std::max(slackness, costs(i, j) - result.u[i] - result.v[j]);
  }
  EXPECT_LE(infeasibility(costs, result), 2e-15 * costs.largest());
  EXPECT_NEAR(result.certificate.infeasibility, infeasibility(costs, result), 1e-15 * costs.largest());
  EXPECT_NEAR(result.certificate.slackness, slackness, 1e-15 * costs.largest());
  EXPECT_NEAR(result.certificate.gap, plan_cost - inner(result.u, supply) - inner(result.v, demand), 1e-13 * scale);
  EXPECT_GE(result.certificate.gap, -1e-14 * scale);
}

void expect_optimal(const Matrix& costs, const Weights& supply, const Weights& demand, const Result& result) {
  expect_consistent(costs, supply, demand, result);
  const double scale = costs.largest() * sum(supply);
  EXPECT_EQ(result.outcome, Outcome::kOptimal);
  EXPECT_GE(result.cost, 0);
  EXPECT_NEAR(result.cost, inner(result.u, supply) + inner(result.v, demand), 1e-14 * scale);
  EXPECT_LE(result.certificate.gap, 1e-12 * result.cost + 1e-14 * scale);
  EXPECT_LE(result.certificate.slackness, 1e-13 * costs.largest());
}

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
    for (std::size_t i = 0; i < costs_.rows; ++i) {
      if (supply_[i] > 0) distance[i] = 0;
    }
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
    const std::vector<std::vector<double>> points = {{0, 0}, {1, .5}, {3, -1}, {-2, 2}, {-1, 4}};
    return pairwise(points, points, false);
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
  for (const bool metric : {true, false}) {
    for (const auto& [a, b, distance] : comparisons) {
      const Result result = solve(distances(), metric, cluster(a), cluster(b));
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
  const Result result = solve(distances(), true, cluster(0), cluster(3));
  ASSERT_EQ(result.plan.size(), expected.size());
  for (std::size_t k = 0; k < expected.size(); ++k) {
    EXPECT_EQ(result.plan[k].source, expected[k].source);
    EXPECT_EQ(result.plan[k].target, expected[k].target);
    EXPECT_NEAR(result.plan[k].mass, expected[k].mass, 1e-11);
  }
}

TEST(Transport, MovesOneUnitBetweenTwoPoints) {
  Matrix costs(2, 2);
  costs(0, 1) = costs(1, 0) = 3;
  for (const bool metric : {true, false}) {
    const Result result = solve(costs, metric, {9. / 11, 2. / 11}, {.5, .5});
    EXPECT_NEAR(result.cost, 3 * (9. / 11 - .5), 1e-15);
  }
}

TEST(Transport, AgreesWithAllPermutations) {
  Random random(1);
  for (std::size_t n = 1; n <= 7; ++n) {
    for (int repeat = 0; repeat < 12; ++repeat) {
      const Matrix costs = repeat % 2 == 0 ? random_costs(n, n, random) : hops(n, random);
      const Weights ones(n, 1);
      const Result result = solve(costs, false, ones, ones);
      EXPECT_NEAR(result.cost, cheapest_permutation(costs), 1e-13 * static_cast<double>(n)) << "n = " << n;
      expect_optimal(costs, ones, ones, result);
    }
  }
}

TEST(Transport, AgreesWithShortestPaths) {
  Random random(2);
  for (const Family& family : families()) {
    SCOPED_TRACE(family.name);
    for (std::size_t n = 1; n <= 12; ++n) {
      for (int repeat = 0; repeat < 4; ++repeat) {
        const Matrix costs = family.make(n, random);
        std::vector<int> supply(costs.rows), demand(costs.columns);
        for (std::size_t unit = 0; unit < 3 * n; ++unit) {
          ++supply[random() % supply.size()];
          ++demand[random() % demand.size()];
        }
        const double expected = ShortestPaths(costs, supply, demand).solve();
        const Weights p(supply.begin(), supply.end()), q(demand.begin(), demand.end());
        EXPECT_NEAR(solve(costs, false, p, q).cost, expected, 1e-12 * sum(p)) << "n = " << n;
        if (family.metric) {
          EXPECT_NEAR(solve(costs, true, p, q).cost, expected, 1e-12 * sum(p)) << "n = " << n;
        }
      }
    }
  }
}

// ---- Optimality ----

TEST(Transport, ProvesItselfOptimalOnEveryFamily) {
  Random random(3);
  for (const Family& family : families()) {
    for (std::size_t n = 1; n <= 24; ++n) {
      for (std::size_t kinds = 0; kinds < kWeightKinds * kWeightKinds; ++kinds) {
        SCOPED_TRACE(std::string(family.name) + ", n = " + std::to_string(n) + ", weights " + std::to_string(kinds));
        const Matrix costs = family.make(n, random);
        const Weights supply = make_weights(costs.rows, kinds / kWeightKinds, random);
        const Weights demand = make_weights(costs.columns, kinds % kWeightKinds, random);
        const Result full = solve(costs, false, supply, demand);
        ASSERT_NO_FATAL_FAILURE(expect_optimal(costs, supply, demand, full));
        if (family.metric) {
          const Result reduced = solve(costs, true, supply, demand);
          ASSERT_NO_FATAL_FAILURE(expect_optimal(costs, supply, demand, reduced));
          ASSERT_NEAR(reduced.cost, full.cost, 1e-13 * costs.largest());
        }
        if (HasFailure()) return;
      }
    }
  }
}

TEST(Transport, EndsOnLargeProblemsFullOfTies) {
  Random random(4);
  const std::size_t n = 500;
  for (const auto& make : {all_equal, hops, duplicates}) {
    const Matrix costs = make(n, random);
    for (const std::size_t kind : {0u, 1u, 3u}) {
      for (const bool metric : {true, false}) {
        const Weights supply = make_weights(n, 2, random), demand = make_weights(n, kind, random);
        const Result result = solve(costs, metric, supply, demand);
        expect_optimal(costs, supply, demand, result);
        EXPECT_LT(result.pivots, 100 * n);
      }
    }
  }
}

TEST(Transport, LeavesEqualMeasuresWhereTheyAre) {
  Random random(5);
  const Matrix costs = euclidean(30, random);
  const Weights weights = make_weights(30, 2, random);
  Weights doubled = weights;
  for (double& weight : doubled) weight *= 1 + 4e-9;
  for (const Weights& demand : {weights, doubled}) {
    const Result result = solve(costs, true, weights, demand);
    EXPECT_EQ(result.cost, 0);
    EXPECT_EQ(result.pivots, 0u);
    EXPECT_TRUE(std::all_of(result.u.begin(), result.u.end(), [](double u) { return u == 0; }));
    expect_optimal(costs, weights, weights, result);
  }
  expect_optimal(costs, weights, weights, solve(costs, false, weights, weights));
}

// A point without mass has the derivative of the cost for getting some as its potential.
TEST(Transport, PointsWithoutMassHaveTheOneSidedDerivative) {
  Random random(6);
  for (const bool metric : {true, false}) {
    const Matrix costs = metric ? euclidean(9, random) : squared_euclidean(9, random);
    Weights supply = make_weights(9, 1, random);
    const Weights demand = make_weights(9, 1, random);
    supply[3] += supply[4];
    supply[4] = 0;
    const Result result = solve(costs, metric, supply, demand);

    const double step = 1e-7;
    Weights moved = supply;
    for (double& weight : moved) weight *= 1 - step;
    moved[4] = step;
    const double slope = (solve(costs, metric, moved, demand).cost - result.cost) / step;
    EXPECT_NEAR(slope, result.u[4] - inner(result.u, supply), 1e-6);
  }
}

TEST(Transport, KeepsCostsExactBesidePenaltiesThatAreNotPaid) {
  Random random(7);
  const std::size_t n = 12;
  Matrix costs = random_costs(n, n, random);
  const Weights ones(n, 1);
  const double expected = solve(costs, false, ones, ones).cost;
  const Result before = solve(costs, false, ones, ones);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const bool used = std::any_of(before.plan.begin(), before.plan.end(), [&](const PlanEntry& entry) {
        return static_cast<std::size_t>(entry.source) == i && static_cast<std::size_t>(entry.target) == j;
      });
      if (!used && costs(i, j) > 0.5) costs(i, j) = 1e9;
    }
  }
  const Result result = solve(costs, false, ones, ones);
  EXPECT_NEAR(result.cost, expected, 1e-13 * expected);
  EXPECT_LE(result.certificate.gap, 1e-13 * expected);
}

// ---- Invariances ----

TEST(Transport, ScalesWithTheCosts) {
  Random random(8);
  for (const Family& family : families()) {
    const Matrix costs = family.make(20, random);
    const Weights supply = make_weights(costs.rows, 1, random), demand = make_weights(costs.columns, 2, random);
    const Result result = solve(costs, family.metric, supply, demand);
    for (const double factor : {1e30, 1e-30}) {
      Matrix scaled = costs;
      for (double& cost : scaled.values) cost *= factor;
      const Result other = solve(scaled, family.metric, supply, demand);
      EXPECT_NEAR(other.cost / factor, result.cost, 1e-13 * costs.largest()) << family.name;
      expect_optimal(scaled, supply, demand, other);
    }
  }
}

TEST(Transport, ScalesWithTheMass) {
  Random random(9);
  const Matrix costs = euclidean(15, random);
  const Weights supply = make_weights(15, 1, random), demand = make_weights(15, 2, random);
  const double cost = solve(costs, true, supply, demand).cost;
  for (const double mass : {7.0, 1e200, 1e-200}) {
    Weights p = supply, q = demand;
    for (double& weight : p) weight *= mass;
    for (double& weight : q) weight *= mass;
    for (const bool metric : {true, false}) {
      const Result result = solve(costs, metric, p, q);
      EXPECT_NEAR(result.cost / mass, cost, 1e-14 * costs.largest());
      expect_optimal(costs, p, q, result);
    }
  }
}

TEST(Transport, DoesNotDependOnTheOrderOfThePoints) {
  Random random(10);
  const std::size_t n = 20;
  const Matrix costs = squared_euclidean(n, random);
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
  EXPECT_NEAR(solve(shuffled, false, p, q).cost, solve(costs, false, supply, demand).cost, 1e-14 * costs.largest());
}

TEST(Transport, ScalesDemandsToTheSupplies) {
  Random random(11);
  const Matrix costs = euclidean(10, random);
  const Weights supply = make_weights(10, 1, random), demand = make_weights(10, 1, random);
  Weights twice = demand;
  for (double& weight : twice) weight *= 2;
  Options options;
  options.mass_tolerance = 0.6;
  EXPECT_NEAR(solve(costs, true, supply, twice, options).cost, solve(costs, true, supply, demand).cost, 1e-14);
}

// ---- Stopping early ----

TEST(Transport, BoundsTheOptimumAtEveryIterationLimit) {
  Random random(12);
  for (const Family& family : families()) {
    SCOPED_TRACE(family.name);
    const Matrix costs = family.make(20, random);
    const Weights supply = make_weights(costs.rows, 1, random), demand = make_weights(costs.columns, 1, random);
    const Result optimum = solve(costs, family.metric, supply, demand);
    const double rounding = 1e-14 * costs.largest();
    double last = kInfinity;
    Options options;
    for (options.max_pivots = 0; options.max_pivots < optimum.pivots; ++options.max_pivots) {
      const Result result = solve(costs, family.metric, supply, demand, options);
      ASSERT_EQ(result.outcome, Outcome::kIterationLimit);
      ASSERT_EQ(result.pivots, options.max_pivots);
      ASSERT_NO_FATAL_FAILURE(expect_consistent(costs, supply, demand, result));
      ASSERT_GE(result.cost, optimum.cost - rounding);
      ASSERT_LE(result.cost - result.certificate.gap, optimum.cost + rounding);
      ASSERT_LE(result.cost, last + rounding);
      last = result.cost;
    }
    EXPECT_EQ(solve(costs, family.metric, supply, demand, options).outcome, Outcome::kOptimal);
  }
}

TEST(Transport, StopsWhenCancelledBeforehand) {
  Random random(13);
  const Matrix costs = euclidean(10, random);
  Job job;
  job.cancel();
  Options options;
  options.job = &job;
  Result result;
  const Status status = Solver({costs.view(), false}).solve(Weights(10, 1), Weights(10, 1), options, result);
  EXPECT_EQ(status.code(), Code::kAborted);
}

// Half-way through the time of a whole solve, which is in the pivots. Repeated, for machines that stall.
TEST(Transport, StopsWhenCancelledDuringThePivots) {
  using Clock = std::chrono::steady_clock;
  Random random(14);
  const std::size_t n = 1000;
  const Matrix costs = squared_euclidean(n, random);
  const Weights supply = make_weights(n, 1, random), demand = make_weights(n, 1, random);
  Solver solver({costs.view(), false});
  Result result;
  const Clock::time_point start = Clock::now();
  ASSERT_TRUE(solver.solve(supply, demand, {}, result));
  const Clock::duration whole = Clock::now() - start;
  Code code = Code::kOk;
  for (int attempt = 0; attempt < 5 && code != Code::kAborted; ++attempt) {
    Job job;
    Options options;
    options.job = &job;
    std::thread canceller([&] {
      std::this_thread::sleep_for(whole / 2);
      job.cancel();
    });
    code = solver.solve(supply, demand, options, result).code();
    canceller.join();
  }
  EXPECT_EQ(code, Code::kAborted);
}

// ---- One solver, many problems ----

TEST(Transport, SolversRememberNothing) {
  Random random(15);
  const Matrix costs = euclidean(24, random);
  for (const bool metric : {true, false}) {
    Solver reused({costs.view(), metric});
    Result result;
    Options options;
    for (std::size_t repeat = 0; repeat < 50; ++repeat) {
      options.plan = repeat % 2 == 0;
      const Weights supply = make_weights(24, repeat % kWeightKinds, random);
      const Weights demand = make_weights(24, random() % kWeightKinds, random);
      ASSERT_TRUE(reused.solve(supply, demand, options, result));
      const Result fresh = solve(costs, metric, supply, demand);
      EXPECT_EQ(result.cost, fresh.cost);
      EXPECT_EQ(result.u, fresh.u);
      EXPECT_EQ(result.v, fresh.v);
      EXPECT_EQ(result.pivots, fresh.pivots);
      EXPECT_EQ(result.certificate.gap, fresh.certificate.gap);
      EXPECT_EQ(result.plan.size(), options.plan ? fresh.plan.size() : 0);
    }
  }
}

// ---- What is refused ----

class Refusals : public testing::Test {
 protected:
  Status solve(const Weights& supply, const Weights& demand) {
    Result result;
    return Solver({costs_.view(), false}).solve(supply, demand, {}, result);
  }
  Matrix costs_{2, 3};
};

TEST_F(Refusals, WeightsOutOfRange) {
  const Weights good = {1, 1, 1};
  const double nan = std::nan("");
  const Weights wrong[] = {{}, {3}, {1, 1, 1}, {-1, 4}, {nan, 3}, {kInfinity, 1}, {0, 0}, {1e308, 1e308}};
  for (const Weights& supply : wrong) {
    const Status status = solve(supply, good);
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    EXPECT_EQ(status.message().rfind("p: expected ", 0), 0u) << status.message();
  }
  const Status status = solve({1, 2}, {1, -0.5, 2.5});
  EXPECT_EQ(status.code(), Code::kOutOfRange);
  EXPECT_EQ(status.message(), "q: expected finite weights >= 0, received -0.5 at index 1; clip the weights");
}

TEST_F(Refusals, SumsThatDiffer) {
  EXPECT_TRUE(solve({1, 2}, {1, 1, 1 + 1e-9}));
  const Status status = solve({1, 2}, {1, 1, 1.5});
  EXPECT_EQ(status.code(), Code::kInfeasible);
  EXPECT_NE(status.message().find("3.5"), std::string::npos) << status.message();
}

TEST_F(Refusals, MetricsThatAreNotSquare) {
  Result result;
  EXPECT_EQ(Solver({costs_.view(), true}).solve(Weights{1, 2}, Weights{1, 1, 1}, {}, result).code(), Code::kOutOfRange);
}

TEST_F(Refusals, CostsOutOfRange) {
  EXPECT_TRUE(check_costs(costs_.view()));
  for (const double wrong : {-1e-9, std::nan(""), kInfinity, 1e301}) {
    costs_(1, 2) = wrong;
    const Status status = check_costs(costs_.view());
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    EXPECT_NE(status.message().find("row 1, column 2"), std::string::npos) << status.message();
  }
  EXPECT_EQ(check_costs({nullptr, 0, 3}).code(), Code::kOutOfRange);
}

// ---- Parts ----

TEST(RowMinimum, IsTheSmallestDifferenceAtAnyLength) {
  Random random(16);
  for (std::size_t n = 1; n <= 100; ++n) {
    const Matrix costs = random_costs(2, n, random);
    double* const prices = const_cast<double*>(costs.values.data()) + n;
    for (std::size_t j = 0; j < n; j += 3) prices[j] = -kInfinity;
    double expected = kInfinity;
    for (std::size_t j = 0; j < n; ++j) expected = std::min(expected, costs(0, j) - prices[j]);
    const double minimum = row_minimum(costs.values.data(), prices, n);
    EXPECT_EQ(minimum, expected);
    const std::size_t at = find_minimum(costs.values.data(), prices, minimum);
    EXPECT_EQ(costs(0, at) - prices[at], minimum);
  }
}

TEST(Marginals, AreBalancedToTheUnit) {
  Random random(17);
  for (std::size_t repeat = 0; repeat < 200; ++repeat) {
    const std::size_t n = 1 + random() % 300;
    const Weights supply = make_weights(n, repeat % kWeightKinds, random);
    const Weights demand = make_weights(n, random() % kWeightKinds, random);
    for (const bool keep : {true, false}) {
      Marginals marginals;
      ASSERT_TRUE(marginals.prepare(supply, demand, 1e-8, keep));
      for (const Support* support : {&marginals.sources(), &marginals.targets()}) {
        if (support->units.empty()) continue;
        EXPECT_GT(*std::min_element(support->units.begin(), support->units.end()), 0);
        const auto total = std::accumulate(support->units.begin(), support->units.end(), std::int64_t{0});
        EXPECT_EQ(total, Marginals::kTotalUnits);
      }
    }
  }
}

// Added to the large weight one by one, the others would each lose some digits; before it, they would not.
TEST(Marginals, DoNotMistakeRoundingOfTheSumsForMassThatMoves) {
  Weights supply(10000, 0.1);
  Weights demand = supply;
  supply.front() = demand.back() = 1000;
  Marginals marginals;
  ASSERT_TRUE(marginals.prepare(supply, demand, 1e-8, true));
  EXPECT_EQ(marginals.sources().points.size(), 1u);
  EXPECT_EQ(marginals.targets().points.size(), 1u);
}

TEST(MatrixMinimum, StopsWhenCancelled) {
  const Matrix costs(2, 2);
  const std::vector<std::int64_t> ones = {1, 1};
  Job job;
  std::vector<Shipment> shipments;
  EXPECT_TRUE(MatrixMinimum().allocate({costs.view(), ones, ones}, &job, shipments));
  job.cancel();
  EXPECT_FALSE(MatrixMinimum().allocate({costs.view(), ones, ones}, &job, shipments));
}

// The forest is {row 0, column 0} and {row 1, row 2, column 1}. Row 2's link costs more than row 1's, but reduced less.
TEST(InitialBasis, JoinsComponentsByTheArcOfLeastReducedCost) {
  Matrix costs(3, 2);
  costs.values = {0, 9, 5, 1, 6, 4};
  const std::vector<std::int64_t> supplies = {2, 1, 1}, demands = {2, 2};
  SpanningTree tree;
  ASSERT_TRUE(InitialBasis().build({costs.view(), supplies, demands}, nullptr, tree));
  EXPECT_EQ(tree.parent(tree.row_node(2)), tree.column_node(0));
  EXPECT_EQ(tree.flow(tree.row_node(2)), 0);
}

// A feasible, strongly feasible basis with the potentials that its arcs demand. Costs are small integers: exact.
void expect_strongly_feasible(const SpanningTree& tree, const Problem& problem) {
  std::vector<std::int64_t> shipped(problem.costs.rows), received(problem.costs.columns);
  for (Node node = 1; node < static_cast<Node>(tree.size()); ++node) {
    const Node up = tree.parent(node);
    ASSERT_NE(tree.is_row(node), tree.is_row(up));
    ASSERT_EQ(tree.depth(node), tree.depth(up) + 1);
    const Node row = tree.is_row(node) ? node : up, column = tree.is_row(node) ? up : node;
    const double cost = problem.costs(tree.row(row), tree.column(column));
    ASSERT_EQ(cost + tree.potential(row) - tree.potential(column), 0);
    ASSERT_GE(tree.flow(node), tree.is_row(node) ? 0 : 1);
    shipped[tree.row(row)] += tree.flow(node);
    received[tree.column(column)] += tree.flow(node);
  }
  ASSERT_TRUE(std::equal(shipped.begin(), shipped.end(), problem.supplies.begin()));
  ASSERT_TRUE(std::equal(received.begin(), received.end(), problem.demands.begin()));
}

TEST(NetworkSimplex, KeepsItsInvariantsThroughAllPivots) {
  Random random(19);
  for (std::size_t repeat = 0; repeat < 100; ++repeat) {
    const std::size_t n = 2 + random() % 20, per_row = 1 + repeat % 3;
    Matrix costs = random_costs(n, per_row * n, random);
    for (double& cost : costs.values) cost = std::round(8 * cost);
    const std::vector<std::int64_t> supplies(n, static_cast<std::int64_t>(per_row)), demands(per_row * n, 1);
    const Problem problem{costs.view(), supplies, demands};
    NetworkSimplex simplex;
    auto ending = NetworkSimplex::Ending::kPivotLimit;
    for (std::uint64_t pivots = 0; ending == NetworkSimplex::Ending::kPivotLimit; ++pivots) {
      ending = simplex.solve(problem, pivots, nullptr);
      ASSERT_NO_FATAL_FAILURE(expect_strongly_feasible(simplex.tree(), problem));
    }
    ASSERT_EQ(ending, NetworkSimplex::Ending::kOptimal);
  }
}

}  // namespace
}  // namespace genmi::transport
