// Projections onto Wasserstein balls in the core: threads, mass, cancellation. Values are tested beside a
// dense iteration and linear programs, in test/perturbations.
#include "genmi/projection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "random.h"

namespace genmi {
namespace {

struct Projections : testing::Test {
  Projections() {
    const std::vector<double> drawn = test::gaussians(random_, kBalls.count * kBalls.size());
    images_.assign(drawn.begin(), drawn.end());
    centers_ = images_;
    for (std::size_t i = 0; i < kBalls.count; ++i) {
      double sum = 0;
      double* const center = centers_.data() + i * kBalls.size();
      for (std::size_t p = 0; p < kBalls.size(); ++p) sum += center[p] = std::max(0.0, center[p]);
      for (std::size_t p = 0; p < kBalls.size(); ++p) center[p] /= sum;
    }
    for (double& number : images_) number /= static_cast<double>(kBalls.size());
  }

  std::vector<double> projected(const std::optional<Convergence>& convergence, std::size_t threads,
                                const simd::Kernels& kernels = simd::default_kernels(), Job* job = nullptr) {
    Workspace workspace;
    Context context{workspace, &pool_, threads, job, kernels};
    std::vector<double> out(kBalls.count * (kBalls.size() + (convergence ? kProjectionNumbers : 0)));
    status_ = project(kBalls, convergence, centers_.data(), images_.data(), context, out);
    return out;
  }

  static constexpr WassersteinBalls kBalls{17, 9, 7, 2, 2, .3, 1000};
  test::Generator random_{3};
  std::vector<double> images_, centers_;
  ThreadPool pool_{8};
  Status status_;
};

TEST_F(Projections, HaveTheSameBitsForAnyNumberOfThreads) {
  for (const std::optional<Convergence>& each : {std::optional(Convergence{1e-5, 200}), std::optional<Convergence>()}) {
    const auto expected = projected(each, 1);
    ASSERT_TRUE(status_) << status_.message();
    for (const std::size_t threads : {2, 3, 8}) EXPECT_EQ(projected(each, threads), expected) << threads;
  }
}

TEST_F(Projections, KeepTheirMassAndAreDoneWithinTheirIterations) {
  const auto out = projected(Convergence{1e-6, 2000}, 2);
  const std::size_t row = kBalls.size() + kProjectionNumbers;
  for (std::size_t i = 0; i < kBalls.count; ++i) {
    double sum = 0;
    for (std::size_t p = 0; p < kBalls.size(); ++p) sum += out[i * row + p];
    EXPECT_NEAR(sum, 1, 1e-13);
    EXPECT_LE(out[i * row + row - 2], 1e-6);
    EXPECT_LT(out[i * row + row - 1], 2000);
  }
}

TEST_F(Projections, AreCancelled) {
  Job job;
  job.cancel();
  projected(Convergence{0, 1'000'000'000}, 2, simd::default_kernels(), &job);
  EXPECT_EQ(status_.code(), Code::kAborted);
}

}  // namespace
}  // namespace genmi
