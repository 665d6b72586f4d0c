// Affinities between features, on every instruction set that runs here, against their definitions: all measures, in
// both precisions, at sizes around those of panels, chunks and tiles, and where rounding would hurt most.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "affinity/measures.h"
#include "genmi/affinity.h"
#include "genmi/aligned_vector.h"
#include "genmi/measured.h"
#include "measure_cases.h"
#include "random.h"
#include "simd/kernels.h"

namespace genmi {
namespace {

using simd::Isa;
using test::Generator;

constexpr double kGamma = 0.02, kDegree = 3, kCoef0 = 0.5;

struct Case {
  Kind kind;
  std::string name;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = [] {
    std::vector<Case> found;
    for (const affinity::Measure& each : affinity::measures()) found.push_back({each.kind, each.name});
    return found;
  }();
  return all;
}

MeasureOptions options_of(const Case& each) {
  const affinity::MeasureTraits& traits = affinity::find_measure(each.kind, each.name)->traits;
  MeasureOptions options;
  options.kind = each.kind;
  options.name = each.name;
  if (traits.has_gamma) options.gamma = kGamma;
  if (traits.has_degree) options.degree = kDegree;
  if (traits.has_coef0) options.coef0 = kCoef0;
  return options;
}

bool is_non_negative(const Case& each) {
  return affinity::find_measure(each.kind, each.name)->traits.needs_non_negative;
}

double reference(const Case& each, const double* x, const double* y, std::size_t d) {
  const std::vector<test::Long> of_x(x, x + d), of_y(y, y + d);
  const affinity::Measure& measure = *affinity::find_measure(each.kind, each.name);
  return static_cast<double>(test::definition(measure, {kGamma, kDegree, kCoef0}, of_x, of_y, x == y));
}

// Features in T, and the same numbers for the reference: with two equal samples, a zero sample and a near duplicate.
template <class T>
struct Features {
  Features(std::size_t samples, std::size_t columns, bool non_negative, Generator& random, double mean = 0,
           double closeness = 1e-4)
      : n(samples), d(columns), given(n * d + 1), exact(n * d) {
    std::vector<double> values = test::gaussians(random, n * d);
    for (double& value : values) value = (non_negative ? std::abs(value) : value) + mean;
    if (n > 3) std::copy(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(d), row_of(values, 1));
    if (n > 5 && mean == 0) std::fill(row_of(values, 2), row_of(values, 3), 0.0);
    if (n > 7)
      std::transform(row_of(values, 4), row_of(values, 5), row_of(values, 6),
                     [&](double x) { return x + (mean == 0 ? closeness * x : closeness); });
    for (std::size_t k = 0; k < n * d; ++k) {
      given[k + 1] = static_cast<T>(values[k]);
      exact[k] = static_cast<double>(given[k + 1]);
    }
  }
  std::vector<double>::iterator row_of(std::vector<double>& values, std::size_t i) const {
    return values.begin() + static_cast<std::ptrdiff_t>(i * d);
  }
  // Misaligned by one number.
  MatrixView<T> view() const { return {given.data() + 1, n, d}; }
  const double* row(std::size_t i) const { return exact.data() + i * d; }
  void set(std::size_t i, std::size_t f, T value) { exact[i * d + f] = given[i * d + f + 1] = value; }

  std::size_t n, d;
  std::vector<T> given;
  std::vector<double> exact;
};

class PairwiseKernels : public testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (!simd::is_supported(GetParam())) GTEST_SKIP() << simd::name_of(GetParam()) << " does not run here";
    simd::set_default_isa(GetParam());
  }
  void TearDown() override { simd::set_default_isa(simd::best_isa()); }

  AffinityPtr make(AnyMatrix features, const MeasureOptions& options, Storage storage, Precision precision,
                   std::size_t threads = 1) {
    AffinityPtr affinity;
    const Status status = measure_affinity(features, options, storage, precision, context(threads), affinity);
    EXPECT_TRUE(status) << status.message();
    return affinity;
  }
  std::vector<double> entries(const Affinity& affinity, std::size_t threads = 1) {
    std::vector<double> out(affinity.size() * affinity.size());
    affinity.submatrix({nullptr, affinity.size()}, context(threads), out.data());
    return out;
  }
  Context context(std::size_t threads) { return {workspace_, pool_.get(), threads}; }

  Generator random_{11};
  Workspace workspace_;
  std::shared_ptr<ThreadPool> pool_ = std::make_shared<ThreadPool>(8);
};

constexpr double kSingle = 0x1p-24, kDouble = 0x1p-53;

// The error that an entry may have, within the promises of native/affinity/pairwise.h: units of rounding of the entry
// for a distance; for a kernel also of its terms, 1 or the largest square of a sample.
double allowed(const Case& each, double unit, double largest, double expected) {
  if (each.kind == Kind::kDistance && each.name == "cosine") return 64 * unit * (unit + std::sqrt(expected));
  if (each.kind == Kind::kDistance) return 64 * unit * expected;
  if (each.name == "linear" || each.name == "additive_chi2") return 16 * unit * largest;
  if (each.name == "polynomial") return 64 * unit * std::pow(kGamma * largest + kCoef0 + 1, kDegree);
  return 32 * unit * (1 + std::abs(expected));
}

// The lower triangle, row by row.
template <class T>
std::vector<double> references(const Case& each, const Features<T>& x) {
  std::vector<double> all;
  for (std::size_t i = 0; i < x.n; ++i)
    for (std::size_t j = 0; j <= i; ++j) all.push_back(reference(each, x.row(i), x.row(j), x.d));
  return all;
}

// rounds: float64 entries were stored in float32.
template <class T>
void expect_right(const std::vector<double>& actual, const std::vector<double>& expected, const Case& each,
                  const Features<T>& x, bool rounds = false) {
  const std::size_t n = x.n;
  double largest = 1;
  for (std::size_t i = 0; i < n; ++i)
    largest = std::max(largest, std::inner_product(x.row(i), x.row(i) + x.d, x.row(i), 0.0));
  for (std::size_t i = 0, k = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j, ++k) {
      const double entry = actual[i * n + j];
      double tolerance = allowed(each, sizeof(T) == 4 ? kSingle : kDouble, largest, expected[k]);
      if (rounds) tolerance += 2 * kSingle * (1 + std::abs(expected[k]) + (each.kind == Kind::kKernel ? largest : 0));
      ASSERT_NEAR(entry, expected[k], tolerance)
          << each.name << " n = " << n << " d = " << x.d << " (" << i << ", " << j << ")";
      ASSERT_EQ(entry, actual[j * n + i]) << each.name << " is symmetric";
      if (each.kind == Kind::kKernel) continue;
      ASSERT_GE(entry, 0.0);
      if (i == j || (expected[k] == 0 && each.name != "cosine")) ASSERT_EQ(entry, 0.0) << each.name;
    }
}

#if defined(GENMI_EMULATED)
constexpr std::size_t kStep = 5;
#else
constexpr std::size_t kStep = 1;
#endif

const std::vector<std::pair<std::size_t, std::size_t>>& sizes() {
  static const std::vector<std::pair<std::size_t, std::size_t>> all = [] {
    std::vector<std::pair<std::size_t, std::size_t>> found;
    for (std::size_t n = 1; n <= 67; n += kStep) found.emplace_back(n, 1 + n * 37 % 130);
    for (std::size_t d = 1; d <= 130; d += kStep) found.emplace_back(1 + d * 17 % 40, d);
    found.insert(found.end(), {{95, 3}, {97, 20}, {193, 40}});
    if (kStep == 1) found.insert(found.end(), {{205, 129}, {210, 300}});
    return found;
  }();
  return all;
}

TEST_P(PairwiseKernels, AreRightOverFloat32Features) {
  for (const Case& each : cases())
    for (const auto& [n, d] : sizes()) {
      const Features<float> x(n, d, is_non_negative(each), random_);
      const std::vector<double> expected = references(each, x);
      for (const Storage storage : {Storage::kDense, Storage::kFeatures})
        expect_right(entries(*make(x.view(), options_of(each), storage, Precision::kFloat32)), expected, each, x);
    }
}

TEST_P(PairwiseKernels, AreRightOverFloat64Features) {
  for (const Case& each : cases())
    for (const auto& [n, d] : sizes()) {
      const Features<double> x(n, d, is_non_negative(each), random_);
      const std::vector<double> expected = references(each, x);
      for (const Storage storage : {Storage::kDense, Storage::kFeatures})
        expect_right(entries(*make(x.view(), options_of(each), storage, Precision::kFloat64)), expected, each, x);
      const AffinityPtr rounded = make(x.view(), options_of(each), Storage::kDense, Precision::kFloat32);
      expect_right(entries(*rounded), expected, each, x, true);
    }
}

// Distances of data a thousand times as far from the origin as from each other, a pair of them near duplicates.
TEST_P(PairwiseKernels, KeepTheDigitsOfDistancesFarFromTheOrigin) {
  for (const Case& each : cases()) {
    if (each.kind != Kind::kDistance || each.name == "cosine") continue;
    for (const std::size_t d : std::vector<std::size_t>{1, 5, 17, 50, 130}) {
      const Features<float> single(40, d, false, random_, 1000, 1e-3);
      const Features<double> both(40, d, false, random_, 1000, 1e-9);
      expect_right(entries(*make(single.view(), options_of(each), Storage::kDense, Precision::kFloat32)),
                   references(each, single), each, single);
      expect_right(entries(*make(both.view(), options_of(each), Storage::kDense, Precision::kFloat64)),
                   references(each, both), each, both);
    }
  }
}

// Clusters so tight that nearly all products within them cancel.
TEST_P(PairwiseKernels, KeepTheDigitsOfManyNearDuplicates) {
  const std::size_t n = 120;
  for (const std::size_t d : std::vector<std::size_t>{20, 90}) {
    Features<float> x(n, d, false, random_);
    for (std::size_t i = 5; i < n; ++i)
      for (std::size_t f = 0; f < d; ++f) x.set(i, f, static_cast<float>(x.row(i % 5)[f] + 1e-5 * x.row(i)[f]));
    for (const char* name : {"euclidean", "sqeuclidean", "manhattan"}) {
      const Case each{Kind::kDistance, name};
      expect_right(entries(*make(x.view(), options_of(each), Storage::kDense, Precision::kFloat32)),
                   references(each, x), each, x);
    }
  }
}

// A pair of equal samples and a pair of near duplicates among many: too few to give up the shortcuts for all.
TEST_P(PairwiseKernels, KeepTheDigitsOfFewNearDuplicates) {
  for (const Case& each : cases()) {
    if (each.name != "euclidean" && each.name != "manhattan" && each.name != "laplacian") continue;
    for (const std::size_t d : std::vector<std::size_t>{17, 64, 130}) {
      const Features<float> single(203, d, false, random_, 0, 1e-5);
      const Features<double> both(203, d, false, random_, 0, 1e-12);
      expect_right(entries(*make(single.view(), options_of(each), Storage::kDense, Precision::kFloat32)),
                   references(each, single), each, single);
      expect_right(entries(*make(both.view(), options_of(each), Storage::kDense, Precision::kFloat64)),
                   references(each, both), each, both);
    }
  }
}

// Neither overflows nor vanishes where the distances themselves do not.
TEST_P(PairwiseKernels, TakeFeaturesOfAnySize) {
  for (const float size : {1e-30f, 1e-15f, 1e12f, 1e30f})
    for (const std::size_t d : std::vector<std::size_t>{3, 40}) {
      Features<float> x(20, d, false, random_);
      for (std::size_t i = 0; i < x.n; ++i)
        for (std::size_t f = 0; f < d; ++f) x.set(i, f, static_cast<float>(x.row(i)[f]) * size);
      for (const char* name : {"euclidean", "manhattan", "chebyshev", "cosine"}) {
        const Case each{Kind::kDistance, name};
        expect_right(entries(*make(x.view(), options_of(each), Storage::kDense, Precision::kFloat32)),
                     references(each, x), each, x);
      }
    }
}

// Objectives only read a kernel through double centring.
std::vector<double> centred(std::vector<double> kernel, std::size_t n) {
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t i = 0; i < n; ++i) {
      double mean = 0;
      for (std::size_t j = 0; j < n; ++j) mean += kernel[i * n + j] / static_cast<double>(n);
      for (std::size_t j = 0; j < n; ++j) kernel[i * n + j] -= mean;
    }
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < i; ++j) std::swap(kernel[i * n + j], kernel[j * n + i]);
  }
  return kernel;
}

// For float32 kernels whose mean is hundreds of times their deviation, the deviations keep their digits.
TEST_P(PairwiseKernels, KeepWhatVariesOfFloat32Kernels) {
  const std::size_t n = 150;
  for (const auto& [name, gamma, coef0] : {std::tuple{"rbf", 1e-4, 0.0},
                                           {"laplacian", 1e-4, 0.0},
                                           {"chi2", 1e-4, 0.0},
                                           {"polynomial", 1e-4, 1.0},
                                           {"sigmoid", 4e-6, 0.3},
                                           {"linear", 0.0, 0.0},
                                           {"additive_chi2", 0.0, 0.0}})
    for (const std::size_t d : std::vector<std::size_t>{8, 50, 400}) {
      const Case each{Kind::kKernel, name};
      Features<float> x(n, d, is_non_negative(each), random_, is_non_negative(each) ? 0 : 18);
      MeasureOptions options = options_of(each);
      if (gamma > 0) options.gamma = gamma;
      if (options.coef0) options.coef0 = coef0;
      const std::vector<double> expected =
          centred(entries(*make(x.view(), options, Storage::kDense, Precision::kFloat64)), n);
      double deviation = 0;
      for (const double each_entry : expected) deviation += each_entry * each_entry / static_cast<double>(n * n);
      for (const Storage storage : {Storage::kDense, Storage::kFeatures}) {
        const std::vector<double> actual = centred(entries(*make(x.view(), options, storage, Precision::kFloat32)), n);
        double error = 0;
        for (std::size_t k = 0; k < n * n; ++k)
          error += std::pow(actual[k] - expected[k], 2) / static_cast<double>(n * n);
        EXPECT_LE(std::sqrt(error / deviation), 1e-6)
            << name << " d = " << d << (storage == Storage::kDense ? " dense" : "");
      }
    }
}

template <class Numbers>
bool same_bits(const Numbers& a, const Numbers& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(a[0])) == 0;
}

TEST_P(PairwiseKernels, HaveTheSameBitsOnAnyNumberOfThreads) {
  for (const Case& each : cases()) {
    const Features<float> x(430, 40, is_non_negative(each), random_);
    for (const Precision precision : {Precision::kFloat32, Precision::kFloat64})
      for (const Storage storage : {Storage::kDense, Storage::kFeatures}) {
        const AffinityPtr one = make(x.view(), options_of(each), storage, precision);
        const std::vector<double> expected = entries(*one);
        for (const std::size_t threads : std::vector<std::size_t>{2, 3}) {
          const AffinityPtr many = make(x.view(), options_of(each), storage, precision, threads);
          EXPECT_TRUE(same_bits(entries(*many, threads), expected)) << each.name << " threads = " << threads;
        }
      }
  }
}

// Mini-batches of sizes around the number of rows gathered together, in any order, with repetitions.
TEST_P(PairwiseKernels, GiveMiniBatchesTheEntriesOfAll) {
  for (const Case& each :
       {Case{Kind::kDistance, "euclidean"}, Case{Kind::kKernel, "rbf"}, Case{Kind::kKernel, "linear"}})
    for (const Storage storage : {Storage::kDense, Storage::kFeatures})
      for (const Precision precision : {Precision::kFloat32, Precision::kFloat64}) {
        const Features<float> x(230, 20, false, random_);
        const AffinityPtr affinity = make(x.view(), options_of(each), storage, precision);
        for (const std::size_t count : {1, 2, 3, 4, 5, 63, 67, 228}) {
          std::vector<std::int32_t> rows;
          for (std::size_t k = 0; k < count; ++k) rows.push_back(static_cast<std::int32_t>(k * k * 37 % x.n));
          const std::size_t stride = (count + 31) / 32 * 32;
          AlignedVector<float> single(count * stride);
          std::vector<double> entries(count * count), row(count);
          affinity->submatrix({rows.data(), count}, context(2), single.data(), stride);
          affinity->submatrix({rows.data(), count}, context(2), entries.data());
          for (std::size_t i = 0; i < count; ++i) {
            affinity->entries(static_cast<std::size_t>(rows[i]), {rows.data(), count}, row.data());
            for (std::size_t j = 0; j < count; ++j) {
              ASSERT_EQ(entries[i * count + j], row[j]) << each.name << " " << count;
              ASSERT_EQ(single[i * stride + j], static_cast<float>(row[j])) << each.name << " " << count;
            }
          }
        }
      }
}

// An evaluated entry depends on its two samples only, not on the call. A stored entry equals it, except where offsets
// are taken out.
TEST_P(PairwiseKernels, HaveTheSameBitsHoweverTheyAreAskedFor) {
  for (const Case& each : cases())
    for (const Precision precision : {Precision::kFloat32, Precision::kFloat64})
      for (const std::size_t d : std::vector<std::size_t>{5, 150}) {
        const Features<float> x(230, d, is_non_negative(each), random_);
        const AffinityPtr affinity = make(x.view(), options_of(each), Storage::kFeatures, precision);
        const std::size_t n = x.n;
        const std::vector<double> all = entries(*affinity);
        std::vector<std::int32_t> rows;
        for (std::int32_t i = 210; i > 0; i -= 7) rows.insert(rows.end(), {i, i == 70 ? 77 : i - 1});
        const std::size_t count = rows.size();
        std::vector<double> some(count * count), block(count * n), row(count), expected, strip;
        affinity->submatrix({rows.data(), count}, context(1), some.data());
        affinity->block({rows.data(), count}, {nullptr, n}, block.data());
        for (std::size_t a = 0; a < count; ++a) {
          const auto i = static_cast<std::size_t>(rows[a]);
          for (const std::int32_t j : rows) expected.push_back(all[i * n + static_cast<std::size_t>(j)]);
          strip.insert(strip.end(), all.begin() + static_cast<std::ptrdiff_t>(i * n),
                       all.begin() + static_cast<std::ptrdiff_t>((i + 1) * n));
          affinity->entries(i, {rows.data(), count}, row.data());
          EXPECT_EQ(std::memcmp(row.data(), expected.data() + a * count, count * sizeof(double)), 0) << each.name;
        }
        EXPECT_TRUE(same_bits(some, expected)) << each.name;
        EXPECT_TRUE(same_bits(block, strip)) << each.name;
        if (each.kind == Kind::kDistance || (precision == Precision::kFloat64 && each.name != "linear"))
          EXPECT_TRUE(same_bits(entries(*make(x.view(), options_of(each), Storage::kDense, precision)), all))
              << each.name;
      }
}

// The direction of a sample is the same at any scale, also at that of the smallest numbers.
TEST_P(PairwiseKernels, TakeCosinesAtAnyScale) {
  const std::size_t n = 6, d = 20;
  const std::vector<double> features = test::gaussians(random_, n * d);
  const auto cosines = [&](double scale) {
    std::vector<double> scaled(features);
    for (double& value : scaled) value *= scale;
    const MatrixView<double> view{scaled.data(), n, d};
    return entries(*make(view, options_of({Kind::kKernel, "cosine"}), Storage::kDense, Precision::kFloat64));
  };
  const std::vector<double> expected = cosines(1);
  for (const int exponent : {-1000, -900, -540, 540, 1020}) EXPECT_EQ(cosines(std::ldexp(1.0, exponent)), expected);
  const std::vector<double> denormal = {0x1p-1074, 0, 0, 0x1p-1074, 0x3p-1074, 0x4p-1074};
  const std::vector<double> actual =
      entries(*make(MatrixView<double>{denormal.data(), 3, 2}, options_of({Kind::kKernel, "cosine"}), Storage::kDense,
                    Precision::kFloat64));
  const double exact[] = {1, 0, 0.6, 0, 1, 0.8, 0.6, 0.8, 1};
  for (std::size_t at = 0; at < 9; ++at) EXPECT_NEAR(actual[at], exact[at], 1e-15) << at;
}

TEST_P(PairwiseKernels, StopWhenTheyAreAskedTo) {
  const Features<float> x(500, 20, false, random_);
  Job job;
  AffinityPtr affinity;
  const auto build = [&](Storage storage) {
    return measure_affinity(x.view(), options_of({Kind::kKernel, "rbf"}), storage, Precision::kFloat32,
                            {workspace_, pool_.get(), 2, &job}, affinity);
  };
  EXPECT_TRUE(build(Storage::kDense));
  EXPECT_EQ(job.progress(), 1.0);
  job.cancel();
  EXPECT_EQ(build(Storage::kDense).code(), Code::kAborted);
  EXPECT_EQ(build(Storage::kFeatures).code(), Code::kAborted);
}

INSTANTIATE_TEST_SUITE_P(Of, PairwiseKernels, testing::ValuesIn(simd::kAllIsas),
                         [](const auto& test) { return std::string(simd::name_of(test.param)); });

}  // namespace
}  // namespace genmi
