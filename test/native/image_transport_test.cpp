// Transport between images in the core: bounds around exact distances, threads, instruction sets, cancellation.
#include "genmi/image_transport.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "isas.h"
#include "random.h"
#include "simd/kernels.h"

namespace genmi {
namespace {

struct ImageTransport : testing::Test {
  ImageTransport() {
    const std::vector<double> drawn = test::gaussians(random_, 2 * kCount * kSize);
    masses_.assign(drawn.begin(), drawn.end());
    for (std::size_t i = 0; i < 2 * kCount; ++i) {
      double sum = 0;
      double* const image = masses_.data() + i * kSize;
      for (std::size_t p = 0; p < kSize; ++p) sum += image[p] = std::max(0.0, image[p]);
      for (std::size_t p = 0; p < kSize; ++p) image[p] /= sum;
    }
  }

  std::vector<double> numbers(const std::optional<EntropicLimits>& limits, std::size_t threads,
                              const simd::Kernels& kernels = simd::default_kernels(), Job* job = nullptr) {
    Workspace workspace;
    Context context{workspace, &pool_, threads, job, kernels};
    std::vector<double> out(kCount * kRow);
    const ImagePairs pairs{kCount, kHeight, kWidth, masses_.data(), masses_.data() + kCount * kSize};
    status_ = transport_images(pairs, limits, true, context, out);
    return out;
  }

  static constexpr std::size_t kCount = 11, kHeight = 7, kWidth = 19, kSize = kHeight * kWidth;
  static constexpr std::size_t kRow = kImageNumbers + kSize;
  test::Generator random_{5};
  std::vector<double> masses_;
  ThreadPool pool_{8};
  Status status_;
};

TEST_F(ImageTransport, HasTheSameBitsForAnyNumberOfThreads) {
  for (const std::optional<EntropicLimits>& each :
       {std::optional<EntropicLimits>(), std::optional(EntropicLimits{0.1, 100})}) {
    const auto expected = numbers(each, 1);
    ASSERT_TRUE(status_) << status_.message();
    for (const std::size_t threads : {2, 3, 8}) EXPECT_EQ(numbers(each, threads), expected) << threads;
  }
}

TEST_F(ImageTransport, HasBoundsAroundExactDistancesOnEveryInstructionSet) {
  const auto exact = numbers(std::nullopt, 2);
  for (const simd::Isa isa : test::supported_isas()) {
    for (const std::size_t iterations : {1, 7, 10, 25, 200}) {
      const auto entropic = numbers(EntropicLimits{0.01, iterations}, 2, simd::kernels(isa));
      for (std::size_t at = 0; at < exact.size(); at += kRow) {
        EXPECT_EQ(exact[at], exact[at + 1]);
        EXPECT_LE(entropic[at], exact[at] + 1e-10);
        EXPECT_GE(entropic[at + 1], exact[at] - 1e-10);
        EXPECT_LE(entropic[at + 2], static_cast<double>(iterations));
      }
    }
  }
}

// Weak duality: sum a u + sum b v <= W2^2 where u_p = min_q |p - q|^2 - v_q, here over all pixels.
TEST_F(ImageTransport, HasFeasiblePotentials) {
  for (const std::optional<EntropicLimits>& each :
       {std::optional<EntropicLimits>(), std::optional(EntropicLimits{0.02, 1000})}) {
    const auto out = numbers(each, 2);
    for (std::size_t i = 0; i < kCount; ++i) {
      const double *const a = masses_.data() + i * kSize, *const b = a + kCount * kSize;
      const double* const v = out.data() + i * kRow + kImageNumbers;
      double value = 0;
      for (std::size_t p = 0; p < kSize; ++p) {
        double u = 1e9;
        for (std::size_t q = 0; q < kSize; ++q) {
          const double down = static_cast<double>(p / kWidth) - static_cast<double>(q / kWidth);
          const double right = static_cast<double>(p % kWidth) - static_cast<double>(q % kWidth);
          if (b[q] > 0) u = std::min(u, down * down + right * right - v[q]);
        }
        value += a[p] * u + b[p] * v[p];
      }
      EXPECT_NEAR(value, out[i * kRow], 1e-10);
      EXPECT_LE(value, out[i * kRow + 1] + 1e-10);
    }
  }
}

TEST_F(ImageTransport, IsCancelled) {
  for (const std::optional<EntropicLimits>& each :
       {std::optional<EntropicLimits>(), std::optional(EntropicLimits{0, 1'000'000'000})}) {
    Job job;
    job.cancel();
    numbers(each, 2, simd::default_kernels(), &job);
    EXPECT_EQ(status_.code(), Code::kAborted);
  }
}

}  // namespace
}  // namespace genmi
