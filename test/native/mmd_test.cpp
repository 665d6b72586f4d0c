// The maximum mean discrepancy on every instruction set that runs here: accuracy of what is in float32, and clusters
// that are equal or nearly so.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "genmi/objective.h"
#include "isas.h"
#include "random.h"

namespace genmi {
namespace {

using test::Generator;

struct Result {
  double value = 0;
  std::vector<double> gradient;
};

Result evaluate(const AffinityPtr& kernel, const char* mode, const std::vector<double>& tau, std::size_t k,
                Rows rows = {}) {
  Parameters parameters;
  parameters.set("mode", std::string(mode));
  parameters.set("affinity", SharedAffinityPtr(std::make_shared<SharedAffinity>(kernel)));
  ObjectivePtr objective;
  EXPECT_TRUE(ObjectiveFactory::make("mmd", parameters, objective));
  Workspace workspace;
  Context context{workspace};
  Batch<double> batch({.rows = rows}, context);
  EXPECT_TRUE(batch.read(MatrixView<double>{tau.data(), tau.size() / k, k}));
  Totals<double> totals = batch.totals(true);
  const Status status = objective->evaluate(batch, context, 1, totals);
  EXPECT_TRUE(status) << status.message();
  Result result{totals.value, std::vector<double>(tau.size())};
  EXPECT_TRUE(batch.finish_gradient(totals, result.gradient.data()));
  return result;
}

AffinityPtr make_kernel(const std::vector<double>& features, std::size_t n, const MeasureOptions& options,
                        Storage storage, Precision precision) {
  AffinityPtr kernel;
  Workspace workspace;
  const MatrixView<double> view{features.data(), n, features.size() / n};
  EXPECT_TRUE(measure_affinity(view, options, storage, precision, {workspace}, kernel));
  return kernel;
}

double relative_error(const std::vector<double>& actual, const std::vector<double>& expected) {
  double difference = 0, largest = 0;
  for (std::size_t at = 0; at < actual.size(); ++at) {
    difference = std::max(difference, std::abs(actual[at] - expected[at]));
    largest = std::max(largest, std::abs(expected[at]));
  }
  return difference / largest;
}

void expect_equal(const AffinityPtr& actual, const AffinityPtr& expected, const std::vector<double>& tau, std::size_t k,
                  Rows rows, double tolerance) {
  for (const char* mode : {"ova", "ovo"}) {
    const Result result = evaluate(actual, mode, tau, k, rows), reference = evaluate(expected, mode, tau, k, rows);
    EXPECT_LE(relative_error(result.gradient, reference.gradient), tolerance) << mode;
    EXPECT_NEAR(result.value, reference.value, 1e-6 * reference.value) << mode;
  }
}

// An rbf kernel of wide bandwidth is 1 - gamma |x - y|^2: its mean is as many times its deviation as gamma is small.
double mean_over_deviation(const Affinity& kernel) {
  const std::size_t n = kernel.size();
  std::vector<double> row(n);
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    kernel.entries(i, {nullptr, n}, row.data());
    for (const double entry : row) sum += entry, squares += (1 - entry) * (1 - entry);
  }
  const double count = static_cast<double>(n * n), mean = sum / count;
  return mean / std::sqrt(squares / count - (1 - mean) * (1 - mean));
}

class Mmd : public testing::TestWithParam<simd::Isa> {
 protected:
  const test::WithIsa with_{GetParam()};
  Generator random_{3};
};

// The table of accuracy that kernels are held to: 1e-6 of the gradient however far the kernel's mean is from 0, if it
// is stored; evaluated from float32 features its digits are those of the features' differences.
TEST_P(Mmd, InFloat32IsRightForKernelsWithALargeMean) {
  const std::size_t n = 500, d = 10, k = 10;
  const std::vector<double> features = test::gaussians(random_, n * d);
  std::vector<std::int32_t> some;
  for (std::size_t i = 0; i < 200; ++i) some.push_back(static_cast<std::int32_t>(random_() % n));
  for (const double ratio : {324.0, 32000.0}) {
    const MeasureOptions options{.name = "rbf", .gamma = 1 / (9.2 * ratio)};
    const AffinityPtr exact = make_kernel(features, n, options, Storage::kDense, Precision::kFloat64);
    EXPECT_NEAR(mean_over_deviation(*exact), ratio, ratio / 10);
    for (const Storage storage : {Storage::kDense, Storage::kFeatures}) {
      const AffinityPtr single = make_kernel(features, n, options, storage, Precision::kFloat32);
      const bool extreme = storage == Storage::kFeatures && ratio > 1000;
      for (const Rows rows : {Rows{}, Rows{some.data(), some.size()}}) {
        const std::size_t count = rows.count == 0 ? n : rows.count;
        SCOPED_TRACE("mean " + std::to_string(ratio) + " times the deviation, " + std::to_string(count) +
                     (storage == Storage::kDense ? " rows, dense" : " rows, features"));
        expect_equal(single, exact, test::softmax(test::gaussians(random_, count * k), k), k, rows,
                     extreme ? 2e-6 : 1e-6);
      }
    }
  }
}

// Beyond 2048 samples nothing N x N is kept: rows are made a few at a time, and centred in float64.
TEST_P(Mmd, InFloat32IsRightForMoreSamplesThanAreKept) {
  const std::size_t n = 2100, d = 10, k = 5;
  const std::vector<double> features = test::gaussians(random_, n * d);
  const MeasureOptions options{.name = "rbf", .gamma = 1 / (9.2 * 324)};
  const AffinityPtr exact = make_kernel(features, n, options, Storage::kDense, Precision::kFloat64);
  const AffinityPtr single = make_kernel(features, n, options, Storage::kFeatures, Precision::kFloat32);
  expect_equal(single, exact, test::softmax(test::gaussians(random_, n * k), k), k, {}, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Isas, Mmd, testing::ValuesIn(test::supported_isas()),
                         [](const auto& each) { return std::string(name_of(each.param)); });

// Predictions of three clusters, and of the last one split in two: each half what `share` says of it, sample by sample.
template <class Share>
std::vector<double> split_last(const std::vector<double>& tau, const Share& share) {
  std::vector<double> split;
  for (std::size_t i = 0; i < tau.size(); i += 3) {
    const double part = share(i / 3) * tau[i + 2];
    split.insert(split.end(), {tau[i], tau[i + 1], part, tau[i + 2] - part});
  }
  return split;
}

class NearlyEqualClusters : public testing::TestWithParam<std::tuple<Precision, simd::Isa>> {
 protected:
  Precision precision() const { return std::get<Precision>(GetParam()); }

  const test::WithIsa with_{std::get<simd::Isa>(GetParam())};
  static constexpr std::size_t kSamples = 120;
  Generator random_{11};
  std::vector<double> features_ = test::gaussians(random_, kSamples * 4);
  std::vector<double> tau_ = test::softmax(test::gaussians(random_, kSamples * 3), 3);
  AffinityPtr kernel_ = make_kernel(features_, kSamples, {.name = "rbf"}, Storage::kDense, precision());
};

// Halves of one cluster are the same distribution: at distance 0, and with the distances to others of the whole.
TEST_P(NearlyEqualClusters, AreAtDistanceZeroWhereOnlyRoundingTellsThemApart) {
  const Result whole = evaluate(kernel_, "ovo", tau_, 3);
  for (const double share : {0.5, 0.3}) {
    const Result halves = evaluate(kernel_, "ovo", split_last(tau_, [&](std::size_t) { return share; }), 4);
    EXPECT_NEAR(halves.value, whole.value, 1e-6 * whole.value) << share;
    for (std::size_t i = 0; i < kSamples; ++i)
      for (std::size_t c = 0; c < 4; ++c)
        EXPECT_NEAR(halves.gradient[i * 4 + c], whole.gradient[i * 3 + std::min<std::size_t>(c, 2)], 2e-6 / kSamples)
            << share << ", sample " << i << ", cluster " << c;
  }
}

// The quadratic form of their difference, not a difference of quadratic forms.
TEST_P(NearlyEqualClusters, AreNotLostInRounding) {
  const std::vector<double> noise = test::gaussians(random_, kSamples);
  const double rounding = precision() == Precision::kFloat32 ? 6e-8 : 1e-16;
  const AffinityPtr exact = make_kernel(features_, kSamples, {.name = "rbf"}, Storage::kFeatures, Precision::kFloat64);
  for (const double size : {1e-2, 1e-3, 1e-4}) {
    const std::vector<double> tau = split_last(tau_, [&](std::size_t i) { return 0.4 * (1 + size * noise[i]); });
    const Result actual = evaluate(kernel_, "ovo", tau, 4), expected = evaluate(exact, "ovo", tau, 4);
    EXPECT_NEAR(actual.value, expected.value, 1e-6 * expected.value) << size;
    EXPECT_LE(relative_error(actual.gradient, expected.gradient), 30 * rounding / size) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(All, NearlyEqualClusters,
                         testing::Combine(testing::Values(Precision::kFloat32, Precision::kFloat64),
                                          testing::ValuesIn(test::supported_isas())),
                         [](const auto& each) {
                           return std::string(std::get<Precision>(each.param) == Precision::kFloat32 ? "float32_"
                                                                                                     : "float64_") +
                                  name_of(std::get<simd::Isa>(each.param));
                         });

}  // namespace
}  // namespace genmi
