// Products with predictions, on every instruction set that runs here, against plain loops in float64.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "affinity/centred_product.h"
#include "affinity/products.h"
#include "genmi/affinity.h"
#include "genmi/aligned_vector.h"
#include "genmi/measured.h"
#include "objectives/panel_algebra.h"
#include "random.h"

namespace genmi {
namespace {

using simd::Isa;
using simd::kPanel;
using test::Generator;

// Rows padded with zeros to whole panels. The last one ends where the memory ends.
template <class T>
struct Matrix {
  Matrix(std::size_t row_count, std::size_t column_count, Generator& random)
      : rows(row_count), columns(column_count), stride(simd::panel_size(columns, 1)), entries(rows * stride) {
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < columns; ++j) entries[i * stride + j] = static_cast<T>(test::Gaussian()(random));
  }
  double operator()(std::size_t i, std::size_t j) const { return static_cast<double>(entries[i * stride + j]); }
  std::vector<const T*> addresses() const {
    std::vector<const T*> result;
    for (std::size_t i = 0; i < rows; ++i) result.push_back(entries.data() + i * stride);
    return result;
  }

  std::size_t rows, columns, stride;
  std::vector<T> entries;
};

template <class T>
std::vector<T> to_panels(const Matrix<T>& matrix) {
  std::vector<T> panels(simd::panel_size(matrix.rows, matrix.columns));
  for (std::size_t i = 0; i < matrix.rows; ++i)
    for (std::size_t j = 0; j < matrix.columns; ++j)
      panels[(i / kPanel * matrix.columns + j) * kPanel + i % kPanel] = static_cast<T>(matrix(i, j));
  return panels;
}

// Compares results in panels with sums of `terms` terms, term(i, j, t), within the rounding of any order of adding.
template <class T, class Term>
void expect_sums(const std::vector<T>& panels, std::size_t rows, std::size_t columns, std::size_t terms,
                 const Term& term) {
  for (std::size_t i = 0; i < simd::panels_of(rows) * kPanel; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      double sum = 0, magnitude = 0;
      for (std::size_t t = 0; i < rows && t < terms; ++t) {
        sum += term(i, j, t);
        magnitude += std::abs(term(i, j, t));
      }
      const double most = static_cast<double>(terms + 2) * static_cast<double>(std::numeric_limits<T>::epsilon());
      ASSERT_NEAR(static_cast<double>(panels[(i / kPanel * columns + j) * kPanel + i % kPanel]), sum,
                  most * magnitude / 2)
          << rows << " x " << columns << ", " << terms << " terms, at " << i << ", " << j;
    }
  }
}

class Products : public testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (!simd::is_supported(GetParam())) GTEST_SKIP() << simd::name_of(GetParam()) << " does not run here";
    simd::set_default_isa(GetParam());
  }
  void TearDown() override { simd::set_default_isa(before_); }

  template <class T>
  void expect_rows_multiplied(std::size_t rows, std::size_t n, std::size_t k) {
    const Workspace::Frame frame(workspace_);
    const Matrix<T> a(rows, n, random_), v(n, k, random_), w(rows, k, random_);
    std::vector<T> out(simd::panel_size(rows, k), T{7});
    affinity::multiply_stored_rows<T>(a.addresses(), n, to_panels(v).data(), k, {workspace_}, out.data());
    expect_sums(out, rows, k, n, [&](auto i, auto c, auto t) { return a(i, t) * v(t, c); });

    std::vector<T> transposed(simd::panel_size(n, k), T{7});
    affinity::multiply_transposed<T>(a.addresses(), n, to_panels(w).data(), k, {workspace_}, transposed.data());
    expect_sums(transposed, n, k, rows, [&](auto i, auto c, auto t) { return a(t, i) * w(t, c); });
  }

  template <class T>
  void expect_symmetric_multiplied(std::size_t n, std::size_t k) {
    Matrix<T> a(n, n, random_);
    const Matrix<T> v(n, k, random_);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < i; ++j) a.entries[i * a.stride + j] = a.entries[j * a.stride + i];
    const auto multiply = [&](std::size_t threads) {
      Workspace workspace;
      ThreadPool pool(3);
      std::vector<T> out(simd::panel_size(n, k), T{7});
      affinity::multiply_symmetric<T>(a.addresses(), to_panels(v).data(), k, {workspace, &pool, threads}, out.data());
      return out;
    };
    const std::vector<T> out = multiply(1);
    expect_sums(out, n, k, n, [&](auto i, auto c, auto t) { return a(i, t) * v(t, c); });
    EXPECT_EQ(out, multiply(2));
    EXPECT_EQ(out, multiply(3));
  }

  template <class T>
  void expect_panels_multiplied(std::size_t n, std::size_t k) {
    const Workspace::Frame frame(workspace_);
    const Matrix<T> a(n, k, random_), b(n, k, random_), w(k, k, random_);
    std::vector<double> products(k * k), weights(k * k);
    objectives::inner_products(to_panels(a).data(), to_panels(b).data(), n, k, {workspace_}, products.data());
    std::vector<T> upper(simd::panel_size(k, k));
    for (std::size_t i = 0; i < k; ++i) {
      for (std::size_t j = 0; j < k; ++j) {
        weights[i * k + j] = w(i, j);
        if (j >= i) upper[(i / kPanel * k + j) * kPanel + i % kPanel] = static_cast<T>(products[i * k + j]);
      }
    }
    expect_sums(upper, k, k, n, [&](auto i, auto j, auto t) { return j < i ? 0 : a(t, i) * b(t, j); });

    std::vector<T> out(simd::panel_size(n, k), T{7});
    objectives::multiply_clusters(to_panels(a).data(), n, k, weights.data(), {workspace_}, out.data());
    expect_sums(out, n, k, k, [&](auto i, auto j, auto t) { return a(i, t) * w(t, j); });
  }

  Workspace workspace_;
  Generator random_{5};
  Isa before_ = simd::default_isa();
};

TEST_P(Products, OfRowsAreTheirSums) {
  for (std::size_t n = 1; n <= 67; ++n) {
    for (const std::size_t k : {std::size_t{1} + n % 7, std::size_t{68} - n}) {
      expect_rows_multiplied<float>(1 + (n * 13) % 67, n, k);
      expect_rows_multiplied<double>(1 + (n * 17) % 67, n, k);
    }
  }
  for (const std::size_t n : {130, 1030}) {  // more than one block of a row, more than one part of a sum
    expect_rows_multiplied<float>(n - 3, n, 10);
    expect_rows_multiplied<double>(n - 3, n, 10);
  }
}

TEST_P(Products, OfHalfAMatrixAreThoseOfTheWhole) {
  for (const std::size_t n : {1, 2, 15, 16, 17, 67, 127, 128, 129, 300}) {
    expect_symmetric_multiplied<float>(n, 1 + n % 12);
    expect_symmetric_multiplied<double>(n, 1 + n % 11);
  }
  for (std::size_t k = 1; k <= 33; ++k) {
    expect_symmetric_multiplied<float>(130 + k, k);
    expect_symmetric_multiplied<double>(100 + k, k);
  }
  expect_symmetric_multiplied<float>(700, 20);  // worth a second thread
}

TEST_P(Products, OfPanelsAreTheirSums) {
  for (std::size_t k = 1; k <= 67; ++k) {
    expect_panels_multiplied<float>(1 + (k * 29) % 67, k);
    expect_panels_multiplied<double>(1 + (k * 31) % 67, k);
  }
  expect_panels_multiplied<float>(700, 10);
  expect_panels_multiplied<double>(700, 10);
}

TEST_P(Products, HaveTheSameBitsWhateverIsMultipliedTogether) {
  const std::size_t n = 300, k = 13;
  const Matrix<float> a(n, n, random_), v(n, k, random_);
  const std::vector<float> panels = to_panels(v);
  const affinity::RowProduct<float> product(panels.data(), n, k, {workspace_});
  const std::vector<const float*> rows = a.addresses();
  std::vector<float> together(simd::panel_size(n, k)), alone(simd::panel_size(1, k));
  product.multiply(rows, together.data());
  for (std::size_t i = 0; i < n; i += 7) {
    product.multiply({rows.data() + i, 1}, alone.data());
    for (std::size_t c = 0; c < k; ++c)
      EXPECT_EQ(alone[c * kPanel], together[(i / kPanel * k + c) * kPanel + i % kPanel]);
  }
}

struct Case {
  const char* kernel;
  Storage storage;
  Precision precision;
};

AffinityPtr make_affinity(const Case& each, const std::vector<double>& features, std::size_t n) {
  AffinityPtr affinity;
  Workspace workspace;
  MeasureOptions options;
  options.name = each.kernel;
  const MatrixView<double> view{features.data(), n, features.size() / n};
  EXPECT_TRUE(measure_affinity(view, options, each.storage, each.precision, {workspace}, affinity));
  return affinity;
}

// A(rows, rows) V for V with columns that sum to 0, columns centred: against the entries, and on 1, 2 and 3 threads.
template <class T>
void expect_centred_product(const Affinity& affinity, Rows rows, std::size_t k, Generator& random) {
  const std::size_t n = rows.count;
  Matrix<T> v(n, k, random);
  std::vector<double> mean(k, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < k; ++c) mean[c] += v(i, c) / static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < k; ++c) v.entries[i * v.stride + c] = static_cast<T>(v(i, c) - mean[c]);

  std::vector<std::vector<T>> results;
  for (const std::size_t threads : {1, 2, 3}) {
    Workspace workspace;
    ThreadPool pool(3);
    results.emplace_back(simd::panel_size(n, k));
    affinity.products().centred_product(rows, to_panels(v).data(), k, {workspace, &pool, threads},
                                        results.back().data());
    EXPECT_EQ(std::memcmp(results[0].data(), results.back().data(), results[0].size() * sizeof(T)), 0) << threads;
  }
  Workspace workspace;
  objectives::centre_columns(results[0].data(), n, k, {workspace});

  std::vector<double> expected(n * k, 0.0), row(n), largest(k, 0.0);
  std::fill(mean.begin(), mean.end(), 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    affinity.entries(rows[i], rows, row.data());
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t c = 0; c < k; ++c) expected[i * k + c] += row[j] * v(j, c);
    for (std::size_t c = 0; c < k; ++c) mean[c] += expected[i * k + c] / static_cast<double>(n);
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < k; ++c) largest[c] = std::max(largest[c], std::abs(expected[i * k + c] - mean[c]));
  const double tolerance = sizeof(T) == 4 ? 4e-6 : 1e-12;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < k; ++c)
      ASSERT_NEAR(static_cast<double>(results[0][(i / kPanel * k + c) * kPanel + i % kPanel]),
                  expected[i * k + c] - mean[c], tolerance * (largest[c] + 1e-3))
          << "row " << i << ", column " << c << " of " << n << " x " << k;
}

void expect_centred_products(const Case& each, std::size_t n, std::size_t d, std::size_t k, Generator& random) {
  std::vector<double> features = test::gaussians(random, n * d);
  const AffinityPtr affinity = make_affinity(each, features, n);
  std::vector<std::int32_t> some;
  for (std::size_t i = 0; i < n + 3; ++i) some.push_back(static_cast<std::int32_t>(random() % n));
  for (const Rows rows : {Rows{nullptr, n}, Rows{some.data(), some.size()}, Rows{some.data(), 1 + n / 2}}) {
    if (each.precision == Precision::kFloat32) expect_centred_product<float>(*affinity, rows, k, random);
    expect_centred_product<double>(*affinity, rows, k, random);
  }
}

TEST_P(Products, OfEveryStorageAreThoseOfTheEntries) {
  for (const Precision precision : {Precision::kFloat32, Precision::kFloat64}) {
    for (const Case& each :
         {Case{"rbf", Storage::kDense, precision}, Case{"rbf", Storage::kFeatures, precision},
          Case{"linear", Storage::kDense, precision}, Case{"linear", Storage::kFeatures, precision}}) {
      SCOPED_TRACE(std::string(each.kernel) + (each.storage == Storage::kDense ? " dense" : " features"));
      for (std::size_t n = 2; n <= 67; n += 5) expect_centred_products(each, n, 1 + (n * 7) % 130, 1 + n % 11, random_);
      expect_centred_products(each, 700, 40, 20, random_);  // worth a second thread
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Products, testing::ValuesIn(simd::kAllIsas),
                         [](const auto& each) { return std::string(simd::name_of(each.param)); });

}  // namespace
}  // namespace genmi
