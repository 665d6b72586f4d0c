// What the tests of exact transport share: problems of many families, and the proof that an answer is right.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "genmi/transport.h"
#include "random.h"
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
double power_of_ten(double low, double high, Random& random);  // of an exponent between the two

using Point = std::vector<double>;
using Distance = double (*)(const Point&, const Point&);

double euclidean_distance(const Point& a, const Point& b);
double squared_distance(const Point& a, const Point& b);

std::vector<Point> gaussian_points(std::size_t n, std::size_t dimension, Random& random);
Matrix pairwise(const std::vector<Point>& a, const std::vector<Point>& b, Distance distance);
Matrix gaussian_distances(std::size_t n, std::size_t dimension, Distance distance, Random& random);
Matrix random_costs(std::size_t n1, std::size_t n2, Random& random);

// n is about the size: rectangular families make more rows or columns of it, or only one.
struct Family {
  const char* name;
  Matrix (*make)(std::size_t n, Random& random);
};
const std::vector<Family>& families();
Matrix make(const std::string& family, std::size_t n, Random& random);

// Weights of many kinds, among them zeros, ties, some that are nothing beside the others, and a single point. They sum
// to 1.
constexpr std::size_t kWeightKinds = 9;
Weights make_weights(std::size_t n, std::size_t kind, Random& random);

// ---- Solving ----

// Whoever prepares costs may expect the triangle inequality, or not, or say nothing.
using Hint = std::optional<bool>;

// Those that make a difference. None may change an optimum, whether true or false.
std::vector<Hint> hints_for(const Matrix& costs);

Costs prepare(const Matrix& costs, Hint hint = {});

// With a new solver, and the plan.
Result solve(const Matrix& costs, Hint hint, const Weights& supply, const Weights& demand, Options options = {});

inline void expect_right(const Matrix& costs, const Weights& supply, const Weights& demand, const Result& result) {
  ASSERT_EQ(find_fault(costs, supply, demand, result), "");
}

inline void expect_optimal(const Matrix& costs, const Weights& supply, const Weights& demand, const Result& result) {
  ASSERT_EQ(result.outcome, Outcome::kOptimal);
  expect_right(costs, supply, demand, result);
}

}  // namespace genmi::transport::test
