// Every backend of backends.h keeps the promises of backend.h. Among them is the plain one that
// test/native/reference_backend.h has. Objectives over both against central differences: objectives_test.cpp.
#include "genmi/backend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "backends.h"
#include "genmi/evaluation.h"
#include "genmi/shared_affinity.h"
#include "objective_cases.h"
#include "random.h"
#include "reference_backend.h"

namespace genmi {
namespace {

using simd::place_in_panels;
using test::Generator;
using test::Long;

// Positive features, which every measure takes. n is no multiple of a panel.
constexpr std::size_t kSamples = 37, kColumns = 5;

std::vector<double> some_features() {
  Generator random(3);
  std::vector<double> x = test::gaussians(random, kSamples * kColumns);
  for (double& each : x) each = std::abs(each);
  return x;
}

MeasureOptions options_of(const affinity::Measure& measure) {
  MeasureOptions options;
  options.kind = measure.kind;
  options.name = measure.name;
  return options;
}

AffinityPtr measured(const Backend& backend, const MeasureOptions& options, Storage storage, Precision precision,
                     const std::vector<double>& x = some_features()) {
  Workspace workspace;
  AffinityPtr out;
  const MatrixView<double> view{x.data(), x.size() / kColumns, kColumns};
  const Status status = backend.measure(view, options, storage, precision, {workspace}, out);
  EXPECT_TRUE(status) << options.name << ": " << status.message();
  return out;
}

// All entries, and those of any rows, however they are asked for.
void expect_entries(const Affinity& affinity, const std::vector<double>& expected, double tolerance) {
  Workspace workspace;
  const std::size_t n = affinity.size();
  const std::int32_t some[] = {4, 36, 0, 4, 17}, others[] = {36, 2, 9};
  double scale = 0;
  for (const double each : expected) scale = std::max(scale, std::abs(each));
  const auto near = [&](double found, std::size_t i, std::size_t j) {
    ASSERT_NEAR(found, expected[i * n + j], tolerance * scale) << i << ", " << j;
  };
  std::vector<double> out(n * n);
  for (std::size_t i = 0; i < n; ++i) affinity.entries(i, {nullptr, n}, out.data() + i * n);
  for (std::size_t at = 0; at < out.size(); ++at) near(out[at], at / n, at % n);
  affinity.submatrix({nullptr, n}, {workspace}, out.data());
  for (std::size_t at = 0; at < out.size(); ++at) near(out[at], at / n, at % n);
  affinity.block({some, 5}, {others, 3}, out.data());
  for (std::size_t at = 0; at < 15; ++at)
    near(out[at], static_cast<std::size_t>(some[at / 3]), static_cast<std::size_t>(others[at % 3]));
  alignas(64) float in_float[5 * 16];
  affinity.submatrix({some, 5}, {workspace}, in_float, 16);
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t j = 0; j < 5; ++j)
      ASSERT_NEAR(static_cast<double>(in_float[i * 16 + j]),
                  expected[static_cast<std::size_t>(some[i]) * n + static_cast<std::size_t>(some[j])],
                  std::max(tolerance, 1e-7) * scale);
}

// A V up to a constant for each column, against sums of entries.
template <class T>
void expect_products(const Affinity& affinity, Rows rows, double tolerance) {
  const std::size_t n = rows.count, k = 3;
  Generator random(5);
  std::vector<double> v = test::gaussians(random, n * k), row(n), expected(n * k, 0.0);
  std::vector<T> panels(simd::panel_size(n, k), T{0}), out(panels.size());
  for (std::size_t c = 0; c < k; ++c) {
    double mean = 0;
    for (std::size_t i = 0; i < n; ++i) mean += v[i * k + c] / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) {
      panels[place_in_panels(i, c, k)] = static_cast<T>(v[i * k + c] - mean);
      v[i * k + c] = static_cast<double>(panels[place_in_panels(i, c, k)]);
    }
  }
  Workspace workspace;
  affinity.products().centred_product(rows, panels.data(), k, {workspace}, out.data());
  double scale = 0;
  for (std::size_t i = 0; i < n; ++i) {
    affinity.entries(rows[i], rows, row.data());
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t c = 0; c < k; ++c) expected[i * k + c] += row[j] * v[j * k + c];
    for (const double each : row) scale = std::max(scale, std::abs(each));
  }
  for (std::size_t c = 0; c < k; ++c) {
    double constant = 0;
    for (std::size_t i = 0; i < n; ++i)
      constant += (static_cast<double>(out[place_in_panels(i, c, k)]) - expected[i * k + c]) / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i)
      ASSERT_NEAR(static_cast<double>(out[place_in_panels(i, c, k)]) - constant, expected[i * k + c],
                  tolerance * scale * static_cast<double>(n));
  }
}

void expect_products(const Affinity& affinity) {
  const std::int32_t some[] = {30, 4, 36, 0, 9, 17, 8};
  for (const Rows rows : {Rows{nullptr, affinity.size()}, Rows{some, 7}}) {
    expect_products<float>(affinity, rows, 3e-6);
    expect_products<double>(affinity, rows, affinity.precision() == Precision::kFloat32 ? 1e-6 : 1e-14);
  }
}

class Backends : public testing::TestWithParam<const Backend*> {};

TEST_P(Backends, MakeEveryMeasureByItsDefinition) {
  const std::vector<double> x = some_features();
  std::vector<std::vector<Long>> samples;
  for (std::size_t i = 0; i < kSamples; ++i)
    samples.emplace_back(x.begin() + static_cast<std::ptrdiff_t>(i * kColumns),
                         x.begin() + static_cast<std::ptrdiff_t>((i + 1) * kColumns));
  for (const affinity::Measure& measure : affinity::measures()) {
    MeasureOptions options = options_of(measure);
    if (measure.traits.has_gamma) options.gamma = 0.3;
    std::vector<double> expected;
    for (std::size_t i = 0; i < kSamples; ++i)
      for (std::size_t j = 0; j < kSamples; ++j)
        expected.push_back(static_cast<double>(test::definition(measure, {0.3, 3, 1}, samples[i], samples[j], i == j)));
    for (const Storage storage : {Storage::kDense, Storage::kFeatures})
      for (const Precision precision : {Precision::kFloat32, Precision::kFloat64}) {
        SCOPED_TRACE(measure.name + std::string(storage == Storage::kDense ? " dense" : " features"));
        const AffinityPtr affinity = measured(*GetParam(), options, storage, precision);
        ASSERT_NE(affinity, nullptr);
        EXPECT_EQ(affinity->size(), kSamples);
        EXPECT_EQ(affinity->kind(), measure.kind);
        EXPECT_EQ(affinity->metric(), measure.metric);
        EXPECT_EQ(affinity->storage(), storage);
        EXPECT_EQ(affinity->precision(), precision);
        expect_entries(*affinity, expected, precision == Precision::kFloat32 ? 2e-6 : 1e-13);
        expect_products(*affinity);
      }
  }
}

TEST_P(Backends, ChooseGamma) {
  for (const bool median : {false, true}) {
    MeasureOptions options;
    options.name = "rbf";
    options.median_gamma = median;
    const AffinityPtr own = measured(*GetParam(), options, Storage::kDense, Precision::kFloat64);
    const AffinityPtr other = measured(cpu_backend(), options, Storage::kDense, Precision::kFloat64);
    std::vector<double> expected(kSamples * kSamples);
    Workspace workspace;
    other->submatrix({nullptr, kSamples}, {workspace}, expected.data());
    expect_entries(*own, expected, 1e-13);
  }
}

TEST_P(Backends, TakeEntriesThatAreSymmetricUpToRounding) {
  Generator random(7);
  Workspace workspace;
  std::vector<double> matrix = test::random_distances(kSamples, 0, random), expected = matrix;
  matrix[1] += 2e-9;
  matrix[kSamples + 1] = 1e-9;
  expected[1] = expected[kSamples] += 1e-9;
  const MatrixView<double> view{matrix.data(), kSamples, kSamples};
  for (const Kind kind : {Kind::kKernel, Kind::kDistance})
    for (const Precision precision : {Precision::kFloat32, Precision::kFloat64}) {
      expected[kSamples + 1] = kind == Kind::kKernel ? 1e-9 : 0;
      AffinityPtr affinity;
      ASSERT_TRUE(GetParam()->precomputed(view, kind, true, precision, {workspace}, affinity));
      EXPECT_EQ(affinity->kind(), kind);
      EXPECT_EQ(affinity->metric(), kind == Kind::kDistance);
      EXPECT_EQ(affinity->precision(), precision);
      expect_entries(*affinity, expected, precision == Precision::kFloat32 ? 1e-7 : 1e-15);
      expect_products(*affinity);
    }
}

std::vector<double> entries_of(const Affinity& affinity) {
  Workspace workspace;
  std::vector<double> out(affinity.size() * affinity.size());
  affinity.submatrix({nullptr, affinity.size()}, {workspace}, out.data());
  return out;
}

// Hops by each backend, over distances of each. Few values of distances mean ties at the threshold.
TEST_P(Backends, CountHopsOfAnyDistances) {
  Generator random(9);
  Workspace workspace;
  HopOptions closer, nearest, quantile, far;
  closer.threshold = 0.5;
  nearest.neighbors = 2;
  quantile.quantile = 0.4;
  far.threshold = 0.3;
  far.disconnected = 3;
  for (const std::size_t values : {0, 7}) {
    const std::vector<double> matrix = test::random_distances(kSamples, values, random);
    const MatrixView<double> view{matrix.data(), kSamples, kSamples};
    AffinityPtr own, other;
    ASSERT_TRUE(GetParam()->precomputed(view, Kind::kDistance, false, Precision::kFloat64, {workspace}, own));
    ASSERT_TRUE(
        test::reference_backend().precomputed(view, Kind::kDistance, false, Precision::kFloat64, {workspace}, other));
    for (const HopOptions& options : {closer, nearest, quantile, far}) {
      HopReport expected, found, over_own;
      AffinityPtr expected_hops, hops, hops_over_own;
      ASSERT_TRUE(test::reference_backend().hops(*other, options, {workspace}, expected, expected_hops));
      ASSERT_TRUE(GetParam()->hops(*other, options, {workspace}, found, hops));
      ASSERT_TRUE(GetParam()->hops(*own, options, {workspace}, over_own, hops_over_own));
      EXPECT_EQ(found.threshold, expected.threshold);
      EXPECT_EQ(found.edges, expected.edges);
      EXPECT_EQ(found.longest, expected.longest);
      EXPECT_EQ(found.connected, expected.connected);
      EXPECT_EQ(hops->metric(), expected_hops->metric());
      EXPECT_EQ(entries_of(*hops), entries_of(*expected_hops));
      EXPECT_EQ(entries_of(*hops_over_own), entries_of(*expected_hops));
      expect_products(*hops);
    }
  }
}

TEST_P(Backends, RefuseWhatIsNoAffinity) {
  Workspace workspace;
  AffinityPtr out;
  MeasureOptions options;
  options.name = "of no name";
  const double x[] = {-3, 1, 2, 5};
  const MatrixView<double> view{x, 4, 1};
  const auto made = [&] {
    return GetParam()->measure(view, options, Storage::kDense, Precision::kFloat64, {workspace}, out).code();
  };
  EXPECT_EQ(made(), Code::kOutOfRange);
  options.name = "polynomial";
  options.degree = 2.5;  // of a negative number
  EXPECT_EQ(made(), Code::kOutOfRange);
  EXPECT_EQ(out, nullptr);
}

// Value and gradient of each objective over the affinity of one backend.
std::vector<double> evaluated(const test::ObjectiveCase& each, const char* mode, const AffinityPtr& affinity) {
  Parameters parameters;
  parameters.set("mode", mode);
  parameters.set("squared", each.squared ? 1.0 : 0.0);
  parameters.set("affinity", SharedAffinityPtr(std::make_shared<SharedAffinity>(affinity)));
  ObjectivePtr objective;
  EXPECT_TRUE(ObjectiveFactory::make(each.name, parameters, objective));
  Generator random(11);
  const std::int32_t some[] = {30, 4, 36, 0, 9, 17, 8};
  std::vector<double> all;
  for (const Rows rows : {Rows{nullptr, affinity->size()}, Rows{some, 7}}) {
    const std::vector<double> logits = test::gaussians(random, rows.count * 4);
    std::vector<double> gradient(logits.size());
    EvaluationOptions options;
    options.from = From::kLogits;
    if (rows.index != nullptr) options.rows = rows;
    Workspace workspace;
    double value = 0;
    const Status status = evaluate(*objective, MatrixView<double>{logits.data(), rows.count, 4}, options, {workspace},
                                   value, std::span(gradient));
    EXPECT_TRUE(status) << status.message();
    all.push_back(value);
    all.insert(all.end(), gradient.begin(), gradient.end());
  }
  return all;
}

TEST_P(Backends, AgreeOnEveryObjective) {
  for (const test::ObjectiveCase& each : test::objective_cases()) {
    if (!each.has_affinity()) continue;
    for (const char* mode : {"ova", "ovo"})
      for (const Storage storage : {Storage::kDense, Storage::kFeatures})
        for (const Precision precision : {Precision::kFloat32, Precision::kFloat64}) {
          SCOPED_TRACE(each.name + " " + mode);
          MeasureOptions options;
          options.kind = each.has_kernel() ? Kind::kKernel : Kind::kDistance;
          options.name = each.has_kernel() ? "rbf" : "euclidean";
          const auto found = evaluated(each, mode, measured(*GetParam(), options, storage, precision));
          const auto expected =
              evaluated(each, mode, measured(test::reference_backend(), options, storage, Precision::kFloat64));
          ASSERT_EQ(found.size(), expected.size());
          const double tolerance = precision == Precision::kFloat32 ? 5e-6 : 1e-11;
          for (std::size_t at = 0; at < found.size(); ++at) EXPECT_NEAR(found[at], expected[at], tolerance) << at;
        }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Backends, testing::ValuesIn(test::all_backends()),
                         [](const auto& each) { return std::string(each.param->device()); });

// A device that fails in the middle of an evaluation.
class Broken final : public test::ReferenceAffinity {
 public:
  using ReferenceAffinity::ReferenceAffinity;
  void entries(std::size_t, Rows, double*) const override { fail("entries"); }
  void submatrix(Rows, const Context&, double*) const override { fail("submatrix"); }
  void submatrix(Rows, const Context&, float*, std::size_t) const override { fail("submatrix"); }
  void centred_product(Rows, const float*, std::size_t, const Context&, float*) const override { fail("product"); }
  void centred_product(Rows, const double*, std::size_t, const Context&, double*) const override { fail("product"); }

 private:
  [[noreturn]] static void fail(const char* call) { throw DeviceFailure({Code::kUnavailable, call}); }
};

TEST(DeviceFailures, LeaveNoResult) {
  Workspace workspace;
  ThreadPool pool(3);
  const Context context{workspace, &pool, 3};
  for (const test::ObjectiveCase& each : test::objective_cases()) {
    if (!each.has_affinity()) continue;
    SCOPED_TRACE(each.name);
    const Kind kind = each.has_kernel() ? Kind::kKernel : Kind::kDistance;
    const auto broken = std::make_shared<Broken>(test::Traits{kind, true, Storage::kDense, Precision::kFloat32},
                                                 kSamples, std::vector<double>(kSamples * kSamples, 0.0));
    Parameters parameters;
    parameters.set("mode", "ova");
    parameters.set("affinity", SharedAffinityPtr(std::make_shared<SharedAffinity>(broken)));
    ObjectivePtr objective;
    ASSERT_TRUE(ObjectiveFactory::make(each.name, parameters, objective));
    Generator random(13);
    const std::vector<double> logits = test::gaussians(random, kSamples * 4);
    std::vector<double> gradient(logits.size(), 7);
    double value = 7;
    EXPECT_THROW(static_cast<void>(evaluate(*objective, MatrixView<double>{logits.data(), kSamples, 4}, {From::kLogits},
                                            context, value, std::span(gradient))),
                 DeviceFailure);
    EXPECT_EQ(value, 7);
    EXPECT_EQ(gradient, std::vector<double>(logits.size(), 7));
  }
}

TEST(DeviceFailures, OfDistancesLeaveNoHops) {
  Workspace workspace;
  ThreadPool pool(3);
  const Broken broken({Kind::kDistance, true, Storage::kDense, Precision::kFloat32}, kSamples, {});
  HopOptions options;
  options.neighbors = 2;
  HopReport report;
  AffinityPtr hops;
  try {
    static_cast<void>(cpu_backend().hops(broken, options, {workspace, &pool, 3}, report, hops));
    ADD_FAILURE() << "no exception";
  } catch (const DeviceFailure& failure) {
    EXPECT_EQ(failure.status().code(), Code::kUnavailable);
    EXPECT_STREQ(failure.what(), "entries");
  }
  EXPECT_EQ(hops, nullptr);
}

// With a plugin: test/device.test.ts.
TEST(BackendChoice, IsTheCpuOrAnErrorWithAReason) {
  for (const bool offered : {false, true}) {
    BackendChoice choice;
    if (offered) choice.offer("/no/such/plugin.so", "");
    else choice.offer("", "there is no plugin");
    EXPECT_EQ(&choice.backend(), &cpu_backend());
    const std::string why = choice.reason();
    if (!offered) EXPECT_EQ(why, "there is no plugin");
    else EXPECT_TRUE(why.find("/no/such/plugin.so") != std::string::npos || why.find("CUDA needs") == 0) << why;
    ASSERT_TRUE(choice.choose("cpu"));
    EXPECT_EQ(&choice.backend(), &cpu_backend());
    EXPECT_EQ(choice.reason(), "config({ device: 'cpu' }) chose it");
    const Status status = choice.choose("cuda");
    EXPECT_EQ(status.code(), Code::kUnavailable);
    EXPECT_EQ(status.message(), "device: expected a device that CUDA finds, received " + why +
                                    "; leave it at 'auto', which computes on the CPU without a device");
    EXPECT_EQ(choice.reason(), "config({ device: 'cpu' }) chose it") << "the choice stays";
    choice.limit_memory(1);
    EXPECT_EQ(choice.memory(), 0u);
    ASSERT_TRUE(choice.choose("auto"));
    EXPECT_EQ(&choice.backend(), &cpu_backend());
    EXPECT_EQ(choice.reason(), why);
  }
}

}  // namespace
}  // namespace genmi
