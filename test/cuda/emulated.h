// Kernels of native/cuda, emulated: run in several orders of threads, whose results must have the same bits. Nothing
// here has run on a GPU.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "device.h"
#include "random.h"

namespace genmi::cuda::test {

using emulated::Order;
using genmi::test::Generator;

#ifdef __SANITIZE_THREAD__
inline constexpr bool kThreadSanitizer = true;
#elif defined(__has_feature)
inline constexpr bool kThreadSanitizer = __has_feature(thread_sanitizer);
#else
inline constexpr bool kThreadSanitizer = false;
#endif

// Planted bugs are found, and ThreadSanitizer tries, with a few sizes: each takes long, and ThreadSanitizer keeps the
// fibres of all blocks of a launch.
inline bool takes_few_sizes() { return kThreadSanitizer || std::getenv("GENMI_FEW_SIZES") != nullptr; }

// Calls that free have no error of their own: the next call tells of a device that has failed.
inline bool frees(const std::string& call) {
  return call.find("Free") != std::string::npos || call.find("Destroy") != std::string::npos;
}

// Sizes up to more than two tiles or warps.
inline std::vector<std::size_t> sizes() {
  if (takes_few_sizes()) return {1, 2, 31, 33, 67};
  std::vector<std::size_t> all(67);
  std::iota(all.begin(), all.end(), 1);
  return all;
}

template <class T>
std::vector<T> draw(Generator& random, std::size_t count, double deviation = 1) {
  const std::vector<double> numbers = genmi::test::gaussians(random, count, deviation);
  return {numbers.begin(), numbers.end()};
}

// The numbers that compute(out) writes; none may be left out.
template <class T, class Compute>
std::vector<T> in_all_orders(std::size_t count, const Compute& compute) {
  std::vector<T> first;
  for (const Order order : {Order::kForward, Order::kBackward, Order::kShuffled}) {
    const emulated::WithOrder with(order);
    std::vector<T> out(count);
    std::memset(out.data(), 0xff, count * sizeof(T));
    EXPECT_EQ(compute(out.data()), cudaSuccess);
    if (first.empty()) first = out;
    EXPECT_EQ(std::memcmp(out.data(), first.data(), count * sizeof(T)), 0) << "the order of threads shows";
  }
  return first;
}

}  // namespace genmi::cuda::test
