#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "genmi/context.h"
#include "genmi/parallel.h"

namespace genmi {
namespace {

TEST(ThreadPool, CallsEveryIndexOnceAndEachSlotOnOneThreadAtATime) {
  const auto pool = ThreadPool::shared();
  for (const std::size_t threads : {1u, 2u, 3u, 8u}) {
    std::vector<std::atomic<int>> calls(1000);
    std::vector<std::atomic<int>> inside(threads);
    pool->run(calls.size(), threads, [&](std::size_t index, std::size_t slot) {
      ASSERT_LT(slot, threads);
      EXPECT_EQ(inside[slot].fetch_add(1), 0);
      calls[index].fetch_add(1);
      inside[slot].fetch_sub(1);
    });
    for (const auto& count : calls) EXPECT_EQ(count.load(), 1);
  }
}

TEST(ThreadPool, ServesSeveralCallersAtOnce) {
  const auto pool = ThreadPool::shared();
  std::vector<std::thread> callers;
  std::vector<long> sums(6, 0);
  for (std::size_t caller = 0; caller < sums.size(); ++caller) {
    callers.emplace_back([&pool, &sum = sums[caller]] {
      for (int round = 0; round < 50; ++round) {
        std::atomic<long> total{0};
        pool->run(64, 4, [&](std::size_t index, std::size_t) { total += static_cast<long>(index); });
        sum += total;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const long sum : sums) EXPECT_EQ(sum, 50 * 64 * 63 / 2);
}

TEST(ThreadPool, NestedWorkEnds) {
  const auto pool = ThreadPool::shared();
  std::atomic<int> calls{0};
  pool->run(8, 4, [&](std::size_t, std::size_t) { pool->run(8, 4, [&](std::size_t, std::size_t) { ++calls; }); });
  EXPECT_EQ(calls.load(), 64);
}

TEST(ThreadPool, ThrowsWhatATaskThrewAfterAllHaveStopped) {
  const auto pool = ThreadPool::shared();
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> inside{0};
    const auto fails = [&](std::size_t index, std::size_t) {
      ++inside;
      if (index == 20) throw std::bad_alloc();
      --inside;
    };
    EXPECT_THROW(pool->run(64, 4, fails), std::bad_alloc);
    EXPECT_EQ(inside.load(), 1);
  }
  std::atomic<int> calls{0};
  pool->run(8, 4, [&](std::size_t, std::size_t) { ++calls; });
  EXPECT_EQ(calls.load(), 8);
}

TEST(ThreadPool, IsOnePerProcessAndEndsWithItsLastHolder) {
  auto first = ThreadPool::shared();
  EXPECT_EQ(first, ThreadPool::shared());
  const std::weak_ptr<ThreadPool> watched = first;
  first.reset();
  EXPECT_TRUE(watched.expired());
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
