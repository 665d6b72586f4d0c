// Problems full of ties, in which nearly every pivot moves nothing: a rule that does not prevent it would go round in
// circles.
#include "transport_support.h"

namespace genmi::transport {
namespace {

using namespace test;

class Ties : public testing::TestWithParam<const char*> {};

TEST_P(Ties, EndOnLargeProblems) {
  Random random(4);
  const std::size_t n = 2000;
  const Matrix costs = make(GetParam(), n, random);
  Solver solver;
  Result result;
  Options options;
  options.plan = true;
  for (const bool metric_like : {true, false}) {
    const Costs prepared = prepare(costs, metric_like);
    for (const std::size_t kind : {std::size_t{0}, std::size_t{3}}) {
      const Weights supply = make_weights(n, 2, random), demand = make_weights(n, kind, random);
      ASSERT_TRUE(solver.solve(prepared, supply, demand, options, result));
      ASSERT_NO_FATAL_FAILURE(expect_optimal(costs, supply, demand, result));
      EXPECT_LT(result.pivots, 100 * n);
    }
  }
}

// Whole masses on both sides: almost every sum of some of the supplies is one of demands.
TEST_P(Ties, EndWhenMassesAreTiedToo) {
  Random random(5);
  const std::size_t n = 2000;
  const Matrix costs = make(GetParam(), n, random);
  Solver solver;
  Result result;
  Options options;
  options.plan = true;
  Weights supply(n, 1), demand(n, 1);
  for (std::size_t i = 0; i < n; ++i) (i % 2 == 0 ? supply : demand)[i] = 0;
  for (const bool metric_like : {true, false}) {
    ASSERT_TRUE(solver.solve(prepare(costs, metric_like), supply, demand, options, result));
    ASSERT_NO_FATAL_FAILURE(expect_optimal(costs, supply, demand, result));
    EXPECT_LT(result.pivots, 100 * n);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Ties, testing::Values("hops", "all equal", "duplicates"), [](const auto& test) {
  std::string name = test.param;
  name.erase(std::remove(name.begin(), name.end(), ' '), name.end());
  return name;
});

}  // namespace
}  // namespace genmi::transport
