// Problems full of ties, in which nearly every pivot moves nothing. A pivot rule without protection would cycle.
#include "transport_support.h"

namespace genmi::transport {
namespace {

using namespace test;

class Ties : public testing::TestWithParam<const char*> {
 protected:
  static constexpr std::size_t kPoints = 2000;

  void expect_end(bool metric_like, const Weights& supply, const Weights& demand) {
    Options options;
    options.plan = true;
    ASSERT_TRUE(solver_.solve(prepare(costs_, metric_like), supply, demand, options, result_));
    ASSERT_NO_FATAL_FAILURE(expect_optimal(costs_, supply, demand, result_));
    EXPECT_LT(result_.pivots, 100 * kPoints);
  }

  Random random_{4};
  const Matrix costs_ = make(GetParam(), kPoints, random_);

 private:
  Solver solver_;
  Result result_;
};

TEST_P(Ties, EndOnLargeProblems) {
  for (const bool metric_like : {true, false})
    for (const std::size_t kind : {std::size_t{0}, std::size_t{3}})
      expect_end(metric_like, make_weights(kPoints, 2, random_), make_weights(kPoints, kind, random_));
}

// Integer masses on both sides: almost every sum of some supplies equals a sum of some demands.
TEST_P(Ties, EndWhenMassesAreTiedToo) {
  Weights supply(kPoints, 1), demand(kPoints, 1);
  for (std::size_t i = 0; i < kPoints; ++i) (i % 2 == 0 ? supply : demand)[i] = 0;
  for (const bool metric_like : {true, false}) expect_end(metric_like, supply, demand);
}

INSTANTIATE_TEST_SUITE_P(Of, Ties, testing::Values("hops", "all equal", "duplicates"), [](const auto& test) {
  std::string name = test.param;
  name.erase(std::remove(name.begin(), name.end(), ' '), name.end());
  return name;
});

}  // namespace
}  // namespace genmi::transport
