// Mistakes of kernels that the emulator must find, and the part of CUDA that it has. A GPU would hang at these
// mistakes, or write anything.
#include <gtest/gtest.h>

#include <string>

#include "emulated.h"

namespace genmi::cuda::test {
namespace {

template <class Body>
void run(dim3 grid, dim3 block, const Body& kernel) {
  EXPECT_EQ(GENMI_LAUNCH(kernel, grid, block, nullptr), cudaSuccess);
}

// words: a part of the message.
template <class Body>
void expect_mistake(const std::string& words, dim3 grid, dim3 block, const Body& kernel) {
  try {
    run(grid, block, kernel);
    ADD_FAILURE() << "no mistake found: " << words;
  } catch (const emulated::Mistake& mistake) {
    EXPECT_NE(std::string(mistake.what()).find(words), std::string::npos) << mistake.what();
  }
}

TEST(Emulator, FindsMistakesAtBarriers) {
  expect_mistake("returned before one", {1}, {2}, [] {
    if (threadIdx.x == 0) __syncthreads();
  });
  expect_mistake("different barriers", {1}, {2}, [] {
    if (threadIdx.x == 0) {
      __syncthreads();
    } else {
      __syncthreads();
    }
  });
}

TEST(Emulator, FindsMistakesOfSharedMemory) {
  expect_mistake("more than 48 KiB", {1}, {1}, [] {
    GENMI_SHARED(double, much, 6145);
    (void)much;
  });
  expect_mistake("different shared memory", {1}, {2}, [] {
    if (threadIdx.x == 1) return;
    GENMI_SHARED(int, own, 1);
    (void)own;
  });
}

TEST(Emulator, FindsMistakesOfLaunches) {
  expect_mistake("a block of", {1}, {1025}, [] {});
  expect_mistake("a block of", {1}, {1, 1, 65}, [] {});
  expect_mistake("a grid of", {0}, {1}, [] {});
  expect_mistake("a grid of", {1, 65536}, {1}, [] {});
}

TEST(Emulator, FindsMistakesWithinWarps) {
  expect_mistake("returned, or is not there", {1}, {32}, [] {
    if (threadIdx.x == 5) return;
    __shfl_xor_sync(0xffffffff, 1, 1);
  });
  expect_mistake("returned, or is not there", {1}, {16}, [] { __shfl_xor_sync(0xffffffff, 1, 1); });
  expect_mistake("different masks", {1}, {32},
                 [] { __shfl_xor_sync(threadIdx.x < 16 ? 0xffffffff : 0xffff0000, 1, 1); });
  expect_mistake("without the lane", {1}, {32}, [] { __shfl_xor_sync(0x0000ffff, 1, 1); });
  expect_mistake("not in the mask", {1}, {32}, [] {
    if (threadIdx.x < 16) __shfl_xor_sync(0x0000ffff, 1, 16);
  });
  expect_mistake("different exchanges", {1}, {32}, [] {
    if (threadIdx.x == 0) {
      __syncwarp();
    } else {
      __syncwarp();
    }
  });
  expect_mistake("different barriers", {1}, {32}, [] {
    if (threadIdx.x == 0) {
      __syncthreads();
    } else {
      __syncwarp();
    }
  });
}

// By CUDA's definitions, lane by lane.
TEST(Emulator, ExchangesValuesWithinWarps) {
  constexpr int kThreads = 64;
  std::vector<int> shuffled(kThreads), by_xor(kThreads), down(kThreads), up(kThreads);
  std::vector<unsigned> ballots(kThreads);
  std::vector<int> any(kThreads), all(kThreads);
  for (const Order order : {Order::kForward, Order::kBackward, Order::kShuffled}) {
    const emulated::WithOrder with(order);
    run({1}, {kThreads}, [&] {
      const auto t = static_cast<int>(threadIdx.x);
      shuffled[t] = __shfl_sync(0xffffffff, t, 3, 8);
      by_xor[t] = __shfl_xor_sync(0xffffffff, t, 16);
      down[t] = __shfl_down_sync(0xffffffff, t, 5, 16);
      up[t] = __shfl_up_sync(0xffffffff, t, 5);
      ballots[t] = __ballot_sync(0xffffffff, t % 3 == 0);
      any[t] = __any_sync(0xffffffff, t == 40);
      all[t] = __all_sync(0xffffffff, t >= 32);
    });
    for (int t = 0; t < kThreads; ++t) {
      EXPECT_EQ(shuffled[t], t / 8 * 8 + 3);
      EXPECT_EQ(by_xor[t], t ^ 16);
      EXPECT_EQ(down[t], t % 16 + 5 < 16 ? t + 5 : t);
      EXPECT_EQ(up[t], t % 32 >= 5 ? t - 5 : t);
      for (int lane = 0; lane < 32; ++lane)
        EXPECT_EQ(ballots[t] >> lane & 1, (t / 32 * 32 + lane) % 3 == 0 ? 1u : 0u) << t << ", " << lane;
      EXPECT_EQ(any[t], t >= 32);
      EXPECT_EQ(all[t], t >= 32);
    }
  }
}

TEST(Emulator, ExchangesDoublesAmongSomeLanes) {
  std::vector<double> found(32, -1);
  run({1}, {32}, [&] {
    const unsigned t = threadIdx.x;
    if (t % 2 == 0) found[t] = __shfl_xor_sync(0x55555555, 0.5 + t, 2);
  });
  for (unsigned t = 0; t < 32; ++t) EXPECT_EQ(found[t], t % 2 == 0 ? 0.5 + (t ^ 2) : -1);
}

// Without its barrier, a kernel reads what another thread has not written: NaN in one order or another.
TEST(Emulator, ShowsAMissingBarrier) {
  if (kThreadSanitizer) GTEST_SKIP() << "a race, which ThreadSanitizer would report";
  for (const bool barrier : {true, false}) {
    bool finite = true;
    for (const Order order : {Order::kForward, Order::kBackward, Order::kShuffled}) {
      const emulated::WithOrder with(order);
      std::vector<float> out(64, 0);
      run({1}, {64}, [&] {
        GENMI_SHARED(float, all, 64);
        all[threadIdx.x] = static_cast<float>(threadIdx.x);
        if (barrier) __syncthreads();
        out[threadIdx.x] = all[63 - threadIdx.x];
      });
      for (std::size_t t = 0; t < 64; ++t) finite &= out[t] == static_cast<float>(63 - t);
    }
    EXPECT_EQ(finite, barrier);
  }
}

// Atomics let other threads run in between: a test of a number and a later change of it are two.
TEST(Emulator, ShowsACheckBeforeAnAct) {
  bool once = true;
  for (const Order order : {Order::kForward, Order::kBackward, Order::kShuffled}) {
    const emulated::WithOrder with(order);
    unsigned taken = 0, winners = 0, sum = 0;
    run({2}, {64}, [&] {
      if (atomicCAS(&taken, 0u, 1u) == 0) atomicAdd(&winners, 1u);
      atomicAdd(&sum, threadIdx.x);
    });
    EXPECT_EQ(winners, 1u);
    EXPECT_EQ(sum, 64u * 63);
    unsigned free = 0;
    winners = 0;
    run({2}, {64}, [&] {
      if (atomicOr(&free, 0u) == 0) {
        atomicOr(&free, 1u);
        atomicAdd(&winners, 1u);
      }
    });
    once &= winners == 1;
  }
  EXPECT_FALSE(once);
}

}  // namespace
}  // namespace genmi::cuda::test
