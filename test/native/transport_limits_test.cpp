// Exact transport that is stopped early bounds the optimum. Problems without an answer are refused.
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>
#include <utility>

#include "transport/checks.h"
#include "transport/costs.h"
#include "transport_support.h"

namespace genmi::transport {
namespace {

using namespace test;

// ---- Stopping early ----

TEST(Transport, BoundsTheOptimumAtEveryIterationLimit) {
  Random random(12);
  for (const Family& family : families()) {
    const Matrix costs = family.make(20, random);
    const Weights supply = make_weights(costs.rows, 1, random), demand = make_weights(costs.columns, 1, random);
    const double rounding = 1e-14 * costs.largest();
    for (const Hint hint : hints_for(costs)) {
      SCOPED_TRACE(family.name);
      const Result optimum = solve(costs, hint, supply, demand);
      double last = std::numeric_limits<double>::infinity();
      Options options;
      for (options.max_pivots = 0; options.max_pivots < optimum.pivots; ++options.max_pivots) {
        const Result result = solve(costs, hint, supply, demand, options);
        ASSERT_EQ(result.outcome, Outcome::kIterationLimit);
        ASSERT_EQ(result.pivots, options.max_pivots);
        ASSERT_NO_FATAL_FAILURE(expect_right(costs, supply, demand, result));
        ASSERT_GE(result.cost, optimum.cost - rounding);
        ASSERT_LE(result.cost - result.certificate.gap, optimum.cost + rounding);
        ASSERT_LE(result.cost, last + rounding);
        last = result.cost;
      }
      EXPECT_EQ(solve(costs, hint, supply, demand, options).outcome, Outcome::kOptimal);
    }
  }
}

TEST(Transport, StopsWhenCancelledBeforehand) {
  Random random(13);
  const Matrix costs = make("plane", 10, random);
  Job job;
  job.cancel();
  Options options;
  options.job = &job;
  Result result;
  const Weights one_end = make_weights(10, 6, random), everywhere = make_weights(10, 1, random);
  for (const Hint hint : hints_for(costs)) {
    const Status status = Solver().solve(prepare(costs, hint), one_end, everywhere, options, result);
    EXPECT_EQ(status.code(), Code::kAborted);
  }
}

// Cancels at half the time of a whole solve, when pivots are running. Repeated, because machines may stall.
TEST(Transport, StopsWhenCancelledDuringThePivots) {
  using Clock = std::chrono::steady_clock;
  Random random(14);
  const std::size_t n = 1000;
  const Matrix costs = make("squared plane", n, random);
  const Costs prepared = prepare(costs);
  const Weights supply = make_weights(n, 1, random), demand = make_weights(n, 1, random);
  Solver solver;
  Result result;
  Clock::duration whole = Clock::duration::max();  // the shortest of several: the first one allocates memory
  for (int repeat = 0; repeat < 3; ++repeat) {
    const Clock::time_point start = Clock::now();
    ASSERT_TRUE(solver.solve(prepared, supply, demand, {}, result));
    whole = std::min(whole, Clock::now() - start);
  }
  Code code = Code::kOk;
  for (int attempt = 0; attempt < 20 && code != Code::kAborted; ++attempt) {
    Job job;
    Options options;
    options.job = &job;
    std::thread canceller([&] {
      std::this_thread::sleep_for(whole / 2);
      job.cancel();
    });
    code = solver.solve(prepared, supply, demand, options, result).code();
    canceller.join();
  }
  EXPECT_EQ(code, Code::kAborted);
}

// ---- Refusals ----

class Refusals : public testing::Test {
 protected:
  Status solve(const Weights& supply, const Weights& demand) {
    Result result;
    return Solver().solve(prepare(costs_), supply, demand, {}, result);
  }
  Matrix costs_{2, 3};
};

TEST_F(Refusals, WeightsOutOfRange) {
  const Weights good = {1, 1, 1};
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  const Weights wrong[] = {{}, {3}, {1, 1, 1}, {-1, 4}, {nan, 3}, {infinity, 1}, {0, 0}, {1e308, 1e308}};
  for (const Weights& supply : wrong) {
    const Status status = solve(supply, good);
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    EXPECT_EQ(status.message().rfind("p: expected ", 0), 0u) << status.message();
  }
  const Status status = solve({1, 2}, {1, -0.5, 2.5});
  EXPECT_EQ(status.code(), Code::kOutOfRange);
  EXPECT_EQ(status.message(), "q: expected finite weights >= 0, received -0.5 at index 1; clip the weights");
}

// Rounding decides whether these sums are finite.
TEST_F(Refusals, SumsAtTheEndOfTheNumbers) {
  const double most = std::numeric_limits<double>::max();
  for (std::size_t n = 2; n < 40; ++n) {
    Weights one(n);
    one.front() = most;
    for (const double least : {0.0, 1.0, most}) {
      const double share = std::nextafter(most / static_cast<double>(n), least);
      Result result;
      const Status status = Solver().solve(prepare(Matrix(n, n, 1)), one, Weights(n, share), {}, result);
      EXPECT_TRUE(status || status.code() == Code::kOutOfRange) << status.message();
    }
  }
}

// Costs and sums are each in range, but their product is not.
TEST_F(Refusals, CostsAndSumsWhoseProductOverflows) {
  for (const double cost : {1e12, 1e160, 1e300}) {
    costs_ = Matrix(2, 3, cost);
    const double most = 1e300 / cost;
    Result result;
    EXPECT_TRUE(Solver().solve(prepare(costs_), Weights(2, most / 2), Weights(3, most / 3), {}, result));
    EXPECT_LE(result.cost, 1e301);
    EXPECT_LE(std::abs(result.certificate.gap), 1e287);
    const Status status = solve(Weights(2, most), Weights(3, most * 2 / 3));
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    EXPECT_NE(status.message().find("sum times the largest distance"), std::string::npos) << status.message();
  }
}

TEST_F(Refusals, SumsThatDiffer) {
  EXPECT_TRUE(solve({1, 2}, {1, 1, 1 + 1e-9}));
  const Status status = solve({1, 2}, {1, 1, 1.5});
  EXPECT_EQ(status.code(), Code::kInfeasible);
  EXPECT_NE(status.message().find("3.5"), std::string::npos) << status.message();
}

TEST_F(Refusals, CostsOutOfRange) {
  EXPECT_TRUE(Costs().prepare(costs_.view()));
  for (const double wrong : {-1e301, std::nan(""), std::numeric_limits<double>::infinity(), 1e301}) {
    costs_(1, 2) = wrong;
    for (const Status& status : {Costs().prepare(costs_.view()), check_costs(costs_.view())}) {
      EXPECT_EQ(status.code(), Code::kOutOfRange);
      EXPECT_NE(status.message().find("row 1, column 2"), std::string::npos) << status.message();
    }
  }
  EXPECT_EQ(Costs().prepare({nullptr, 0, 3}).code(), Code::kOutOfRange);
}

// Too many points are refused before any cost is read.
TEST_F(Refusals, MorePointsThanNodesCanNumber) {
  const std::size_t most = std::size_t{1} << 31;
  for (const auto& [rows, columns] : {std::pair{most, std::size_t{1}}, {std::size_t{1}, most}, {most / 2, most / 2}}) {
    const Status status = Costs().prepare({nullptr, rows, columns});
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    EXPECT_NE(status.message().find("rows and columns together"), std::string::npos) << status.message();
  }
}

}  // namespace
}  // namespace genmi::transport
