// Many problems over one cost matrix: the same bits for any number of threads, cold and from kept bases.
#include <string>

#include "genmi/transport.h"
#include "transport_support.h"

namespace genmi::transport {
namespace {

using namespace test;

constexpr std::size_t kPoints = 12, kProblems = 20;
constexpr std::size_t kThreads[] = {1, 2, 3, 8};

// Everything that a problem answers with, but for its certificate.
std::vector<double> numbers_of(const Result& result) {
  std::vector<double> numbers = {result.cost, static_cast<double>(result.pivots)};
  numbers.insert(numbers.end(), result.u.begin(), result.u.end());
  numbers.insert(numbers.end(), result.v.begin(), result.v.end());
  for (const PlanEntry& entry : result.plan) numbers.push_back(entry.mass);
  return numbers;
}

using Answers = std::vector<std::vector<double>>;

Status solve_on(std::size_t threads, const Matrix& costs, std::size_t problems, const FillWeights& weights,
                Answers& answers, std::span<Basis> bases = {}) {
  const auto pool = ThreadPool::shared();
  Workspace workspace;
  answers.assign(problems, {});
  Options options;
  options.plan = true;
  const auto keep = [&](std::size_t problem, Result& result) { answers[problem] = numbers_of(result); };
  return solve_many(prepare(costs), problems, weights, options, {workspace, pool.get(), threads}, keep, bases);
}

// From one point to another.
void fill(std::size_t problem, std::span<double> supply, std::span<double> demand) {
  for (std::size_t i = 0; i < kPoints; ++i) supply[i] = i == problem % kPoints ? 1 : 0;
  for (std::size_t i = 0; i < kPoints; ++i) demand[i] = i == (problem * 5 + 1) % kPoints ? 1 : 0;
}

Matrix some_costs() {
  Random random(3);
  return random_costs(kPoints, kPoints, random);
}

TEST(SolveMany, SolvesEachProblem) {
  const Matrix costs = some_costs();
  for (const std::size_t threads : kThreads) {
    Answers answers;
    ASSERT_TRUE(solve_on(threads, costs, kProblems, fill, answers));
    for (std::size_t problem = 0; problem < kProblems; ++problem)
      EXPECT_EQ(answers[problem][0], costs(problem % kPoints, (problem * 5 + 1) % kPoints));
  }
}

TEST(SolveMany, AreSameBitsForAnyNumberOfThreads) {
  Random random(4);
  for (const char* family : {"plane", "hops", "squared plane", "random wide"}) {
    SCOPED_TRACE(family);
    const Matrix costs = make(family, 60, random);
    std::vector<Weights> supplies, demands;
    for (std::size_t problem = 0; problem < kProblems; ++problem) {
      supplies.push_back(make_weights(costs.rows, problem % kWeightKinds, random));
      demands.push_back(make_weights(costs.columns, problem / 3 % kWeightKinds, random));
    }
    const auto weights = [&](std::size_t problem, std::span<double> supply, std::span<double> demand) {
      std::copy(supplies[problem].begin(), supplies[problem].end(), supply.begin());
      std::copy(demands[problem].begin(), demands[problem].end(), demand.begin());
    };
    // From the basis of another problem on the way back.
    const auto others = [&](std::size_t problem, std::span<double> supply, std::span<double> demand) {
      weights(kProblems - 1 - problem, supply, demand);
    };
    Answers cold, warm;
    for (const std::size_t threads : kThreads) {
      Answers answers;
      std::vector<Basis> bases(kProblems);
      ASSERT_TRUE(solve_on(threads, costs, kProblems, weights, answers, bases));
      if (cold.empty()) cold = answers;
      EXPECT_EQ(answers, cold);
      ASSERT_TRUE(solve_on(threads, costs, kProblems, others, answers, bases));
      if (warm.empty()) warm = answers;
      EXPECT_EQ(answers, warm);
      for (std::size_t problem = 0; problem < kProblems; ++problem)
        EXPECT_NEAR(warm[problem][0], cold[kProblems - 1 - problem][0], 1e-12 * costs.largest());
    }
  }
}

TEST(SolveMany, ReturnsTheErrorOfTheFirstProblemThatHasOne) {
  const auto some_wrong = [](std::size_t problem, std::span<double> supply, std::span<double> demand) {
    fill(problem, supply, demand);
    if (problem == 7) supply[0] = -7;
    if (problem == 3) supply[0] = -3;
  };
  for (const std::size_t threads : kThreads) {
    Answers answers;
    const Status status = solve_on(threads, some_costs(), kProblems, some_wrong, answers);
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    EXPECT_NE(status.message().find("-3"), std::string::npos) << status.message();
    EXPECT_TRUE(answers[3].empty());
  }
}

}  // namespace
}  // namespace genmi::transport
