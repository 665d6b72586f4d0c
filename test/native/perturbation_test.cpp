// Perturbed copies of images in the core: threads, sizes at the edge of what the filter reaches, wrong numbers. Values
// are tested beside SciPy's, in test/perturbations.
#include "genmi/perturbation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "random.h"

namespace genmi {
namespace {

constexpr float kUntouched = 77;

struct Perturbations : testing::Test {
  Images images(std::size_t count, std::size_t height, std::size_t width, std::size_t channels) {
    const std::vector<double> drawn = test::gaussians(random_, count * height * width * channels);
    numbers_.assign(drawn.begin(), drawn.end());
    return {numbers_.data(), count, height, width, channels};
  }

  std::vector<float> perturbed(const Images& images, Rows rows, const Perturbation& perturbation, std::size_t threads) {
    Workspace workspace;
    Context context{workspace};
    context.pool = &pool_;
    context.threads = threads;
    std::vector<float> out(rows.count * images.size(), kUntouched);
    status_ = perturb(images, rows, perturbation, context, out);
    return out;
  }

  test::Generator random_{3};
  std::vector<float> numbers_;
  ThreadPool pool_{8};
  Status status_;
};

const AffineMap kAffine{{-40, 40}, {.5, 2}, {-20, 20}, {-.3, .3}};

TEST_F(Perturbations, HaveTheSameBitsForAnyNumberOfThreads) {
  const Images given = images(90, 17, 23, 2);
  std::vector<std::int32_t> rows(400);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int32_t>(i * 7 % 90);
  for (const Perturbation& each :
       {Perturbation{kAffine, .8, std::nullopt, 5}, Perturbation{ElasticMap{9, 1.5}, .8, -1.f, 6}}) {
    const auto expected = perturbed(given, {rows.data(), rows.size()}, each, 1);
    ASSERT_TRUE(status_) << status_.message();
    for (const std::size_t threads : {2, 3, 8}) {
      EXPECT_EQ(perturbed(given, {rows.data(), rows.size()}, each, threads), expected) << threads;
    }
  }
}

TEST_F(Perturbations, StayWithinTheirIntensitiesForAnySize) {
  for (const std::size_t height : {1, 2, 5, 18})
    for (const std::size_t width : {1, 3, 4, 9})
      for (const double sigma : {0., .2, 1., 30.}) {
        const Images given = images(3, height, width, 1);
        const float largest = std::abs(*std::max_element(numbers_.begin(), numbers_.end(),
                                                         [](float a, float b) { return std::abs(a) < std::abs(b); }));
        for (const Perturbation& each : {Perturbation{ElasticMap{1e6, sigma}, 1, std::nullopt, 1},
                                         Perturbation{AffineMap{{-360, 360}, {.01, 100}, {-80, 80}, {-1, 1}}}}) {
          for (const float number : perturbed(given, {nullptr, 3}, each, 1))
            ASSERT_LE(std::abs(number), largest * 1.00001f) << height << " x " << width << ", " << sigma;
          ASSERT_TRUE(status_) << status_.message();
        }
      }
}

TEST_F(Perturbations, TakeMapsThatAreNoNumbersForPlacesBesideTheImage) {
  const Images given = images(2, 4, 5, 1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double wrong : {nan, std::numeric_limits<double>::infinity(), 1e300})
    for (const Perturbation& each : {Perturbation{AffineMap{{}, {wrong, wrong}, {}, {wrong, wrong}}, 1, -3.f, 0},
                                     Perturbation{ElasticMap{wrong, 0}, 1, -3.f, 0}}) {
      for (const float number : perturbed(given, {nullptr, 2}, each, 1)) EXPECT_TRUE(std::isfinite(number));
      EXPECT_TRUE(status_);
    }
}

TEST_F(Perturbations, LeaveTheResultAloneWhereSomethingIsWrong) {
  Images given = images(3, 4, 5, 2);
  const std::int32_t rows[] = {0, 3};
  const Perturbation perturbation{kAffine};
  const auto expect_refused = [&](const Images& wrong, Rows chosen, const char* message) {
    for (const float number : perturbed(wrong, chosen, perturbation, 1)) EXPECT_EQ(number, kUntouched);
    EXPECT_EQ(status_.code(), Code::kOutOfRange);
    EXPECT_NE(status_.message().find(message), std::string::npos) << status_.message();
  };
  expect_refused(given, {rows, 2}, "rows: expected integers in [0, 3), received 3 at index 1");
  expect_refused(given, {rows, 0}, "images: expected at least one image of one pixel, received none");
  numbers_[40 + 2 * (5 * 3 + 1) + 1] = 2e38f;
  expect_refused(given, {nullptr, 3}, "in image 1 at row 3, column 1");
  given.count = 0;
  expect_refused(given, {rows, 1}, "at least one image");
}

TEST_F(Perturbations, AreCancelled) {
  const Images given = images(3, 4, 5, 1);
  Workspace workspace;
  Job job;
  job.cancel();
  Context context{workspace};
  context.job = &job;
  std::vector<float> out(60);
  EXPECT_EQ(perturb(given, {nullptr, 3}, {kAffine}, context, out).code(), Code::kAborted);
}

}  // namespace
}  // namespace genmi
