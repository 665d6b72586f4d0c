// The maximum mean discrepancy on every instruction set that runs here: accuracy in float32, and clusters that are
// equal or nearly equal.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "genmi/evaluation.h"
#include "genmi/measured.h"
#include "genmi/precomputed.h"
#include "genmi/shared_affinity.h"
#include "isas.h"
#include "random.h"
#include "thoroughness.h"

namespace genmi {
namespace {

using test::Generator;

struct Result {
  double value = 0;
  std::vector<double> gradient;
};

template <class T>
Result evaluate(const AffinityPtr& kernel, const char* mode, const std::vector<T>& tau, std::size_t k, Rows rows = {},
                bool squared = false) {
  Parameters parameters;
  parameters.set("mode", std::string(mode));
  parameters.set("squared", squared ? 1.0 : 0.0);
  parameters.set("affinity", SharedAffinityPtr(std::make_shared<SharedAffinity>(kernel)));
  ObjectivePtr objective;
  EXPECT_TRUE(ObjectiveFactory::make("mmd", parameters, objective));
  static Workspace workspace;  // kept between evaluations: the sanitizers take milliseconds for each new one
  std::vector<T> gradient(tau.size());
  double value = 0;
  const Status status = evaluate(*objective, MatrixView<T>{tau.data(), tau.size() / k, k}, {.rows = rows}, {workspace},
                                 value, std::span(gradient));
  EXPECT_TRUE(status) << status.message();
  return {value, {gradient.begin(), gradient.end()}};
}

AffinityPtr precomputed_kernel(AnyMatrix matrix, Precision precision) {
  AffinityPtr kernel;
  Workspace workspace;
  const Status status = precomputed_affinity(matrix, Kind::kKernel, false, precision, {workspace}, kernel);
  EXPECT_TRUE(status) << status.message();
  return kernel;
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

// Predictions in both precisions; the reference for float32 predictions reads the same rounded numbers.
void expect_equal(const AffinityPtr& actual, const AffinityPtr& expected, const std::vector<double>& tau, std::size_t k,
                  Rows rows, double tolerance) {
  const std::vector<float> single(tau.begin(), tau.end());
  const std::vector<double> same(single.begin(), single.end());
  for (const char* mode : {"ova", "ovo"}) {
    const auto expect_close = [&](const Result& result, const Result& reference, const char* precision) {
      EXPECT_LE(relative_error(result.gradient, reference.gradient), tolerance) << mode << precision;
      EXPECT_NEAR(result.value, reference.value, 1e-6 * reference.value) << mode << precision;
    };
    expect_close(evaluate(actual, mode, tau, k, rows), evaluate(expected, mode, tau, k, rows), ", float64");
    expect_close(evaluate(actual, mode, single, k, rows), evaluate(expected, mode, same, k, rows), ", float32");
  }
}

// The ratio of a kernel's mean to its deviation. For an rbf kernel with a small gamma, about 1 - gamma |x - y|^2, the
// ratio grows like 1 / gamma.
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

// A stored kernel keeps the gradient to 1e-6, however large the kernel's mean is. A kernel evaluated from float32
// features has as many digits as the differences of the features.
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

// The same holds for float32 kernels that the caller computed.
TEST_P(Mmd, InFloat32IsRightForPrecomputedKernelsWithALargeMean) {
  const std::size_t n = 300, k = 10;
  const std::vector<double> features = test::gaussians(random_, n * 10);
  for (const double ratio : {324.0, 32000.0}) {
    const MeasureOptions options{.name = "rbf", .gamma = 1 / (9.2 * ratio)};
    const AffinityPtr kernel = make_kernel(features, n, options, Storage::kDense, Precision::kFloat64);
    std::vector<double> row(n);
    std::vector<float> entries;
    for (std::size_t i = 0; i < n; ++i) {
      kernel->entries(i, {nullptr, n}, row.data());
      entries.insert(entries.end(), row.begin(), row.end());
    }
    const MatrixView<float> view{entries.data(), n, n};
    SCOPED_TRACE("mean " + std::to_string(ratio) + " times the deviation");
    expect_equal(precomputed_kernel(view, Precision::kFloat32), precomputed_kernel(view, Precision::kFloat64),
                 test::softmax(test::gaussians(random_, n * k), k), k, {}, 1e-6);
  }
}

// Beyond 2048 samples no N x N matrix is kept: rows are made a few at a time, and centred in float64.
TEST_P(Mmd, InFloat32IsRightForMoreSamplesThanAreKept) {
  const std::size_t n = 2100, d = 10, k = 5;
  const std::vector<double> features = test::gaussians(random_, n * d);
  const MeasureOptions options{.name = "rbf", .gamma = 1 / (9.2 * 324)};
  const AffinityPtr exact = make_kernel(features, n, options, Storage::kDense, Precision::kFloat64);
  const AffinityPtr single = make_kernel(features, n, options, Storage::kFeatures, Precision::kFloat32);
  expect_equal(single, exact, test::softmax(test::gaussians(random_, n * k), k), k, {}, 1e-6);
}

// The definition in float64, with one loop for each index. Its gradient follows from density ratios by the chain rule.
Result expected_of(const std::vector<double>& kernel, bool one_vs_one, bool squared, const std::vector<double>& tau,
                   std::size_t k) {
  const std::size_t n = tau.size() / k;
  const double samples = static_cast<double>(n);
  std::vector<double> pi(k), by_pi(k), by_ratio(n * k), by_w(n);
  for (std::size_t at = 0; at < tau.size(); ++at) pi[at % k] += tau[at] / samples;
  Result result{0, std::vector<double>(tau.size())};
  const auto compare = [&](std::size_t a, std::size_t b, bool with_data) {
    const auto w = [&](std::size_t i) { return tau[i * k + a] / pi[a] - (with_data ? 1 : tau[i * k + b] / pi[b]); };
    double s = 0, largest = 0;
    for (std::size_t i = 0; i < n; ++i) {
      largest = std::max(largest, std::abs(w(i)));
      by_w[i] = 0;
      for (std::size_t j = 0; j < n; ++j) by_w[i] += 2 * kernel[i * n + j] * w(j) / (samples * samples);
      s += w(i) * by_w[i] / 2;
    }
    if (s < 0 || largest < 1e-13) s = 0;  // largest < 1e-13 is rounding: equal clusters, or a cluster of all the data
    const double distance = squared ? s : std::sqrt(s), slope = s == 0 ? 0 : squared ? 1 : 0.5 / distance;
    const double weight = with_data ? pi[a] : pi[a] * pi[b];
    result.value += weight * distance;
    by_pi[a] += distance * (with_data ? 1 : pi[b]);
    if (!with_data) by_pi[b] += distance * pi[a];
    for (std::size_t i = 0; i < n; ++i) {
      by_ratio[i * k + a] += weight * slope * by_w[i];
      if (!with_data) by_ratio[i * k + b] -= weight * slope * by_w[i];
    }
  };
  for (std::size_t a = 0; a < k; ++a) {
    if (!one_vs_one) compare(a, a, true);
    for (std::size_t b = 0; one_vs_one && b < k; ++b)
      if (a != b) compare(a, b, false);
  }
  for (std::size_t at = 0; at < tau.size(); ++at) by_pi[at % k] -= by_ratio[at] * tau[at] / (pi[at % k] * pi[at % k]);
  for (std::size_t at = 0; at < tau.size(); ++at)
    result.gradient[at] = by_ratio[at] / pi[at % k] + by_pi[at % k] / samples;
  return result;
}

template <class T, class S>
void expect_as_defined(const std::vector<S>& kernel, const std::vector<T>& tau, std::size_t k, double tolerance) {
  const std::size_t n = tau.size() / k;
  const Precision precision = sizeof(S) == sizeof(float) ? Precision::kFloat32 : Precision::kFloat64;
  const AffinityPtr affinity = precomputed_kernel(MatrixView<S>{kernel.data(), n, n}, precision);
  for (const bool one_vs_one : {false, true})
    for (const bool squared : {false, true}) {
      const Result actual = evaluate(affinity, one_vs_one ? "ovo" : "ova", tau, k, {}, squared);
      const Result expected =
          expected_of({kernel.begin(), kernel.end()}, one_vs_one, squared, {tau.begin(), tau.end()}, k);
      SCOPED_TRACE(std::to_string(n) + " x " + std::to_string(k) + (one_vs_one ? ", ovo" : ", ova") +
                   (squared ? ", squared" : ""));
      EXPECT_NEAR(actual.value, expected.value, tolerance * (1 + expected.value));
      double largest = 0;
      for (const double each : expected.gradient) largest = std::max(largest, std::abs(each));
      for (std::size_t at = 0; at < tau.size(); ++at)
        ASSERT_NEAR(actual.gradient[at], expected.gradient[at], tolerance * (largest + 1 / static_cast<double>(n)));
    }
}

constexpr std::size_t kStep = test::kExhaustive ? 1 : 6;

// N and K up to 67 (every sixth where not exhaustive), both precisions of kernel and predictions.
TEST_P(Mmd, EqualsItsDefinition) {
  for (std::size_t size = 1; size <= 67; size += kStep) {
    const std::size_t other = 1 + random_() % 20;
    for (const auto& [n, k] : {std::pair(size, other), std::pair(other, size)}) {
      const std::vector<double> x = test::gaussians(random_, n * 3),
                                tau = test::softmax(test::gaussians(random_, n * k), k);
      std::vector<double> kernel(n * n);
      for (std::size_t at = 0; at < n * n; ++at)
        for (std::size_t f = 0; f < 3; ++f) kernel[at] += x[at / n * 3 + f] * x[at % n * 3 + f];
      const std::vector<float> single_kernel(kernel.begin(), kernel.end()), single(tau.begin(), tau.end());
      expect_as_defined(kernel, tau, k, 1e-12);
      expect_as_defined(kernel, single, k, 1e-5);
      expect_as_defined(single_kernel, tau, k, 1e-5);
      expect_as_defined(single_kernel, single, k, 1e-5);
    }
  }
}

// A kernel need not be positive semi-definite. A negative quadratic form counts as 0 and has gradient 0, also where its
// terms hardly cancel.
TEST_P(Mmd, IsZeroWhereTheQuadraticFormIsNegative) {
  const std::vector<double> opposite = {-1, 1, 1, -1}, tau = {.4, .38, .22, .2, .21, .59};
  for (const bool squared : {false, true})
    for (const char* mode : {"ova", "ovo"}) {
      const AffinityPtr kernel = precomputed_kernel(MatrixView<double>{opposite.data(), 2, 2}, Precision::kFloat64);
      const Result result = evaluate(kernel, mode, tau, 3, {}, squared);
      EXPECT_EQ(result.value, 0) << mode << squared;
      EXPECT_EQ(result.gradient, std::vector<double>(6, 0.0)) << mode << squared;
    }
  // For an indefinite kernel some comparisons are negative and some are not.
  const std::size_t n = 40, k = 7;
  std::vector<double> kernel(n * n);
  const std::vector<double> x = test::gaussians(random_, n), y = test::gaussians(random_, n);
  for (std::size_t at = 0; at < n * n; ++at) kernel[at] = x[at / n] * x[at % n] - y[at / n] * y[at % n];
  expect_as_defined(kernel, test::softmax(test::gaussians(random_, n * k), k), k, 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Isas, Mmd, testing::ValuesIn(test::supported_isas()),
                         [](const auto& each) { return std::string(name_of(each.param)); });

// Predictions of three clusters with the last one split in two: the first part has share(i) of sample i, the second the
// rest.
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

// Two parts of one cluster, each a constant share of it, are the same distribution. Their distance is 0, and each has
// the whole cluster's distances to the others.
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

// The distance is the quadratic form of a difference, not a difference of quadratic forms.
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
