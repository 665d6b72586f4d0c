// Problems with few points on one side. The work is the same for either side, and about proportional to the number of
// points on the other.

#include "processor_time.h"
#include "transport_support.h"

namespace genmi::transport {
namespace {

using namespace test;

struct Kind {
  const char* name;
  double (*cost)(double point, double x, double y, Random& random);
};

// On a line, most points have the same difference between their costs to two given points.
const Kind kKinds[] = {
    {"Random", [](double, double, double, Random& random) { return uniform(random); }},
    {"Plane", [](double point, double x, double y, Random&) { return std::hypot(x - point, y - point * point); }},
    {"Line", [](double point, double x, double, Random&) { return std::abs(x - point); }},
    {"Whole", [](double, double, double, Random& random) { return static_cast<double>(below(4, random)); }},
    {"Equal", [](double, double, double, Random&) { return 1.0; }},
};

Matrix costs_of(const Kind& kind, std::size_t few, std::size_t many, Random& random) {
  Matrix costs(few, many);
  for (std::size_t j = 0; j < many; ++j) {
    const double x = uniform(random), y = uniform(random);
    for (std::size_t i = 0; i < few; ++i)
      costs(i, j) = kind.cost((static_cast<double>(i) + 0.3) / static_cast<double>(few), x, y, random);
  }
  return costs;
}

Matrix transpose(const Matrix& matrix) {
  Matrix transposed(matrix.columns, matrix.rows);
  for (std::size_t i = 0; i < matrix.rows; ++i)
    for (std::size_t j = 0; j < matrix.columns; ++j) transposed(j, i) = matrix(i, j);
  return transposed;
}

// Costs are at most 4, and sums have 20,000 terms.
void expect_proof(const Result& result) {
  ASSERT_EQ(result.outcome, Outcome::kOptimal);
  EXPECT_LE(std::abs(result.certificate.gap), 1e-12);
  EXPECT_LE(result.certificate.infeasibility, 1e-14);
  EXPECT_LE(result.certificate.slackness, 1e-13);
}

class FewPoints : public testing::TestWithParam<Kind> {};

// A pivot looks at all 20,000 points. Before SuccessivePaths, 8 x 20,000 took up to 5,600 pivots.
TEST_P(FewPoints, NeedFewPivotsOnEitherSide) {
  Random random(30);
  for (const std::size_t few : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{8}}) {
    const std::size_t many = 20'000;
    const Matrix wide = costs_of(GetParam(), few, many, random), tall = transpose(wide);
    for (const std::size_t weights : {std::size_t{0}, std::size_t{2}}) {
      const Weights p = make_weights(few, weights, random), q = make_weights(many, weights, random);
      const Result of_wide = solve(wide, {}, p, q), of_tall = solve(tall, {}, q, p);
      for (const Result* result : {&of_wide, &of_tall}) {
        expect_proof(*result);
        EXPECT_LE(result->pivots, 4 * few) << few;
      }
      EXPECT_NEAR(of_wide.cost, of_tall.cost, 1e-12 * of_wide.cost);
    }
  }
}

// Costs of many rows and few columns are held with both exchanged: 255 x 1 are not, 256 x 1 are. Sums that differ by
// less than the tolerance have the second measure scaled to the first, whichever side is the longer.
TEST_P(FewPoints, HaveOneOptimumOnEitherSide) {
  Random random(32);
  for (std::size_t repeat = 0; repeat < 40 * kWeightKinds; ++repeat) {
    const std::size_t few = 1 + below(16, random), many = repeat % 8 < 2 ? 255 + repeat % 2 : 256 + below(100, random);
    Matrix wide = costs_of(GetParam(), few, many, random);
    const double shift = repeat % 3 == 0 ? -2 : repeat % 3 == 1 ? 100 : 0;
    for (double& cost : wide.values) cost += shift;
    const Matrix tall = transpose(wide);
    const Weights p = make_weights(few, repeat % kWeightKinds, random);
    Weights q = make_weights(many, below(kWeightKinds, random), random);
    if (repeat % 2 == 1)
      for (double& weight : q) weight *= 1 + 5e-9;
    const Result of_wide = solve(wide, {}, p, q), of_tall = solve(tall, {}, q, p);
    expect_optimal(wide, p, q, of_wide);
    expect_optimal(tall, q, p, of_tall);
    const double scale = sum(q) / sum(p);
    EXPECT_NEAR(of_tall.cost, scale * of_wide.cost, 1e-14 * std::max(std::abs(of_tall.cost), wide.largest_magnitude()));
    EXPECT_NEAR(inner(of_tall.u, q) + inner(of_tall.v, p) * scale, of_tall.cost - of_tall.certificate.gap,
                1e-13 * wide.largest_magnitude());
  }
}

TEST_P(FewPoints, StartWarmOnEitherSide) {
  Random random(34);
  const Matrix wide = costs_of(GetParam(), 4, 500, random), tall = transpose(wide);
  Weights p(4, 0.25), q = make_weights(500, 3, random);
  Basis of_wide, of_tall;
  for (std::size_t step = 0; step < 5; ++step) {
    for (double& weight : p) weight *= 1 + 0.01 * uniform(random);
    const double total = sum(p);
    for (double& weight : p) weight /= total;
    const Result from_wide = solve(wide, {}, p, q, {.basis = &of_wide}), cold = solve(tall, {}, q, p),
                 from_tall = solve(tall, {}, q, p, {.basis = &of_tall});
    expect_optimal(wide, p, q, from_wide);
    expect_optimal(tall, q, p, from_tall);
    EXPECT_NEAR(from_tall.cost, cold.cost, 1e-14 * wide.largest());
    EXPECT_EQ(from_tall.pivots, from_wide.pivots);
  }
}

double seconds_of(const Matrix& costs, const Weights& p, const Weights& q) {
  return genmi::test::processor_seconds(3, [&] {
    Costs prepared;
    EXPECT_TRUE(prepared.prepare({costs.values.data(), costs.rows, costs.columns}));
    Result result;
    EXPECT_TRUE(Solver().solve(prepared, p, q, {}, result));
  });
}

// Rows of one number were padded to 32: m x 1 took up to 2.9 times as long as 1 x m.
TEST_P(FewPoints, TakeTheSameStepsOnEitherSide) {
  Random random(33);
  for (const std::size_t few : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{8}, std::size_t{16}}) {
    const Matrix wide = costs_of(GetParam(), few, 5000, random), tall = transpose(wide);
    const Weights p(few, 1.0 / static_cast<double>(few)), q(5000, 1.0 / 5000);
    const Result of_wide = solve(wide, {}, p, q), of_tall = solve(tall, {}, q, p);
    EXPECT_EQ(of_tall.pivots, of_wide.pivots);
    EXPECT_EQ(of_tall.u, of_wide.v);
    EXPECT_EQ(of_tall.v, of_wide.u);
    EXPECT_NEAR(of_tall.cost, of_wide.cost, 1e-15 * of_wide.cost);
  }
}

// Before SuccessivePaths, sixteen times as many points took 250 times as long, on a line 6,000 times. The bound leaves
// room for caches.
TEST_P(FewPoints, TakeTimeInProportionToTheOthers) {
  Random random(31);
  const std::size_t few = 2;
  const auto measure = [&](std::size_t many) {
    const Matrix costs = costs_of(GetParam(), few, many, random);
    return seconds_of(costs, Weights(few, 1.0 / few), Weights(many, 1.0 / static_cast<double>(many)));
  };
  EXPECT_LT(measure(128'000), 80 * measure(8'000) + 0.02);
}

// The cost is that of the weights. In units, of 256,000 equal weights on a line, it was 2e-12 off.
TEST(ManyPoints, HaveTheCostOfTheirWeights) {
  Random random(34);
  const std::size_t few = 8, many = 256'000;
  const Matrix costs = costs_of(kKinds[2], few, many, random);
  const Weights p(few, 1.0 / few), q(many, 1.0 / static_cast<double>(many));
  const Costs prepared = prepare(costs);
  Result result;
  ASSERT_TRUE(Solver().solve(prepared, p, q, {}, result));
  EXPECT_EQ(result.outcome, Outcome::kOptimal);
  EXPECT_LE(std::abs(result.certificate.gap), 1e-12 * result.cost);
}

INSTANTIATE_TEST_SUITE_P(Of, FewPoints, testing::ValuesIn(kKinds),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace genmi::transport
