// The transport kernels of every instruction set that runs here have the same bits as plain loops: at all lengths, with
// closed columns, and at any alignment of costs that the contract allows.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "genmi/aligned_vector.h"
#include "random.h"
#include "simd/kernels.h"

namespace genmi::simd {
namespace {

using Generator = genmi::test::Generator;

constexpr std::size_t kLongest = 130;
constexpr float kPadding36 = 1e36f;

// Costs with or without ties. Some prices are -infinity (closed columns).
template <class T>
std::vector<T> some_costs(std::size_t count, Generator& random) {
  std::vector<T> costs(count);
  const bool tied = random() % 2 == 0;
  for (T& cost : costs)
    cost = tied ? static_cast<T>(random() % 4) : static_cast<T>(std::uniform_real_distribution<double>()(random));
  return costs;
}

template <class T>
std::vector<T> some_prices(std::size_t count, Generator& random) {
  std::vector<T> prices(count);
  for (T& price : prices) price = static_cast<T>(test::Gaussian()(random));
  const std::uint64_t kind = random() % 3;
  for (T& price : prices)
    if (kind == 2 || (kind == 1 && random() % 3 == 0)) price = -std::numeric_limits<T>::infinity();
  return prices;
}

// A padded copy, aligned as in solvers.
template <class T>
AlignedVector<T> pad(const std::vector<T>& values, T with) {
  AlignedVector<T> row(values.begin(), values.end());
  row.resize(padded(values.size()), with);
  return row;
}

// A misaligned copy that ends where its memory ends.
template <class T>
class Unaligned {
 public:
  explicit Unaligned(const std::vector<T>& values) : memory_(1, T{}) {
    memory_.insert(memory_.end(), values.begin(), values.end());
    memory_.shrink_to_fit();
  }
  T* data() { return memory_.data() + 1; }
  std::vector<T> values() const { return {memory_.begin() + 1, memory_.end()}; }

 private:
  AlignedVector<T> memory_;
};

template <class Numbers>
bool same_bits(const Numbers& a, const Numbers& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(a[0])) == 0;
}

class Kernels : public testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (!is_supported(GetParam())) GTEST_SKIP() << name_of(GetParam()) << " does not run here";
  }
  const TransportKernels& kernels() const { return simd::kernels(GetParam()).transport; }
  const TransportKernels& baseline() const { return simd::kernels(Isa::kBaseline).transport; }
  Generator random_{7};
};

TEST_P(Kernels, FindTheMinimumOfARow) {
  for (std::size_t n = 1; n <= kLongest; ++n) {
    for (int repeat = 0; repeat < 6; ++repeat) {
      const auto costs = pad(some_costs<float>(n, random_), kPadding36);
      auto prices = pad(some_prices<float>(n, random_), 0.f);
      prices[random_() % n] = 0.25f;  // one open column
      float expected = std::numeric_limits<float>::max();
      for (std::size_t j = 0; j < costs.size(); ++j) expected = std::min(expected, costs[j] - prices[j]);
      std::size_t first = 0;
      while (costs[first] - prices[first] != expected) ++first;
      EXPECT_EQ(kernels().row_minimum(costs.data(), prices.data(), costs.size()), expected);
      EXPECT_EQ(kernels().find_minimum(costs.data(), prices.data(), costs.size(), expected), first);
    }
  }
}

// For float32 or float64 costs.
template <class T, class Minimum, class Slack, class Lower>
void expect_exact(Minimum minimum, Slack slack, Lower lower, Generator& random) {
  for (std::size_t n = 1; n <= kLongest; ++n) {
    for (int repeat = 0; repeat < 6; ++repeat) {
      Unaligned<T> costs(some_costs<T>(n, random));
      Unaligned<double> prices(some_prices<double>(n, random)), targets(some_prices<double>(n, random));
      const double price = prices.data()[0] > -1e9 ? prices.data()[0] : 0.5;
      double least = std::numeric_limits<double>::infinity(), least_slack = least;
      std::vector<double> lowered = targets.values();
      for (std::size_t j = 0; j < n; ++j) {
        const auto cost = static_cast<double>(costs.data()[j]);
        least = std::min(least, cost - prices.data()[j]);
        lowered[j] = std::min(lowered[j], cost - price);
      }
      EXPECT_EQ(minimum(costs.data(), prices.data(), n), least);
      lower(costs.data(), price, targets.data(), n);
      EXPECT_TRUE(same_bits(targets.values(), lowered)) << "n = " << n;
      for (std::size_t j = 0; j < n; ++j)
        if (!std::isfinite(prices.data()[j])) prices.data()[j] = price;
      for (std::size_t j = 0; j < n; ++j)
        least_slack = std::min(least_slack, static_cast<double>(costs.data()[j]) - std::abs(prices.data()[j] - price));
      EXPECT_EQ(slack(costs.data(), prices.data(), price, n), least_slack);
    }
  }
}

TEST_P(Kernels, AreExactOverFloat32Costs) {
  expect_exact<float>(kernels().exact_minimum_single, kernels().exact_slack_single, kernels().lower_single, random_);
}

TEST_P(Kernels, AreExactOverFloat64Costs) {
  expect_exact<double>(kernels().exact_minimum_double, kernels().exact_slack_double, kernels().lower_double, random_);
}

// Numbers that are as far apart as 16-bit differences allow.
AlignedVector<std::int16_t> some_shorts(std::size_t count, int least, int greatest, Generator& random) {
  AlignedVector<std::int16_t> shorts(padded(count));
  for (std::int16_t& value : shorts)
    value = static_cast<std::int16_t>(std::uniform_int_distribution<int>(least, greatest)(random));
  return shorts;
}

TEST_P(Kernels, FindCoarseMinimaOfRows) {
  for (std::size_t n = 1; n <= kLongest; ++n) {
    const auto prices = some_shorts(n, -16384, 16383, random_);
    std::vector<AlignedVector<std::int16_t>> rows;
    const std::int16_t* data[kCoarseRows];
    for (const std::int16_t*& row : data) {
      rows.push_back(some_shorts(n, 0, 16383, random_));
      row = rows.back().data();
    }
    std::int16_t minima[kCoarseRows];
    kernels().coarse_minima(data, prices.data(), prices.size(), minima);
    for (std::size_t r = 0; r < kCoarseRows; ++r) {
      int expected = 32767;
      for (std::size_t j = 0; j < prices.size(); ++j) expected = std::min(expected, rows[r][j] - prices[j]);
      EXPECT_EQ(minima[r], expected) << "n = " << n;
    }
  }
}

TEST_P(Kernels, RoundPricesUp) {
  for (std::size_t n = 1; n <= kLongest; ++n) {
    const auto prices = pad(some_prices<float>(n, random_), 0.f);
    const float centre = 0.25f, inverse_unit = std::exp2f(static_cast<float>(random_() % 20));
    AlignedVector<std::int16_t> rounded(prices.size());
    kernels().coarse_prices(prices.data(), centre, inverse_unit, rounded.data(), prices.size());
    for (std::size_t j = 0; j < prices.size(); ++j) {
      const double units = static_cast<double>(prices[j] - centre) * static_cast<double>(inverse_unit);
      if (units < -16384 || units > 16383) {
        EXPECT_EQ(rounded[j], units < 0 ? -16384 : 16383);
      } else {
        EXPECT_GE(rounded[j], units - 0.01);
        EXPECT_LE(rounded[j], units + 1);
      }
    }
  }
}

// Costs and potentials with unrelated 16-bit forms, close in some stretches only. The kernel must find the least slack
// of the close columns; it may also count other columns of the same stretches.
template <bool both, class T, class CloseSlack>
void expect_close_slack(CloseSlack close_slack, std::size_t n, std::size_t columns, Generator& random) {
  const std::size_t rows = both ? n : 1 + n / 3, stride = padded(n);
  const auto coarse_costs = some_shorts(rows * stride, 0, 16383, random);
  const auto coarse_columns = some_shorts(n, -16383, 16383, random);
  const auto other = some_shorts(rows, -16383, 16383, random);
  const auto& coarse_rows = both ? coarse_columns : other;
  std::vector<double> column_potentials(stride), row_potentials(stride);
  for (double& potential : column_potentials) potential = test::Gaussian()(random);
  for (double& potential : row_potentials) potential = test::Gaussian()(random);
  if (both) row_potentials = column_potentials;
  const auto margin = static_cast<std::int16_t>(random() % 3);
  std::vector<T> costs(rows * columns, static_cast<T>(kPadding36));
  double every = std::numeric_limits<double>::infinity(), close = every;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      T& cost = costs[i * columns + j] = static_cast<T>(std::uniform_real_distribution<double>()(random));
      const auto leads = [](auto column, auto row) { return both ? std::abs(column - row) : column - row; };
      const double slack = static_cast<double>(cost) - leads(column_potentials[j], row_potentials[i]);
      const int coarse_slack = coarse_costs[i * stride + j] - leads(int{coarse_columns[j]}, int{coarse_rows[i]});
      every = std::min(every, slack);
      if ((!both || j >= i) && coarse_slack < margin) close = std::min(close, slack);
    }
  }
  const CoarsePotentials coarse{coarse_costs.data(), coarse_rows.data(), coarse_columns.data(), stride, margin};
  const double found =
      close_slack(coarse, costs.data(), row_potentials.data(), column_potentials.data(), rows, columns);
  EXPECT_LE(found, close) << "n = " << n;
  EXPECT_GE(found, every) << "n = " << n;
}

TEST_P(Kernels, FindTheSlackOfWhatIsClose) {
  for (std::size_t n = 1; n <= kLongest; ++n) {
    expect_close_slack<false, float>(kernels().close_slack_single, n, padded(n), random_);
    expect_close_slack<false, double>(kernels().close_slack_double, n, n, random_);
    expect_close_slack<true, float>(kernels().close_pair_slack_single, n, padded(n), random_);
    expect_close_slack<true, double>(kernels().close_pair_slack_double, n, n, random_);
  }
}

TEST_P(Kernels, MakeTheGibbsKernel) {
  for (std::size_t n = 1; n <= kLongest; ++n) {
    const auto costs = pad(some_costs<float>(n, random_), kPadding36);
    auto prices = pad(some_prices<float>(n, random_), 0.f);
    for (float& price : prices) price = std::max(price, -9.f);
    const float row_price = 0.3f, inverse = std::exp2f(static_cast<float>(random_() % 12));
    AlignedVector<float> kernel(costs.size()), reference(costs.size());
    kernels().gibbs_row(costs.data(), row_price, prices.data(), inverse, kernel.data(), costs.size());
    baseline().gibbs_row(costs.data(), row_price, prices.data(), inverse, reference.data(), costs.size());
    EXPECT_TRUE(same_bits(kernel, reference)) << "n = " << n;
    for (std::size_t j = 0; j < costs.size(); ++j) {
      const float exponent = (row_price + prices[j] - costs[j]) * inverse;
      const double expected = std::exp(std::min(80.0, std::max(-55.0, static_cast<double>(exponent))));
      EXPECT_NEAR(static_cast<double>(kernel[j]), expected, 5e-7 * expected) << exponent;
    }
  }
}

TEST_P(Kernels, SquareTheGibbsKernel) {
  for (std::size_t n = 1; n <= kLongest; ++n) {
    auto kernel = pad(some_costs<float>(n, random_), kLeastGibbs);
    const auto scales = pad(some_costs<float>(n, random_), 1e-12f);
    const float row_scale = 1.7f;
    AlignedVector<float> expected(kernel.size());
    for (std::size_t j = 0; j < kernel.size(); ++j) {
      const float scaled = std::max(row_scale * kernel[j] * scales[j], 1e-12f);
      expected[j] = scaled * scaled;
    }
    kernels().square_row(kernel.data(), row_scale, scales.data(), kernel.size());
    EXPECT_TRUE(same_bits(kernel, expected)) << "n = " << n;
  }
}

TEST_P(Kernels, ScaleRowsOfTheGibbsKernel) {
  for (std::size_t n = 1; n <= kLongest; ++n) {
    const std::size_t stride = padded(n);
    AlignedVector<float> kernel;
    for (std::size_t row = 0; row < kSinkhornRows; ++row) {
      const auto values = pad(some_costs<float>(n, random_), kLeastGibbs);
      kernel.insert(kernel.end(), values.begin(), values.end());
    }
    if (n % 4 == 0) std::fill(kernel.begin(), kernel.begin() + static_cast<std::ptrdiff_t>(stride), kLeastGibbs);
    const auto columns = pad(some_costs<float>(n, random_), 0.f);
    const std::vector<float> weights = some_costs<float>(kSinkhornRows, random_);
    const auto sums = pad(some_costs<float>(n, random_), 0.f);
    const auto scale_rows = [&](const TransportKernels& by, std::vector<float>& scales, AlignedVector<float>& into) {
      scales.resize(kSinkhornRows);
      into = sums;
      by.scale_rows(kernel.data(), columns.data(), weights.data(), scales.data(), into.data(), stride);
    };
    std::vector<float> scales, reference_scales;
    AlignedVector<float> added, reference_added;
    scale_rows(kernels(), scales, added);
    scale_rows(baseline(), reference_scales, reference_added);
    EXPECT_TRUE(same_bits(scales, reference_scales)) << "n = " << n;
    EXPECT_TRUE(same_bits(added, reference_added)) << "n = " << n;

    std::vector<double> expected(sums.begin(), sums.end());
    for (std::size_t row = 0; row < kSinkhornRows; ++row) {
      double inner = 0;
      for (std::size_t j = 0; j < stride; ++j)
        inner += static_cast<double>(kernel[row * stride + j]) * static_cast<double>(columns[j]);
      const double scale = std::min(1e30, 1 / inner);
      EXPECT_NEAR(static_cast<double>(scales[row]), scale, 1e-5 * scale);
      for (std::size_t j = 0; j < stride; ++j)
        expected[j] += static_cast<double>(weights[row]) * scale * static_cast<double>(kernel[row * stride + j]);
    }
    for (std::size_t j = 0; j < stride; ++j)
      EXPECT_NEAR(static_cast<double>(added[j]), expected[j], 1e-5 * expected[j]) << "n = " << n;
  }
}

TEST_P(Kernels, ScaleColumnsOfTheGibbsKernel) {
  for (std::size_t n = 1; n <= kLongest; ++n) {
    const auto sums = pad(some_costs<float>(n, random_), 0.f), before = pad(some_costs<float>(n, random_), 1.f);
    for (const bool relaxed : {false, true}) {
      AlignedVector<float> scales = before, expected(scales.size());
      for (std::size_t j = 0; j < scales.size(); ++j) {
        const float next = 1 / std::max(sums[j], 1e-30f);
        expected[j] = relaxed ? next * std::sqrt(next / before[j]) : next;
      }
      kernels().scale_columns(sums.data(), relaxed, scales.data(), scales.size());
      EXPECT_TRUE(same_bits(scales, expected)) << "n = " << n << (relaxed ? ", relaxed" : "");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Kernels, testing::ValuesIn(kAllIsas),
                         [](const auto& test) { return std::string(name_of(test.param)); });

}  // namespace
}  // namespace genmi::simd
