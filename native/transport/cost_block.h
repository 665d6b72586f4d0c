// Costs between some rows and some columns, in two forms: rounded to float32 in padded rows, for pricing, and exact.
#pragma once

#include <cstddef>
#include <limits>

#include "simd/kernels.h"

namespace genmi::transport {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr float kInfinityf = std::numeric_limits<float>::infinity();

// The padding of a row of rounded costs exceeds any sum of costs.
inline constexpr float kPaddingCost = 1e36f;

struct CostBlock {
  const float* rounded = nullptr;  // rows of simd::padded(columns)
  const double* exact = nullptr;   // rows of `columns`; null where the rounded costs are exact
  std::size_t rows = 0, columns = 0;
  const simd::TransportKernels* kernels = &simd::default_kernels().transport;

  std::size_t stride() const { return simd::padded(columns); }
  const float* rounded_row(std::size_t row) const { return rounded + row * stride(); }
  double operator()(std::size_t row, std::size_t column) const {
    return exact != nullptr ? exact[row * columns + column] : static_cast<double>(rounded_row(row)[column]);
  }

  // min_j cost(row, j) - prices[j]. A price of -infinity closes its column.
  float rounded_minimum(std::size_t row, const float* prices) const {
    return kernels->row_minimum(rounded_row(row), prices, stride());
  }
  // The first column that attains the rounded minimum.
  std::size_t find_minimum(std::size_t row, const float* prices, float minimum) const {
    return kernels->find_minimum(rounded_row(row), prices, stride(), minimum);
  }

  // The same two for exact costs. Prices, here and below, are stride() numbers, each of them finite or -infinity.
  double exact_minimum(std::size_t row, const double* prices) const {
    return exact != nullptr ? kernels->exact_minimum_double(exact + row * columns, prices, columns)
                            : kernels->exact_minimum_single(rounded_row(row), prices, stride());
  }
  std::size_t find_exact_minimum(std::size_t row, const double* prices, double minimum) const {
    std::size_t column = 0;
    while (column + 1 < columns && (*this)(row, column) - prices[column] != minimum) ++column;
    return column;
  }
  // The first row with cost(row, column) - prices[row] == minimum.
  std::size_t find_in_column(std::size_t column, const double* prices, double minimum) const {
    std::size_t row = 0;
    while (row + 1 < rows && (*this)(row, column) - prices[row] != minimum) ++row;
    return row;
  }
  // For symmetric costs between the same points: min_j cost(row, j) - |potentials[j] - potentials[row]|, the least
  // slack of both directions. j starts at `row`, rounded down to a multiple of kPadding; earlier rows cover the rest.
  double exact_slack(std::size_t row, const double* potentials) const {
    const std::size_t first = row / simd::kPadding * simd::kPadding;  // aligned
    const double own = potentials[row];
    if (exact != nullptr)
      return kernels->exact_slack_double(exact + row * columns + first, potentials + first, own, columns - first);
    return kernels->exact_slack_single(rounded_row(row) + first, potentials + first, own, stride() - first);
  }
  // targets[j] = min(targets[j], cost(row, j) - price)
  void lower_exact(std::size_t row, double price, double* targets) const {
    if (exact != nullptr) return kernels->lower_double(exact + row * columns, price, targets, columns);
    kernels->lower_single(rounded_row(row), price, targets, columns);
  }
};

}  // namespace genmi::transport
