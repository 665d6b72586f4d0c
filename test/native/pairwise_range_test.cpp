// Affinities between features of any magnitude, against their definitions in long double, which has larger exponents.
// Every measure, both precisions of features and of entries, both storages. An entry that is a normal number has its
// stated accuracy, whatever the other samples are. An entry that overflows is an error.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "affinity/measures.h"
#include "genmi/measured.h"
#include "measure_cases.h"
#include "random.h"
#include "simd/kernels.h"

namespace genmi {
namespace {

using affinity::Measure;
using Options = affinity::Coefficients;
using test::definition;
using test::Generator;
using test::inner;
using test::Long;
using test::sum;

// The Euclidean length of each sample, and the sum of its magnitudes; at least the median over all samples.
struct Lengths {
  explicit Lengths(const std::vector<std::vector<Long>>& samples) {
    for (const std::vector<Long>& x : samples) {
      length.push_back(std::sqrt(inner(x, x)));
      total.push_back(sum(x, x, [](Long a, Long) { return std::abs(a); }));
    }
    for (std::vector<Long>* each : {&length, &total}) {
      std::vector<Long> sorted = *each;
      std::sort(sorted.begin(), sorted.end());
      const Long median = sorted[(sorted.size() - 1) / 2];
      for (Long& value : *each) value = std::max(value, median);
    }
  }
  std::vector<Long> length, total;
};

// The stated accuracy (native/affinity/pairwise.h) of an entry between samples i and j, in 64 units of rounding.
Long stated(const Measure& measure, const Options& options, const Lengths& lengths, std::size_t i, std::size_t j,
            Long entry, Long unit) {
  if (measure.kind == Kind::kDistance) return measure.traits.normalises ? entry + std::sqrt(entry) + unit : entry;
  const auto gamma = static_cast<Long>(std::abs(options.gamma)), coef0 = static_cast<Long>(std::abs(options.coef0));
  const Long product = lengths.length[i] * lengths.length[j];
  if (measure.finish == affinity::Finish::kTanh) return 4 * (1 + gamma * product);
  if (measure.range().highest == 1) return 1;
  if (measure.finish == affinity::Finish::kPower)
    return 4 * static_cast<Long>(options.degree) * std::pow(gamma * product + coef0, static_cast<Long>(options.degree));
  return 4 * (measure.reduction == affinity::Reduction::kInner ? product : lengths.total[i] + lengths.total[j]);
}

template <class T>
struct Features {
  std::size_t n, d;
  std::vector<T> values;

  MatrixView<T> view() const { return {values.data(), n, d}; }
  std::vector<std::vector<Long>> samples() const {
    std::vector<std::vector<Long>> all(n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t f = 0; f < d; ++f) all[i].push_back(static_cast<Long>(values[i * d + f]));
    return all;
  }
};

enum class Family { kAnyEntry, kAnySample, kAnyFeature, kOutliers, kGroups, kOffset, kTiny, kHuge, kNearDuplicates };
constexpr Family kFamilies[] = {Family::kAnyEntry, Family::kAnySample, Family::kAnyFeature,
                                Family::kOutliers, Family::kGroups,    Family::kOffset,
                                Family::kTiny,     Family::kHuge,      Family::kNearDuplicates};

template <class T>
Features<T> features_of(Family family, std::size_t n, std::size_t d, bool non_negative, Generator& random) {
  const double decades = 0.98 * std::numeric_limits<T>::max_exponent10;
  std::uniform_real_distribution<double> uniform;
  test::Gaussian gaussian;
  const auto magnitude = [&](double least, double most) {
    return std::pow(10, least + (most - least) * uniform(random));
  };
  const double outlier = magnitude(0, decades), offset = magnitude(-decades / 2, decades / 2);
  const double common = magnitude(-decades, decades / 2);
  std::vector<double> of_feature(d);
  for (double& each : of_feature) each = magnitude(-decades, decades);
  Features<T> features{n, d, {}};
  for (std::size_t i = 0; i < n; ++i) {
    const double of_sample = magnitude(-decades, decades);
    const bool is_rare = uniform(random) < 0.1, is_far = uniform(random) < 0.4;
    for (std::size_t f = 0; f < d; ++f) {
      double x = gaussian(random);
      switch (family) {
        case Family::kAnyEntry: x *= magnitude(-decades, decades); break;
        case Family::kAnySample: x *= of_sample; break;
        case Family::kAnyFeature: x *= of_feature[f]; break;
        case Family::kOutliers: x *= is_rare ? outlier : 1; break;
        case Family::kGroups: x *= is_far ? outlier : 1; break;
        case Family::kOffset:
          x = offset * (1 + x * 100 * static_cast<double>(std::numeric_limits<T>::epsilon()));
          break;
        case Family::kTiny: x *= std::pow(10, -decades + 2); break;
        case Family::kHuge: x *= std::pow(10, decades / 2 - 4); break;
        case Family::kNearDuplicates: x = common * (1 + (i < n / 2 ? 0 : std::round(x) * 1e-6)); break;
      }
      const T value = static_cast<T>(non_negative ? std::abs(x) : x);
      features.values.push_back(std::isfinite(value) ? value : std::numeric_limits<T>::max());
    }
  }
  return features;
}

class PairwiseRange : public testing::Test {
 protected:
  // Whether the entries, or the error in place of them, are right.
  template <class T>
  bool check(const Features<T>& features, const Measure& measure, const Options& options, const std::string& what) {
    const std::vector<std::vector<Long>> samples = features.samples();
    std::vector<Long> expected(features.n * features.n);
    Long largest = 0;
    for (std::size_t i = 0; i < features.n; ++i)
      for (std::size_t j = 0; j < features.n; ++j) {
        expected[i * features.n + j] = definition(measure, options, samples[i], samples[j], i == j);
        const Long magnitude = std::abs(expected[i * features.n + j]);
        largest = magnitude <= largest ? largest : magnitude;  // NaN stays
      }
    const Lengths lengths(samples);
    for (const Precision precision : {Precision::kFloat32, Precision::kFloat64})
      for (const Storage storage : {Storage::kDense, Storage::kFeatures}) {
        const bool single = precision == Precision::kFloat32;
        const std::string where = what + std::string(" ") + measure.name + (single ? " float32 " : " float64 ") +
                                  (storage == Storage::kDense ? "dense" : "features");
        const Long most = single ? static_cast<Long>(std::numeric_limits<float>::max())
                                 : static_cast<Long>(std::numeric_limits<double>::max());
        const Long normal = single ? static_cast<Long>(std::numeric_limits<float>::min())
                                   : static_cast<Long>(std::numeric_limits<double>::min());
        AffinityPtr affinity;
        const Status status = make(features.view(), measure, options, storage, precision, affinity);
        // Near the largest number, rounding and offsets decide whether it overflows.
        if (largest > most / 4 && largest < 1.01L * most) continue;
        if (!(largest <= most)) {
          if (status.code() == Code::kOutOfRange) continue;
          ADD_FAILURE() << where << " overflows to " << static_cast<double>(largest);
          return false;
        }
        if (!status) {
          ADD_FAILURE() << where << ": " << status.message();
          return false;
        }
        std::vector<double> actual(features.n * features.n);
        affinity->submatrix({nullptr, features.n}, {workspace_}, actual.data());
        const Long unit = single ? 0x1p-24L : 0x1p-53L;
        for (std::size_t i = 0; i < features.n; ++i)
          for (std::size_t j = 0; j < features.n; ++j) {
            const Long entry = expected[i * features.n + j];
            const Long allowed = std::max(64 * unit * stated(measure, options, lengths, i, j, std::abs(entry), unit),
                                          std::abs(entry) < normal ? normal : 0);
            if (std::abs(static_cast<Long>(actual[i * features.n + j]) - entry) <= allowed) continue;
            ADD_FAILURE() << where << " (" << i << ", " << j << ") " << actual[i * features.n + j] << " for " << entry
                          << ", allowed " << allowed;
            return false;
          }
      }
    return true;
  }

  Status make(AnyMatrix features, const Measure& measure, const Options& options, Storage storage, Precision precision,
              AffinityPtr& affinity) {
    MeasureOptions named;
    named.kind = measure.kind;
    named.name = measure.name;
    if (measure.traits.has_gamma) named.gamma = options.gamma;
    if (measure.traits.has_degree) named.degree = options.degree;
    if (measure.traits.has_coef0) named.coef0 = options.coef0;
    return measure_affinity(features, named, storage, precision, {workspace_}, affinity);
  }

  // Checks a measure over a family of features, up to the first failure.
  template <class T>
  bool check_family(const Measure& measure, Family family) {
    for (const auto& [n, d] : std::vector<std::pair<std::size_t, std::size_t>>{
             {1, 1}, {2, 3}, {3, 1}, {5, 17}, {12, 40}, {17, 2}, {40, 16}, {67, 1}, {33, 67}}) {
      const Features<T> features = features_of<T>(family, n, d, measure.traits.needs_non_negative, random_);
      Long largest = 0;
      for (const T value : features.values) largest = std::max(largest, std::abs(static_cast<Long>(value)));
      // The argument of a kernel is of the order of 1 for features of size 1, and for the largest.
      for (const Long scale : {Long{1}, std::clamp(1 / largest, 1e-150L, 1e150L)}) {
        const auto gamma = static_cast<double>(std::pow(scale, measure.degree()));
        const std::string what = "family " + std::to_string(static_cast<int>(family)) + " n = " + std::to_string(n) +
                                 " d = " + std::to_string(d);
        if (!check(features, measure, {gamma, 3, 0.5}, what)) return false;
        if (!measure.traits.has_gamma) break;
      }
    }
    return true;
  }
  template <class T>
  void check_all() {
    for (const Measure& measure : affinity::measures())
      for (const Family family : kFamilies) check_family<T>(measure, family);
  }

  Generator random_{5};
  Workspace workspace_;
};

TEST_F(PairwiseRange, OfFloat32Features) { check_all<float>(); }
TEST_F(PairwiseRange, OfFloat64Features) { check_all<double>(); }

// Entries are the same by rows, by blocks and by tiles.
TEST_F(PairwiseRange, IsThatOfMiniBatches) {
  const std::size_t n = 150, d = 20;
  const std::vector<std::int32_t> rows = {149, 3, 3, 70, 0, 11, 96, 97};
  for (const Measure& measure : affinity::measures())
    for (const Family family : {Family::kAnySample, Family::kOutliers, Family::kNearDuplicates})
      for (const Precision precision : {Precision::kFloat32, Precision::kFloat64}) {
        const bool squares = measure.degree() == 2 && measure.finish == affinity::Finish::kAffine;
        if (squares && family == Family::kAnySample) continue;  // overflows
        const Features<float> x = features_of<float>(family, n, d, measure.traits.needs_non_negative, random_);
        AffinityPtr affinity;
        const Status status = make(x.view(), measure, {1e-30, 1, 0.5}, Storage::kFeatures, precision, affinity);
        if (!status) continue;
        std::vector<double> all(n * n), some(rows.size() * rows.size()), block(rows.size() * n);
        affinity->submatrix({nullptr, n}, {workspace_}, all.data());
        affinity->submatrix({rows.data(), rows.size()}, {workspace_}, some.data());
        affinity->block({rows.data(), rows.size()}, {nullptr, n}, block.data());
        for (std::size_t a = 0; a < rows.size(); ++a) {
          const auto i = static_cast<std::size_t>(rows[a]);
          for (std::size_t j = 0; j < n; ++j) EXPECT_EQ(block[a * n + j], all[i * n + j]) << measure.name;
          for (std::size_t b = 0; b < rows.size(); ++b)
            EXPECT_EQ(some[a * rows.size() + b], all[i * n + static_cast<std::size_t>(rows[b])]) << measure.name;
        }
      }
}

// The median bandwidth fits most pairs, for any outliers and any magnitude of the features.
TEST_F(PairwiseRange, IsThatOfTheMedianBandwidth) {
  for (const double size : {1e-300, 1e-200, 1e-30, 1.0, 1e30, 1e200, 1e300})
    for (const char* name : {"rbf", "laplacian"})
      for (const Precision precision : {Precision::kFloat32, Precision::kFloat64}) {
        // The six differences are 1, 2, 3, and three to an outlier. The least of these three is the median.
        const std::vector<double> x = {0, size, 3 * size, 4e4 * size};
        MeasureOptions options;
        options.name = name;
        options.median_gamma = true;
        for (const Storage storage : {Storage::kDense, Storage::kFeatures}) {
          AffinityPtr affinity;
          const Status status =
              measure_affinity(MatrixView<double>{x.data(), 4, 1}, options, storage, precision, {workspace_}, affinity);
          ASSERT_TRUE(status) << status.message();
          std::vector<double> entries(16);
          affinity->submatrix({nullptr, 4}, {workspace_}, entries.data());
          const bool squared = std::string(name) == "rbf";
          const double ratio = 1.0 / (4e4 - 3), outlying = 1;
          EXPECT_NEAR(entries[1], squared ? std::exp(-ratio * ratio / 2) : std::exp(-ratio), 4e-6) << name << size;
          EXPECT_NEAR(entries[11], squared ? std::exp(-outlying / 2) : std::exp(-outlying), 4e-6) << name << size;
        }
      }
}

}  // namespace
}  // namespace genmi
