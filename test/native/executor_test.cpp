#include "genmi/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <thread>

namespace genmi {
namespace {

constexpr std::chrono::milliseconds kPatience{20'000};

template <class Condition>
bool becomes_true(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  return condition();
}

// Counts of the computations of a test, by their state.
struct Counts {
  std::atomic<int> running{0}, most{0}, ran{0}, cancelled{0}, finished{0};
};

// Runs until it is released or cancelled.
class Computation final : public Executor::Work {
 public:
  explicit Computation(Counts& counts, bool released = false) : counts_(counts), ended_(released) {}

  void run() noexcept override {
    const int running = ++counts_.running;
    for (int most = counts_.most; most < running && !counts_.most.compare_exchange_weak(most, running);) continue;
    while (!ended_) std::this_thread::yield();
    ++counts_.ran;
    --counts_.running;
  }
  void cancel() noexcept override {
    ++counts_.cancelled;
    release();
  }
  void finished() noexcept override { ++counts_.finished; }
  void release() { ended_ = true; }

 private:
  Counts& counts_;
  std::atomic<bool> ended_;
};

TEST(Executor, RunsAllThatIsSubmittedButNoMoreAtOnceThanItsLimit) {
  Counts counts;
  std::deque<Computation> all;
  Executor executor(3);
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(executor.submit(all.emplace_back(counts, true)));
  EXPECT_TRUE(becomes_true([&] { return counts.finished == 500; }));
  EXPECT_EQ(counts.ran, 500);
  EXPECT_LE(counts.most, 3);
}

TEST(Executor, RunsAShortComputationBesideALongOne) {
  Counts counts;
  Computation endless(counts), brief(counts, true);
  Executor executor(2);
  ASSERT_TRUE(executor.submit(endless));
  ASSERT_TRUE(executor.submit(brief));
  EXPECT_TRUE(becomes_true([&] { return counts.finished == 1; }));
  endless.release();
  EXPECT_TRUE(becomes_true([&] { return counts.finished == 2; }));
}

TEST(Executor, WithdrawsWhatWaitsAndNothingElse) {
  Counts counts;
  Computation running(counts), waiting(counts), last(counts, true);
  Executor executor(1);
  ASSERT_TRUE(executor.submit(running));
  EXPECT_TRUE(becomes_true([&] { return counts.running == 1; }));
  ASSERT_TRUE(executor.submit(waiting));
  ASSERT_TRUE(executor.submit(last));
  EXPECT_FALSE(executor.withdraw(running));
  EXPECT_TRUE(executor.withdraw(waiting));
  EXPECT_FALSE(executor.withdraw(waiting)) << "twice";
  running.release();
  EXPECT_TRUE(becomes_true([&] { return counts.finished == 2; }));
  EXPECT_FALSE(executor.withdraw(last)) << "after its end";
  EXPECT_EQ(counts.ran, 2);
}

TEST(Executor, ItsEndCancelsWhatRunsAndForgetsWhatWaits) {
  Counts counts;
  Computation running(counts), waiting(counts);
  {
    Executor executor(1);
    ASSERT_TRUE(executor.submit(running));
    EXPECT_TRUE(becomes_true([&] { return counts.running == 1; }));
    ASSERT_TRUE(executor.submit(waiting));
  }
  EXPECT_EQ(counts.cancelled, 1);
  EXPECT_EQ(counts.finished, 1);
  EXPECT_EQ(counts.ran, 1);
}

TEST(Executor, IsSharedAsLongAsSomebodyHoldsIt) {
  const std::shared_ptr<Executor> first = Executor::shared();
  EXPECT_EQ(first, Executor::shared());
  EXPECT_GE(Executor::default_limit(), 2u);
}

}  // namespace
}  // namespace genmi
