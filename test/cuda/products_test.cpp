// Products of kernels with density ratios, emulated, against sums in long double. Nothing here has run on a GPU.
#include "cuda/affinity/products.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "emulated.h"

namespace genmi::cuda::test {
namespace {

enum class Kernel { kStored, kLinear, kRbf };
constexpr double kGamma = 0.3, kConstant = 0.25;

template <class T>
class EmulatedProduct {
 public:
  EmulatedProduct(std::size_t samples, std::size_t d, std::size_t k, Generator& random)
      : samples_(samples),
        d_(d),
        k_(k),
        x_(draw<T>(random, samples * d)),
        stored_(draw<T>(random, samples * (samples + 3) - 3)) {
    for (std::size_t i = 0; i < samples + 3; ++i) rows_.push_back(static_cast<std::int32_t>(random() % samples));
    v_ = draw<T>(random, rows_.size() * k);
  }

  // n: 0 for all samples in order.
  void check(Kernel kernel, std::size_t n) const {
    const std::int32_t* const rows = n == 0 ? nullptr : rows_.data();
    if (n == 0) n = samples_;
    const std::vector<T> v(v_.begin(), v_.begin() + static_cast<std::ptrdiff_t>(n * k_));
    const std::vector<T> found = in_all_orders<T>(n * k_, [&](T* out) {
      const Product<T> product{rows, n, v.data(), k_, out};
      if (kernel == Kernel::kStored) return multiply_stored(stored_.data(), samples_ + 3, product, nullptr);
      if (kernel == Kernel::kLinear) return multiply_linear(x_.data(), d_, product, nullptr);
      return multiply_rbf(x_.data(), d_, static_cast<T>(kGamma), static_cast<T>(kConstant), product, nullptr);
    });
    compare(kernel, rows, n, found);
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
    if (kernel == Kernel::kLinear) return inner;
    return std::exp(-static_cast<long double>(static_cast<T>(kGamma)) * squared) - static_cast<long double>(kConstant);
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
  for (const std::size_t n : sizes()) {
    check_all<float>(n, 1 + n * 7 % 67, 1 + n * 5 % 11, random);
    check_all<double>(n, 1 + n * 5 % 67, 1 + n * 3 % 11, random);
  }
}

TEST(EmulatedProducts, AreRightAtTheBoundariesOfTiles) {
  Generator random(2);
  if (takes_few_sizes()) return check_all<float>(32, 32, 33, random);
  for (const std::size_t n : {32u, 64u})
    for (const std::size_t d : {31u, 32u, 64u})
      for (const std::size_t k : {32u, 33u}) check_all<float>(n, d, k, random);
}

// Entries are 1 less a ten-thousandth, so float32 keeps three of their own digits; without their constant, seven.
TEST(EmulatedProducts, OfAKernelWithALargeConstantKeepTheirDigits) {
  constexpr std::size_t kSamples = 40, kFeatures = 3;
  constexpr double kSmallGamma = 1e-5;
  Generator random(14);
  const std::vector<float> x = draw<float>(random, kSamples * kFeatures);
  std::vector<float> v(kSamples, 1);
  for (std::size_t i = 0; i < kSamples; i += 2) v[i] = -1;  // the column sums to 0
  const std::vector<float> found = in_all_orders<float>(kSamples, [&](float* out) {
    const Product<float> product{nullptr, kSamples, v.data(), 1, out};
    return multiply_rbf<float>(x.data(), kFeatures, static_cast<float>(kSmallGamma), 1, product, nullptr);
  });
  for (std::size_t i = 0; i < kSamples; ++i) {
    long double sum = 0, magnitude = 0;
    for (std::size_t j = 0; j < kSamples; ++j) {
      long double squared = 0;
      for (std::size_t f = 0; f < kFeatures; ++f) {
        const long double difference = static_cast<long double>(x[i * kFeatures + f]) - x[j * kFeatures + f];
        squared += difference * difference;
      }
      const long double entry = std::expm1(-static_cast<long double>(static_cast<float>(kSmallGamma)) * squared);
      sum += entry * v[j];
      magnitude += std::abs(entry);
    }
    EXPECT_NEAR(found[i], static_cast<double>(sum), 40 * static_cast<double>(magnitude) * 6e-8);
  }
}

TEST(EmulatedProducts, OfNothingLaunchNothing) {
  const Product<float> no_rows{nullptr, 0, nullptr, 3, nullptr}, no_columns{nullptr, 3, nullptr, 0, nullptr};
  for (const Product<float>& product : {no_rows, no_columns}) {
    EXPECT_EQ(multiply_stored<float>(nullptr, 3, product, nullptr), cudaSuccess);
    EXPECT_EQ(multiply_linear<float>(nullptr, 2, product, nullptr), cudaSuccess);
    EXPECT_EQ(multiply_rbf<float>(nullptr, 2, 1, 0, product, nullptr), cudaSuccess);
  }
  // Features without columns: entries are those of equal samples.
  const float v[] = {1, 2}, expected[] = {3, 3};
  float out[2];
  EXPECT_EQ(multiply_rbf<float>(nullptr, 0, 1, 0, {nullptr, 2, v, 1, out}, nullptr), cudaSuccess);
  EXPECT_EQ(std::memcmp(out, expected, sizeof out), 0);
}

}  // namespace
}  // namespace genmi::cuda::test
