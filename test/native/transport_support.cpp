#include "transport_support.h"

#include <cmath>
#include <deque>

namespace genmi::transport::test {

double uniform(Random& random) { return std::uniform_real_distribution<double>(0, 1)(random); }

std::size_t below(std::size_t count, Random& random) { return static_cast<std::size_t>(random() % count); }

double power_of_ten(double low, double high, Random& random) {
  return std::pow(10, low + (high - low) * uniform(random));
}

// ---- Points and distances ----

double squared_distance(const Point& a, const Point& b) {
  double total = 0;
  for (std::size_t d = 0; d < a.size(); ++d) total += (a[d] - b[d]) * (a[d] - b[d]);
  return total;
}

double euclidean_distance(const Point& a, const Point& b) { return std::sqrt(squared_distance(a, b)); }

std::vector<Point> gaussian_points(std::size_t n, std::size_t dimension, Random& random) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < n; ++i) points.push_back(genmi::test::gaussians(random, dimension));
  return points;
}

Matrix pairwise(const std::vector<Point>& a, const std::vector<Point>& b, Distance distance) {
  Matrix costs(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < b.size(); ++j) costs(i, j) = distance(a[i], b[j]);
  return costs;
}

Matrix gaussian_distances(std::size_t n, std::size_t dimension, Distance distance, Random& random) {
  const std::vector<Point> points = gaussian_points(n, dimension, random);
  return pairwise(points, points, distance);
}

Matrix random_costs(std::size_t n1, std::size_t n2, Random& random) {
  Matrix costs(n1, n2);
  for (double& cost : costs.values) cost = uniform(random);
  return costs;
}

namespace {

double manhattan_distance(const Point& a, const Point& b) {
  double total = 0;
  for (std::size_t d = 0; d < a.size(); ++d) total += std::abs(a[d] - b[d]);
  return total;
}

double cosine_distance(const Point& a, const Point& b) {
  if (a == b) return 0;
  const double norms = std::sqrt(inner(a, a) * inner(b, b));
  return std::max(0.0, 1 - inner(a, b) / norms);
}

// ---- Families ----

Matrix duplicates(std::size_t n, Random& random) {
  std::vector<Point> points = gaussian_points(n, 2, random);
  for (std::size_t i = n / 3; i < n; ++i) points[i] = points[i % (n / 3 + 1)];
  return pairwise(points, points, euclidean_distance);
}

// Lengths of shortest paths in a random connected graph: small integers, ties everywhere.
Matrix hops(std::size_t n, Random& random) {
  std::vector<std::vector<std::size_t>> neighbours(n);
  const auto connect = [&](std::size_t i, std::size_t j) {
    neighbours[i].push_back(j);
    neighbours[j].push_back(i);
  };
  for (std::size_t i = 1; i < n; ++i) connect(i, below(i, random));
  for (std::size_t i = 0; i < n; ++i) connect(i, below(n, random));
  Matrix costs(n, n, static_cast<double>(n));
  for (std::size_t start = 0; start < n; ++start) {
    costs(start, start) = 0;
    std::deque<std::size_t> reached = {start};
    for (; !reached.empty(); reached.pop_front()) {
      for (const std::size_t next : neighbours[reached.front()]) {
        if (costs(start, next) < static_cast<double>(n)) continue;
        costs(start, next) = costs(start, reached.front()) + 1;
        reached.push_back(next);
      }
    }
  }
  return costs;
}

void clear_diagonal(Matrix& costs) {
  for (std::size_t i = 0; i < costs.rows; ++i) costs(i, i) = 0;
}

Matrix all_equal(std::size_t n, Random&) {
  Matrix costs(n, n, 0.7);
  clear_diagonal(costs);
  return costs;
}

Matrix zero_diagonal(std::size_t n, Random& random) {
  Matrix costs = random_costs(n, n, random);
  clear_diagonal(costs);
  return costs;
}

Matrix symmetric(std::size_t n, Random& random) {
  Matrix costs = zero_diagonal(n, random);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) costs(i, j) = costs(j, i);
  return costs;
}

Matrix few_values(std::size_t n1, std::size_t n2, Random& random) {
  Matrix costs(n1, n2);
  for (double& cost : costs.values) cost = static_cast<double>(below(4, random));
  return costs;
}

Matrix few_values_zero_diagonal(std::size_t n, Random& random) {
  Matrix costs = few_values(n, n, random);
  clear_diagonal(costs);
  return costs;
}

// Nearly equal costs, for which a careless tolerance would stop early.
Matrix near_ties(std::size_t n, Random& random) {
  Matrix costs = random_costs(n, n, random);
  for (double& cost : costs.values) cost = 1 + 1e-9 * cost;
  return costs;
}

// Distances that break the triangle inequality slightly by rounding, in a few triangles.
Matrix rounded_to_float(Matrix costs) {
  for (double& cost : costs.values) cost = static_cast<double>(static_cast<float>(cost));
  return costs;
}

// Ordinary costs, and forbidden pairs with large costs.
Matrix with_penalties(Matrix costs, Random& random) {
  const double penalty = power_of_ten(1, 6, random);
  for (double& cost : costs.values)
    if (cost != 0 && uniform(random) < 0.2) cost = penalty;
  return costs;
}

// Groups of neighbouring indices, far apart from each other, like the clusters of a trained model. The masses of
// make_weights' last kind lie in some of the groups.
Matrix far_groups(std::size_t n, Random& random) {
  std::vector<Point> points = gaussian_points(n, 2, random);
  const double apart = power_of_ten(1, 3, random);
  for (std::size_t i = 0; i < n; ++i) points[i][0] += apart * static_cast<double>(4 * i / n);
  return pairwise(points, points, euclidean_distance);
}

Matrix two_clouds(std::size_t n1, std::size_t n2, Random& random) {
  return pairwise(gaussian_points(n1, 2, random), gaussian_points(n2, 2, random), euclidean_distance);
}

}  // namespace

const std::vector<Family>& families() {
  static const std::vector<Family> all = {
      // Metrics.
      {"line", [](std::size_t n, Random& random) { return gaussian_distances(n, 1, euclidean_distance, random); }},
      {"plane", [](std::size_t n, Random& random) { return gaussian_distances(n, 2, euclidean_distance, random); }},
      {"euclidean",
       [](std::size_t n, Random& random) { return gaussian_distances(n, 20, euclidean_distance, random); }},
      {"manhattan", [](std::size_t n, Random& random) { return gaussian_distances(n, 4, manhattan_distance, random); }},
      {"duplicates", duplicates},
      {"hops", hops},
      {"all equal", all_equal},
      {"no costs", [](std::size_t n, Random&) { return Matrix(n, n); }},
      {"far groups", far_groups},
      // Nearly metrics.
      {"rounded far groups", [](std::size_t n, Random& random) { return rounded_to_float(far_groups(n, random)); }},
      {"rounded plane",
       [](std::size_t n, Random& random) {
         return rounded_to_float(gaussian_distances(n, 2, euclidean_distance, random));
       }},
      {"rounded manhattan",
       [](std::size_t n, Random& random) {
         return rounded_to_float(gaussian_distances(n, 1, manhattan_distance, random));
       }},
      // Square, with a zero diagonal, and not metrics.
      {"squared line",
       [](std::size_t n, Random& random) { return gaussian_distances(n, 1, squared_distance, random); }},
      {"squared plane",
       [](std::size_t n, Random& random) { return gaussian_distances(n, 2, squared_distance, random); }},
      {"squared euclidean",
       [](std::size_t n, Random& random) { return gaussian_distances(n, 20, squared_distance, random); }},
      {"cosine", [](std::size_t n, Random& random) { return gaussian_distances(n, 8, cosine_distance, random); }},
      {"random zero diagonal", zero_diagonal},
      {"random symmetric", symmetric},
      {"few values zero diagonal", few_values_zero_diagonal},
      {"penalties zero diagonal",
       [](std::size_t n, Random& random) { return with_penalties(symmetric(n, random), random); }},
      // Costs between two different sets of points.
      {"random square", [](std::size_t n, Random& random) { return random_costs(n, n, random); }},
      {"near ties", near_ties},
      {"few values", [](std::size_t n, Random& random) { return few_values(n, n, random); }},
      {"few values tall", [](std::size_t n, Random& random) { return few_values(n + n / 2, n, random); }},
      {"two clouds", [](std::size_t n, Random& random) { return two_clouds(n, 1 + below(n, random), random); }},
      {"random wide", [](std::size_t n, Random& random) { return random_costs(n, 2 * n + 1, random); }},
      {"random tall", [](std::size_t n, Random& random) { return random_costs(3 * n, n, random); }},
      {"penalties wide",
       [](std::size_t n, Random& random) { return with_penalties(random_costs(n, n + n / 3, random), random); }},
      {"one row", [](std::size_t n, Random& random) { return random_costs(1, n, random); }},
      {"one column", [](std::size_t n, Random& random) { return random_costs(n, 1, random); }},
  };
  return all;
}

Matrix make(const std::string& family, std::size_t n, Random& random) {
  const auto named = [&](const Family& each) { return each.name == family; };
  return std::find_if(families().begin(), families().end(), named)->make(n, random);
}

Weights make_weights(std::size_t n, std::size_t kind, Random& random) {
  Weights weights(n, 1);
  const std::size_t only = below(n, random);
  const double outside = power_of_ten(-15, -3, random);
  for (std::size_t i = 0; i < n; ++i) {
    double& weight = weights[i];
    if (kind == 1) weight = uniform(random);
    if (kind == 2) weight = uniform(random) < 0.5 ? 0 : uniform(random);
    if (kind == 3) weight = static_cast<double>(below(4, random));
    if (kind == 4) weight = power_of_ten(-20, 0, random);
    if (kind == 5) weight = uniform(random) < 0.3 ? 1e-300 : uniform(random) < 0.5 ? 1e-12 : uniform(random);
    if (kind == 6) weight = i == only ? 1 : 0;
    if (kind == 7) weight = std::exp(4 * uniform(random));
    if (kind == 8) weight = (4 * i / n + only) % 4 < 2 ? 1 + uniform(random) : outside * uniform(random);
  }
  if (sum(weights) == 0) weights[only] = 1;
  const double total = sum(weights);
  for (double& weight : weights) weight /= total;
  return weights;
}

// ---- Solving ----

std::vector<Hint> hints_for(const Matrix& costs) {
  for (std::size_t i = 0; i < costs.rows; ++i)
    if (costs.rows != costs.columns || costs(i, i) != 0) return {std::nullopt};
  return {std::nullopt, true, false};
}

Costs prepare(const Matrix& costs, Hint hint) {
  Costs prepared;
  const Status status = prepared.prepare(costs.view(), {.metric_like = hint, .symmetric = false});
  EXPECT_TRUE(status) << status.message();
  return prepared;
}

Result solve(const Matrix& costs, Hint hint, const Weights& supply, const Weights& demand, Options options) {
  const Costs prepared = prepare(costs, hint);
  Result result;
  options.plan = true;
  const Status status = Solver().solve(prepared, supply, demand, options, result);
  EXPECT_TRUE(status) << status.message();
  return result;
}

}  // namespace genmi::transport::test
