#include "genmi/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "genmi/context.h"

namespace genmi {
namespace {

TEST(ThreadPool, CallsEveryIndexOnceAndEachSlotOnOneThreadAtATime) {
  ThreadPool pool(8);
  for (const std::size_t threads : {1u, 2u, 3u, 8u}) {
    std::vector<std::atomic<int>> calls(1000);
    std::vector<std::atomic<int>> inside(threads);
    pool.run(calls.size(), threads, [&](std::size_t index, std::size_t slot) {
      ASSERT_LT(slot, threads);
      EXPECT_EQ(inside[slot].fetch_add(1), 0);
      calls[index].fetch_add(1);
      inside[slot].fetch_sub(1);
    });
    for (const auto& count : calls) EXPECT_EQ(count.load(), 1);
  }
}

// Counts how many threads are inside tasks at once, and the largest such number.
struct Inside {
  std::atomic<std::size_t> now{0}, peak{0};

  void enter() {
    const std::size_t inside = ++now;
    std::size_t before = peak.load();
    while (before < inside && !peak.compare_exchange_weak(before, inside)) continue;
  }
  void leave() { --now; }
};

template <class Condition>
bool becomes_true(const Condition& condition, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  return condition();
}

constexpr std::chrono::milliseconds kPatience{20'000};

// Four threads run the tasks of one caller when three other callers come: its three workers make room for them.
TEST(ThreadPool, RunsNoMoreTasksAtOnceThanItsLimitHoweverManyCallersThereAre) {
  constexpr std::size_t kLimit = 4, kOthers = 3;
  ThreadPool pool(kLimit);
  Inside first_tasks, later_tasks, others;
  std::atomic<std::size_t> peak{0};
  std::atomic<bool> done{false};
  std::vector<std::thread> callers;
  for (std::size_t caller = 0; caller < kOthers; ++caller) {
    callers.emplace_back([&] {
      EXPECT_TRUE(becomes_true([&] { return first_tasks.peak == kLimit; }, kPatience));
      pool.run(8, kLimit, [&](std::size_t, std::size_t) {
        others.enter();
        EXPECT_TRUE(becomes_true([&] { return done.load(); }, kPatience));
        others.leave();
      });
    });
  }
  pool.run(100, kLimit, [&](std::size_t index, std::size_t) {
    if (index < kLimit) {
      first_tasks.enter();
      EXPECT_TRUE(becomes_true([&] { return others.now == kOthers; }, kPatience));
      return;
    }
    later_tasks.enter();
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    peak = std::max<std::size_t>(peak, later_tasks.peak + others.now);
    later_tasks.leave();
  });
  EXPECT_EQ(peak, kLimit);
  done = true;
  for (std::thread& caller : callers) caller.join();
}

TEST(ThreadPool, GivesTheRoomOfACallerThatLeavesToAnother) {
  constexpr std::size_t kLimit = 4;
  ThreadPool pool(kLimit);
  std::atomic<bool> held{false}, released{false};
  std::thread other([&] {
    pool.run(1, 1, [&](std::size_t, std::size_t) {
      held = true;
      EXPECT_TRUE(becomes_true([&] { return released.load(); }, kPatience));
    });
  });
  ASSERT_TRUE(becomes_true([&] { return held.load(); }, kPatience));
  Inside inside;
  std::thread watcher([&] {
    EXPECT_TRUE(becomes_true([&] { return inside.peak == kLimit - 1; }, kPatience));
    EXPECT_FALSE(becomes_true([&] { return inside.peak == kLimit; }, std::chrono::milliseconds(20)));
    released = true;
  });
  pool.run(kLimit, kLimit, [&](std::size_t, std::size_t) {
    inside.enter();
    EXPECT_TRUE(becomes_true([&] { return inside.peak == kLimit; }, kPatience));
    inside.leave();
  });
  watcher.join();
  other.join();
}

TEST(ThreadPool, DoesNothingWithNothingToDo) {
  ThreadPool pool;
  pool.run(0, 4, [](std::size_t, std::size_t) { FAIL(); });
}

TEST(ThreadPool, ServesSeveralCallersAtOnce) {
  ThreadPool pool(4);
  std::vector<std::thread> callers;
  std::vector<long> sums(6, 0);
  for (std::size_t caller = 0; caller < sums.size(); ++caller) {
    callers.emplace_back([&pool, &sum = sums[caller]] {
      for (int round = 0; round < 50; ++round) {
        std::atomic<long> total{0};
        pool.run(64, 4, [&](std::size_t index, std::size_t) { total += static_cast<long>(index); });
        sum += total;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const long sum : sums) EXPECT_EQ(sum, 50 * 64 * 63 / 2);
}

TEST(ThreadPool, NestedWorkEnds) {
  ThreadPool pool(4);
  std::atomic<int> calls{0};
  pool.run(8, 4, [&](std::size_t, std::size_t) { pool.run(8, 4, [&](std::size_t, std::size_t) { ++calls; }); });
  EXPECT_EQ(calls.load(), 64);
}

TEST(ThreadPool, ThrowsWhatATaskThrewAfterAllHaveStopped) {
  ThreadPool pool(4);
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> inside{0};
    const auto fails = [&](std::size_t index, std::size_t) {
      ++inside;
      if (index == 20) throw std::bad_alloc();
      --inside;
    };
    EXPECT_THROW(pool.run(64, 4, fails), std::bad_alloc);
    EXPECT_EQ(inside.load(), 1);
  }
  std::atomic<int> calls{0};
  pool.run(8, 4, [&](std::size_t, std::size_t) { ++calls; });
  EXPECT_EQ(calls.load(), 8);
}

TEST(ThreadPool, IsOnePerProcessAndEndsWithItsLastHolder) {
  auto first = ThreadPool::shared();
  EXPECT_EQ(first, ThreadPool::shared());
  const std::weak_ptr<ThreadPool> watched = first;
  first.reset();
  EXPECT_TRUE(watched.expired());
}

TEST(Job, KeepsTheLargestProgressThatWasReported) {
  Job job;
  job.report(0.25);
  job.report(1);
  job.report(20.0 / 21);  // a late thread reports
  EXPECT_EQ(job.progress(), 1);
}

TEST(Progress, NeverGoesBackAndEndsAtOne) {
  constexpr std::size_t kParts = 20'000;
  Job job;
  Progress progress(&job, kParts);
  std::thread watcher([&] {
    for (double last = 0; last < 1;) {
      const double now = job.progress();
      ASSERT_GE(now, last);
      last = now;
    }
  });
  ThreadPool pool(4);
  pool.run(kParts, 4, [&](std::size_t, std::size_t) { progress.finish_part(); });
  EXPECT_EQ(job.progress(), 1);
  job.report(1);  // so that the watcher ends in any case
  watcher.join();
}

TEST(Workspace, KeepsMemoryValidUntilTheFrameEnds) {
  Workspace workspace;
  const Workspace::Frame outer(workspace);
  const std::span<double> kept = workspace.take<double>(100);
  for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = static_cast<double>(i);
  for (int round = 0; round < 100; ++round) {
    const Workspace::Frame inner(workspace);
    const std::span<double> large = workspace.take_zeroed<double>(100'000);
    const std::span<float> small = workspace.take_zeroed<float>(7);
    for (double& value : large) value = -1;
    for (float& value : small) value = -1;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(large.data()) % 64, 0u);
  }
  for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i], static_cast<double>(i));
}

}  // namespace
}  // namespace genmi
