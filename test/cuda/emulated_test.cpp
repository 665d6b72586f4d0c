// The kernels of native/cuda, emulated: compiled for the CPU and run on fibres (native/cuda/emulated). Products against
// sums in long double, in all orders of threads. Nothing here has run on a GPU.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "affinity/products.h"
#include "random.h"

namespace genmi::cuda {
namespace {

using emulated::Order;
using test::Generator;

enum class Kernel { kStored, kLinear, kRbf };
constexpr double kGamma = 0.3;

template <class T>
class EmulatedProduct {
 public:
  EmulatedProduct(std::size_t samples, std::size_t d, std::size_t k, Generator& random)
      : samples_(samples), d_(d), k_(k) {
    const auto draw = [&](std::size_t count) {
      const std::vector<double> numbers = test::gaussians(random, count);
      return std::vector<T>(numbers.begin(), numbers.end());
    };
    x_ = draw(samples * d);
    stored_ = draw(samples * (samples + 3));
    for (std::size_t i = 0; i < samples + 3; ++i) rows_.push_back(static_cast<std::int32_t>(random() % samples));
    v_ = draw(rows_.size() * k);
  }

  // n: 0 for all samples in order.
  void check(Kernel kernel, std::size_t n) const {
    const std::int32_t* const rows = n == 0 ? nullptr : rows_.data();
    if (n == 0) n = samples_;
    std::vector<T> first;
    for (const Order order : {Order::kForward, Order::kBackward, Order::kShuffled}) {
      const emulated::WithOrder with(order);
      std::vector<T> out(n * k_, std::numeric_limits<T>::quiet_NaN());
      const Product<T> product{rows, n, v_.data(), k_, out.data()};
      if (kernel == Kernel::kStored) multiply_stored(stored_.data(), samples_ + 3, product, nullptr);
      if (kernel == Kernel::kLinear) multiply_linear(x_.data(), d_, product, nullptr);
      if (kernel == Kernel::kRbf) multiply_rbf(x_.data(), d_, static_cast<T>(kGamma), product, nullptr);
      if (first.empty()) first = out;
      ASSERT_EQ(std::memcmp(out.data(), first.data(), out.size() * sizeof(T)), 0) << "the order of threads shows";
    }
    compare(kernel, rows, n, first);
  }

 private:
  void compare(Kernel kernel, const std::int32_t* rows, std::size_t n, const std::vector<T>& found) const {
    const auto sample = [&](std::size_t i) { return rows == nullptr ? i : static_cast<std::size_t>(rows[i]); };
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t c = 0; c < k_; ++c) {
        long double sum = 0, magnitude = 0;
        for (std::size_t j = 0; j < n; ++j) {
          const long double term = entry(kernel, sample(i), sample(j)) * static_cast<long double>(v_[j * k_ + c]);
          sum += term;
          magnitude += std::abs(term);
        }
        // Of an entry: d roundings; of a tile's sum: 32.
        const double allowed = static_cast<double>(std::numeric_limits<T>::epsilon()) * (40 + static_cast<double>(d_)) *
                               static_cast<double>(magnitude + 1);
        ASSERT_NEAR(static_cast<double>(found[i * k_ + c]), static_cast<double>(sum), allowed) << i << ", " << c;
      }
  }

  long double entry(Kernel kernel, std::size_t a, std::size_t b) const {
    if (kernel == Kernel::kStored) return stored_[a * (samples_ + 3) + b];
    long double inner = 0, squared = 0;
    for (std::size_t f = 0; f < d_; ++f) {
      const auto x = static_cast<long double>(x_[a * d_ + f]), y = static_cast<long double>(x_[b * d_ + f]);
      inner += x * y;
      squared += (x - y) * (x - y);
    }
    return kernel == Kernel::kLinear ? inner : std::exp(-static_cast<long double>(static_cast<T>(kGamma)) * squared);
  }

  std::size_t samples_, d_, k_;
  std::vector<T> x_, stored_, v_;
  std::vector<std::int32_t> rows_;
};

template <class T>
void check_all(std::size_t samples, std::size_t d, std::size_t k, Generator& random) {
  SCOPED_TRACE(std::to_string(samples) + " samples, " + std::to_string(d) + " features, " + std::to_string(k) +
               " clusters");
  const EmulatedProduct<T> product(samples, d, k, random);
  for (const Kernel kernel : {Kernel::kStored, Kernel::kLinear, Kernel::kRbf})
    for (const std::size_t n : {std::size_t{0}, samples + 3}) product.check(kernel, n);
}

TEST(EmulatedProducts, AreRightForAllSizes) {
  Generator random(1);
  for (std::size_t n = 1; n <= 67; ++n) {
    check_all<float>(n, 1 + n * 7 % 67, 1 + n * 5 % 11, random);
    check_all<double>(n, 1 + n * 5 % 67, 1 + n * 3 % 11, random);
  }
}

TEST(EmulatedProducts, AreRightAtTheBoundariesOfTiles) {
  Generator random(2);
  for (const std::size_t n : {32u, 64u, 96u})
    for (const std::size_t d : {31u, 32u, 33u, 64u})
      for (const std::size_t k : {31u, 32u, 33u}) check_all<float>(n, d, k, random);
}

// What the emulator finds. A GPU would hang, or write anything.
template <class Body>
void expect_mistake(dim3 grid, dim3 block, const Body& kernel) {
  EXPECT_THROW(GENMI_LAUNCH(kernel, grid, block, nullptr), emulated::Mistake);
}

TEST(Emulator, FindsMistakesOfKernels) {
  expect_mistake({1}, {2}, [] {
    if (threadIdx.x == 0) __syncthreads();
  });
  expect_mistake({1}, {2}, [] {
    if (threadIdx.x == 0) {
      __syncthreads();
    } else {
      __syncthreads();
    }
  });
  expect_mistake({1}, {1}, [] {
    GENMI_SHARED(double, much, 6145);
    (void)much;
  });
  expect_mistake({1}, {2}, [] {
    if (threadIdx.x == 1) return;
    GENMI_SHARED(int, own, 1);
    (void)own;
  });
  expect_mistake({1}, {1025}, [] {});
  expect_mistake({0}, {1}, [] {});
  expect_mistake({1, 65536}, {1}, [] {});
}

// Without its barrier, a kernel reads what another thread has not written: NaN in one order or another.
TEST(Emulator, ShowsAMissingBarrier) {
  for (const bool barrier : {true, false}) {
    bool finite = true;
    for (const Order order : {Order::kForward, Order::kBackward, Order::kShuffled}) {
      const emulated::WithOrder with(order);
      std::vector<float> out(64, 0);
      const auto reverse = [&] {
        GENMI_SHARED(float, all, 64);
        all[threadIdx.x] = static_cast<float>(threadIdx.x);
        if (barrier) __syncthreads();
        out[threadIdx.x] = all[63 - threadIdx.x];
      };
      GENMI_LAUNCH(reverse, dim3{1}, dim3{64}, nullptr);
      for (std::size_t t = 0; t < 64; ++t) finite &= out[t] == static_cast<float>(63 - t);
    }
    EXPECT_EQ(finite, barrier);
  }
}

}  // namespace
}  // namespace genmi::cuda
