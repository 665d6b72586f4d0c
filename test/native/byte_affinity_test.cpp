// Affinities of bytes: the linear kernel keeps them, others are those of the numbers that the bytes stand for.
#include "affinity/byte_affinity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "affinity/measures.h"
#include "genmi/aligned_vector.h"
#include "genmi/backend.h"
#include "isas.h"
#include "measure_cases.h"
#include "random.h"
#include "simd/panels.h"

namespace genmi {
namespace {

using affinity::ByteAffinity;
using simd::place_in_panels;
using test::Long;

struct Images {
  std::vector<std::uint8_t> data;
  Bytes bytes;

  std::vector<Long> sample(std::size_t i) const {
    std::vector<Long> x;
    for (std::size_t f = 0; f < bytes.columns; ++f)
      x.push_back(static_cast<Long>(bytes.scale) * bytes.row(i)[f] + static_cast<Long>(bytes.offset));
    return x;
  }
};

// Bytes in [least, least + spread), n x d.
Images make_images(std::size_t n, std::size_t d, double scale, double offset, unsigned least = 0,
                   unsigned spread = 256) {
  test::Generator random(n * 1000 + d);
  Images images;
  for (std::size_t at = 0; at < n * d; ++at)
    images.data.push_back(static_cast<std::uint8_t>(least + random() % spread));
  images.bytes = {images.data.data(), n, d, scale, offset};
  return images;
}

MeasureOptions linear() {
  MeasureOptions options;
  options.name = "linear";
  return options;
}

AffinityPtr kept(const Images& images, std::shared_ptr<const void> owner = nullptr) {
  EXPECT_TRUE(keeps_bytes(images.bytes, linear(), Storage::kFeatures, Precision::kFloat32));
  Workspace workspace;
  AffinityPtr out;
  EXPECT_TRUE(cpu_backend().measure_bytes(images.bytes, std::move(owner), linear(), Storage::kFeatures,
                                          Precision::kFloat32, {workspace}, out));
  return out;
}

struct Coding {
  double scale, offset;
  unsigned least = 0, spread = 256;
};
// Pixels; pixels around 0; numbers far from 0; numbers near 0 far from byte 0; a negative scale; large and small ones.
const Coding kCodings[] = {{1. / 255, 0},       {1 / 127.5, -1}, {1e-3, 1e3},  {1, -200.25, 198, 5},
                           {-0.5, 60, 100, 40}, {0x1p+30, 1e9},  {0x1p-40, 0}, {0x1p-40, -200 * 0x1p-40, 199, 3}};
const std::size_t kSizes[][2] = {{1, 1}, {2, 3}, {5, 16}, {17, 15}, {33, 67}, {40, 130}};

TEST(ByteAffinity, HasTheEntriesOfItsDefinition) {
  Workspace workspace;
  for (const Coding& coding : kCodings)
    for (const auto& [n, d] : kSizes) {
      SCOPED_TRACE(std::to_string(coding.scale) + " " + std::to_string(coding.offset) + ": " + std::to_string(n) +
                   " x " + std::to_string(d));
      const Images images = make_images(n, d, coding.scale, coding.offset, coding.least, coding.spread);
      const AffinityPtr affinity = kept(images);
      std::vector<double> row(n), all(n * n), block(n * n);
      AlignedVector<float> in_float(n * simd::panel_size(n, 1));
      affinity->submatrix({nullptr, n}, {workspace}, all.data());
      affinity->submatrix({nullptr, n}, {workspace}, in_float.data(), simd::panel_size(n, 1));
      affinity->block({nullptr, n}, {nullptr, n}, block.data());
      EXPECT_EQ(all, block);
      for (std::size_t i = 0; i < n; ++i) {
        affinity->entries(i, {nullptr, n}, row.data());
        const std::vector<Long> x = images.sample(i);
        for (std::size_t j = 0; j < n; ++j) {
          const std::vector<Long> y = images.sample(j);
          const auto expected = static_cast<double>(test::inner(x, y));
          const auto of_x = static_cast<double>(std::sqrt(test::inner(x, x)));
          const auto of_y = static_cast<double>(std::sqrt(test::inner(y, y)));
          // A feature is rounded itself: by a unit of the numbers that it is made of.
          const double made_of = std::max(255 * std::abs(coding.scale), std::abs(coding.offset));
          const double rounding = std::sqrt(static_cast<double>(d)) * made_of * (of_x + of_y);
          ASSERT_NEAR(row[j], expected, 4 * 0x1p-53 * (of_x * of_y + rounding)) << i << ", " << j;
          ASSERT_EQ(row[j], all[i * n + j]);
          ASSERT_EQ(row[j], all[j * n + i]);
          ASSERT_EQ(static_cast<float>(row[j]), in_float[i * simd::panel_size(n, 1) + j]);
        }
      }
    }
}

// A V, where the columns of V sum to 0, less the mean of each column.
std::vector<double> centred(std::vector<double> product, std::size_t n, std::size_t k) {
  for (std::size_t c = 0; c < k; ++c) {
    double mean = 0;
    for (std::size_t i = 0; i < n; ++i) mean += product[i * k + c] / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) product[i * k + c] -= mean;
  }
  return product;
}

// The product that an affinity makes of panels of normal numbers, row by row.
std::vector<float> product_of(const Affinity& affinity, Rows rows, std::size_t k, const std::vector<double>& v,
                              const Context& context) {
  const std::size_t n = rows.count;
  AlignedVector<float> panels(simd::panel_size(n, k), 0), out(panels.size());
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < k; ++c) panels[place_in_panels(i, c, k)] = static_cast<float>(v[i * k + c]);
  affinity.products().centred_product(rows, panels.data(), k, context, out.data());
  std::vector<float> product(n * k);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < k; ++c) product[i * k + c] = out[place_in_panels(i, c, k)];
  return product;
}

TEST(ByteAffinity, MultipliesOnEveryInstructionSet) {
  for (const simd::Isa isa : test::supported_isas()) {
    const test::WithIsa with(isa);
    Workspace workspace;
    for (const Coding& coding : kCodings)
      for (const auto& [n, d] : kSizes)
        for (const std::size_t k : {1, 3, 10, 17}) {
          SCOPED_TRACE(std::to_string(coding.scale) + " " + std::to_string(coding.offset) + ": " + std::to_string(n) +
                       " x " + std::to_string(d) + " x " + std::to_string(k));
          const Images images = make_images(n, d, coding.scale, coding.offset, coding.least, coding.spread);
          const AffinityPtr affinity = kept(images);
          test::Generator random(k);
          std::vector<std::int32_t> rows;  // any, some of them twice
          for (std::size_t i = 0; i < n; ++i) rows.push_back(static_cast<std::int32_t>(random() % n));
          std::vector<double> v = centred(test::gaussians(random, n * k), n, k), expected(n * k, 0.0), entries(n);
          for (double& each : v) each = static_cast<float>(each);
          const double range = coding.scale * coding.spread, largest = range * range * static_cast<double>(d);
          double entry = 0;
          for (std::size_t i = 0; i < n; ++i) {
            affinity->entries(static_cast<std::size_t>(rows[i]), {rows.data(), n}, entries.data());
            for (std::size_t j = 0; j < n; ++j)
              for (std::size_t c = 0; c < k; ++c) expected[i * k + c] += entries[j] * v[j * k + c];
            for (const double each : entries) entry = std::max(entry, std::abs(each));
          }
          const std::vector<float> product = product_of(*affinity, {rows.data(), n}, k, v, {workspace});
          const std::vector<double> found = centred({product.begin(), product.end()}, n, k);
          expected = centred(expected, n, k);
          // V's columns sum to 0 up to rounding, which multiplies the mean of the entries.
          const double tolerance = (1e-6 * largest + 0x1p-24 * entry) * static_cast<double>(n);
          for (std::size_t at = 0; at < found.size(); ++at) ASSERT_NEAR(found[at], expected[at], tolerance) << at;
        }
  }
}

TEST(ByteAffinity, HasTheSameBitsForAnyNumberOfThreads) {
  const Images images = make_images(1500, 100, 1. / 255, 0);
  const AffinityPtr affinity = kept(images);
  test::Generator random(1);
  const std::size_t k = 10;
  const std::vector<double> v = centred(test::gaussians(random, 1500 * k), 1500, k);
  std::vector<float> expected;
  std::vector<double> entries, other(1500 * 1500);
  for (const std::size_t threads : {1, 2, 3, 8}) {
    ThreadPool pool;
    Workspace workspace;
    const Context context{.workspace = workspace, .pool = &pool, .threads = threads};
    const std::vector<float> product = product_of(*affinity, {nullptr, 1500}, k, v, context);
    affinity->submatrix({nullptr, 1500}, context, other.data());
    if (threads == 1) {
      expected = product;
      entries = other;
    }
    EXPECT_EQ(product, expected) << threads;
    EXPECT_EQ(other, entries) << threads;
  }
}

TEST(ByteAffinity, TakesAByteAFeature) {
  const std::size_t n = 2000, d = 50;
  const Images images = make_images(n, d, 1, 0);
  const AffinityPtr copy = kept(images);
  EXPECT_EQ(copy->bytes(), n * d + 8 * n + 4 * d);
  EXPECT_EQ(copy->storage(), Storage::kFeatures);
  EXPECT_EQ(copy->precision(), Precision::kFloat32);
  auto owner = std::make_shared<Images>(images);
  owner->bytes.data = owner->data.data();
  const AffinityPtr shared = kept(*owner, owner);
  EXPECT_EQ(shared->bytes(), 8 * n + 4 * d);
  EXPECT_EQ(owner.use_count(), 2);
  const std::weak_ptr<Images> watch = owner;
  owner.reset();
  EXPECT_FALSE(watch.expired());
  std::vector<double> one(n), other(n);
  copy->entries(3, {nullptr, n}, one.data());
  shared->entries(3, {nullptr, n}, other.data());
  EXPECT_EQ(one, other);
}

// Large features, and many of them: sums of products need 64 bits.
TEST(ByteAffinity, SumsManyFeatures) {
  const std::size_t d = 200'000;
  Images images = make_images(2, d, 1, 0, 255, 1);
  const AffinityPtr affinity = kept(images);
  double entries[2];
  affinity->entries(0, {nullptr, 2}, entries);
  EXPECT_EQ(entries[1], 255. * 255 * d);
}

// Other measures, storages and precisions, and bytes that stand for numbers near the ends of float32's range: as for
// the numbers, bit by bit.
template <class T>
void expect_those_of_numbers(const Images& images, const MeasureOptions& options, Storage storage) {
  const Precision precision = sizeof(T) == sizeof(float) ? Precision::kFloat32 : Precision::kFloat64;
  const std::size_t n = images.bytes.rows;
  Workspace workspace;
  std::vector<T> numbers;
  for (const std::uint8_t byte : images.data) numbers.push_back(static_cast<T>(images.bytes.number(byte)));
  AffinityPtr found, expected;
  const MatrixView<T> view{numbers.data(), n, images.bytes.columns};
  const Status status =
      cpu_backend().measure_bytes(images.bytes, nullptr, options, storage, precision, {workspace}, found);
  const Status of_numbers = cpu_backend().measure(view, options, storage, precision, {workspace}, expected);
  ASSERT_EQ(status.message(), of_numbers.message());
  if (!status) return;
  std::vector<double> entries(n * n), others(n * n);
  found->submatrix({nullptr, n}, {workspace}, entries.data());
  expected->submatrix({nullptr, n}, {workspace}, others.data());
  EXPECT_EQ(entries, others);
  EXPECT_EQ(found->bytes(), expected->bytes());
}

TEST(ByteAffinity, IsThatOfNumbersForOtherMeasures) {
  const Images images = make_images(20, 7, 1 / 127.5, 0.25);
  for (const affinity::Measure& measure : affinity::measures())
    for (const Storage storage : {Storage::kDense, Storage::kFeatures}) {
      SCOPED_TRACE(measure.name);
      MeasureOptions options;
      options.kind = measure.kind;
      options.name = measure.name;
      expect_those_of_numbers<double>(images, options, storage);
      if (!measure.is_linear() || storage == Storage::kDense) expect_those_of_numbers<float>(images, options, storage);
    }
}

TEST(ByteAffinity, LeavesExtremeNumbersAndErrorsToTheOthers) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const Coding& coding : {Coding{0, 1}, {1e18, 0}, {1, 1e17}, {1e300, 0}, {1e-20, 0}, {inf, 0}, {1, inf}}) {
    SCOPED_TRACE(coding.scale);
    const Images images = make_images(5, 3, coding.scale, coding.offset);
    EXPECT_FALSE(keeps_bytes(images.bytes, linear(), Storage::kFeatures, Precision::kFloat32));
    expect_those_of_numbers<float>(images, linear(), Storage::kFeatures);
  }
  const Images none = make_images(0, 3, 1, 0), featureless = make_images(3, 0, 1, 0), few = make_images(3, 2, 1, 0);
  for (const Images* images : {&none, &featureless})
    expect_those_of_numbers<float>(*images, linear(), Storage::kFeatures);
  MeasureOptions wrong = linear();
  wrong.gamma = 1;
  expect_those_of_numbers<float>(few, wrong, Storage::kFeatures);
  wrong.name = "none";
  expect_those_of_numbers<float>(few, wrong, Storage::kFeatures);
}

}  // namespace
}  // namespace genmi
