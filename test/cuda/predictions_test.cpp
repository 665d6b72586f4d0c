// Probabilities and proportions, emulated, against sums in long double. Nothing here has run on a GPU.
#include "cuda/objectives/predictions.h"

#include <algorithm>
#include <cmath>

#include "emulated.h"

namespace genmi::cuda::test {
namespace {

template <class T>
void check_softmax(std::size_t n, std::size_t k, double deviation, Generator& random) {
  const std::vector<T> logits = draw<T>(random, n * k, deviation);
  const std::vector<T> found =
      in_all_orders<T>(n * k, [&](T* out) { return softmax<T>(logits.data(), n, k, out, nullptr); });
  for (std::size_t i = 0; i < n; ++i) {
    const T* const row = logits.data() + i * k;
    const long double largest = *std::max_element(row, row + k);
    long double sum = 0;
    for (std::size_t c = 0; c < k; ++c) sum += std::exp(row[c] - largest);
    for (std::size_t c = 0; c < k; ++c) {
      const auto expected = static_cast<double>(std::exp(row[c] - largest) / sum);
      // The difference of two logits is rounded, and so is its exponential.
      const double distance = 4 + std::abs(static_cast<double>(row[c] - largest));
      const double allowed = static_cast<double>(std::numeric_limits<T>::epsilon()) * distance * expected +
                             static_cast<double>(std::numeric_limits<T>::min());
      ASSERT_NEAR(static_cast<double>(found[i * k + c]), expected, allowed)
          << n << " x " << k << ": " << i << ", " << c;
    }
  }
}

TEST(EmulatedSoftmax, IsRightForAllSizes) {
  Generator random(3);
  for (const std::size_t n : sizes()) {
    check_softmax<float>(n, 1 + n * 5 % 67, 1, random);
    check_softmax<double>(1 + n * 3 % 23, n, 1, random);
  }
}

TEST(EmulatedSoftmax, KeepsLogitsThatWouldOverflow) {
  Generator random(4);
  check_softmax<float>(9, 33, 1e4, random);
  check_softmax<double>(9, 33, 1e4, random);
}

template <class T>
void check_proportions(std::size_t n, std::size_t k, Generator& random) {
  std::vector<T> tau = draw<T>(random, n * k);
  for (T& each : tau) each = std::abs(each);
  std::vector<double> scratch(proportions_scratch(n, k));
  const std::vector<double> found = in_all_orders<double>(
      k, [&](double* out) { return proportions<T>(tau.data(), n, k, scratch.data(), out, nullptr); });
  for (std::size_t c = 0; c < k; ++c) {
    long double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += tau[i * k + c];
    const auto expected = static_cast<double>(sum / static_cast<long double>(n));
    ASSERT_NEAR(found[c], expected, 1e-14 * expected) << n << " x " << k << ": " << c;
  }
}

TEST(EmulatedProportions, AreRightForAllSizes) {
  Generator random(5);
  for (const std::size_t n : sizes()) {
    check_proportions<float>(n, 1 + n * 5 % 67, random);
    check_proportions<double>(1 + n * 7 % 67, n, random);
  }
}

TEST(EmulatedProportions, AreRightBeyondOneBlock) {
  Generator random(6);
  for (const std::size_t n : {2047u, 2048u, 2049u, 6145u}) check_proportions<float>(n, 3, random);
  check_proportions<double>(2049, 33, random);
}

TEST(EmulatedPredictions, OfNothingLaunchNothing) {
  EXPECT_EQ(softmax<float>(nullptr, 0, 3, nullptr, nullptr), cudaSuccess);
  EXPECT_EQ(softmax<float>(nullptr, 3, 0, nullptr, nullptr), cudaSuccess);
  EXPECT_EQ(proportions<float>(nullptr, 0, 3, nullptr, nullptr, nullptr), cudaSuccess);
  EXPECT_EQ(proportions<float>(nullptr, 3, 0, nullptr, nullptr, nullptr), cudaSuccess);
}

}  // namespace
}  // namespace genmi::cuda::test
