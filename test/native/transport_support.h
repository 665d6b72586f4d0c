// Shared by the tests of exact transport: problems of many families, and the proof that an answer is right.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "random.h"
#include "transport/costs.h"
#include "transport_proof.h"

namespace genmi::transport::test {

using Random = genmi::test::Generator;

inline double sum(const Weights& weights) { return std::accumulate(weights.begin(), weights.end(), 0.0); }
inline double inner(const Weights& a, const Weights& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// ---- Problems ----

double uniform(Random& random);                                // in [0, 1)
std::size_t below(std::size_t count, Random& random);          // 0 .. count - 1
double power_of_ten(double low, double high, Random& random);  // 10^e for e in [low, high)

using Point = std::vector<double>;
using Distance = double (*)(const Point&, const Point&);

double euclidean_distance(const Point& a, const Point& b);
double squared_distance(const Point& a, const Point& b);

std::vector<Point> gaussian_points(std::size_t n, std::size_t dimension, Random& random);
Matrix pairwise(const std::vector<Point>& a, const std::vector<Point>& b, Distance distance);
Matrix gaussian_distances(std::size_t n, std::size_t dimension, Distance distance, Random& random);
Matrix random_costs(std::size_t n1, std::size_t n2, Random& random);

// n is about the number of points. Rectangular families have more rows or columns than n, or one only.
struct Family {
  const char* name;
  Matrix (*make)(std::size_t n, Random& random);
};
const std::vector<Family>& families();
Matrix make(const std::string& family, std::size_t n, Random& random);

// Weights that sum to 1, of many kinds: among them zeros, ties, weights that drown beside others, and a single point.
constexpr std::size_t kWeightKinds = 9;
Weights make_weights(std::size_t n, std::size_t kind, Random& random);

// ---- Solving ----

// The metric_like hint of costs: true, false, or none.
using Hint = std::optional<bool>;

// The hints that change how a problem is solved. No hint, right or wrong, may change the optimum.
std::vector<Hint> hints_for(const Matrix& costs);

Costs prepare(const Matrix& costs, Hint hint = {});

// Solves with a new solver, and returns the plan too.
Result solve(const Matrix& costs, Hint hint, const Weights& supply, const Weights& demand, Options options = {});

inline void expect_right(const Matrix& costs, const Weights& supply, const Weights& demand, const Result& result) {
  ASSERT_EQ(find_fault(costs, supply, demand, result), "");
}

inline void expect_optimal(const Matrix& costs, const Weights& supply, const Weights& demand, const Result& result) {
  ASSERT_EQ(result.outcome, Outcome::kOptimal);
  expect_right(costs, supply, demand, result);
}

}  // namespace genmi::transport::test
