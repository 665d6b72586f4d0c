#include <gtest/gtest.h>

#include "genmi/transport.h"
#include "random.h"

namespace genmi::transport {
namespace {

constexpr std::size_t kPoints = 12, kProblems = 20;

std::vector<double> costs_between(std::size_t points) {
  test::Generator random(3);
  std::vector<double> costs = test::gaussians(random, points * points);
  for (double& cost : costs) cost = std::abs(cost);
  return costs;
}

Status solve_on(std::size_t threads, const FillWeights& weights, std::vector<double>& values) {
  const std::vector<double> costs = costs_between(kPoints);
  const auto pool = ThreadPool::shared();
  Workspace workspace;
  values.assign(kProblems, -1);
  return solve_many({{costs.data(), kPoints, kPoints}}, kProblems, weights, {}, {workspace, pool.get(), threads},
                    [&](std::size_t problem, Result& result) { values[problem] = result.cost; });
}

void fill(std::size_t problem, std::span<double> supply, std::span<double> demand) {
  for (std::size_t i = 0; i < kPoints; ++i) supply[i] = i == problem % kPoints ? 1 : 0;
  for (std::size_t i = 0; i < kPoints; ++i) demand[i] = i == (problem * 5 + 1) % kPoints ? 1 : 0;
}

TEST(SolveMany, AreSameBitsForAnyNumberOfThreads) {
  const std::vector<double> costs = costs_between(kPoints);
  for (const std::size_t threads : {1u, 2u, 3u, 8u}) {
    std::vector<double> values;
    ASSERT_TRUE(solve_on(threads, fill, values));
    for (std::size_t problem = 0; problem < kProblems; ++problem)
      EXPECT_EQ(values[problem], costs[problem % kPoints * kPoints + (problem * 5 + 1) % kPoints]);
  }
}

TEST(SolveMany, ReturnsTheErrorOfTheFirstProblemThatHasOne) {
  const auto some_wrong = [](std::size_t problem, std::span<double> supply, std::span<double> demand) {
    fill(problem, supply, demand);
    if (problem == 7) supply[0] = -7;
    if (problem == 3) supply[0] = -3;
  };
  for (const std::size_t threads : {1u, 2u, 3u, 8u}) {
    std::vector<double> values;
    const Status status = solve_on(threads, some_wrong, values);
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    EXPECT_NE(status.message().find("-3"), std::string::npos) << status.message();
    EXPECT_EQ(values[3], -1);
  }
}

}  // namespace
}  // namespace genmi::transport
