// Many problems over one cost matrix: the same bits for any number of threads, cold and from kept bases. The pool
// starts the workers that are asked for, also on machines with fewer processors.
#include <algorithm>
#include <iterator>
#include <string>

#include "genmi/transport.h"
#include "transport_support.h"

namespace genmi::transport {
namespace {

using namespace test;

constexpr std::size_t kPoints = 12, kProblems = 20;
constexpr std::size_t kThreads[] = {1, 2, 3, 8};

// All numbers of a problem's answer.
std::vector<double> numbers_of(const Result& result) {
  const Certificate& certificate = result.certificate;
  std::vector<double> numbers = {result.cost, static_cast<double>(result.pivots), certificate.gap,
                                 certificate.infeasibility, certificate.slackness};
  numbers.insert(numbers.end(), result.u.begin(), result.u.end());
  numbers.insert(numbers.end(), result.v.begin(), result.v.end());
  for (const PlanEntry& entry : result.plan)
    numbers.insert(numbers.end(), {static_cast<double>(entry.source), static_cast<double>(entry.target), entry.mass});
  return numbers;
}

using Answers = std::vector<std::vector<double>>;

double pivots_of(const Answers& answers) {
  double pivots = 0;
  for (const std::vector<double>& numbers : answers) pivots += numbers[1];
  return pivots;
}

Status solve_on(std::size_t threads, const Matrix& costs, std::size_t problems, const FillWeights& weights,
                Answers& answers, std::span<Basis> bases = {}) {
  static ThreadPool pool(kThreads[std::size(kThreads) - 1]);
  Workspace workspace;
  answers.assign(problems, {});
  Options options;
  options.plan = true;
  const auto keep = [&](std::size_t problem, Result& result) { answers[problem] = numbers_of(result); };
  return solve_many(prepare(costs), problems, weights, options, {workspace, &pool, threads}, keep, bases);
}

// All mass is at one point, and moves to another.
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
    // The next step: every second point has a little less mass, the others have more by the same amount.
    const auto next = [&](std::size_t problem, std::span<double> supply, std::span<double> demand) {
      weights(problem, supply, demand);
      for (std::size_t i = 0; i + 1 < supply.size(); i += 2) {
        const double moved = 0.02 * std::min(supply[i], supply[i + 1]);
        supply[i] -= moved;
        supply[i + 1] += moved;
      }
    };
    Answers first, second, again;
    ASSERT_TRUE(solve_on(1, costs, kProblems, next, again));
    for (const std::size_t threads : kThreads) {
      Answers answers;
      std::vector<Basis> bases(kProblems);
      ASSERT_TRUE(solve_on(threads, costs, kProblems, weights, answers, bases));
      if (first.empty()) first = answers;
      EXPECT_EQ(answers, first);
      ASSERT_TRUE(solve_on(threads, costs, kProblems, next, answers, bases));
      if (second.empty()) second = answers;
      EXPECT_EQ(answers, second);
      for (std::size_t problem = 0; problem < kProblems; ++problem)
        EXPECT_NEAR(second[problem][0], again[problem][0], 1e-12 * costs.largest());
    }
    EXPECT_LT(pivots_of(second), pivots_of(again) / 2) << "from the bases of the first step";
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
