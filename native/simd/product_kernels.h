// The vector kernels of products with matrices in panels (simd/panels.h), such as predictions and density ratios.
//
// The other factor comes in plain rows, padded with zeros to whole panels. Columns of a matrix in panels can be such
// rows too: each has 16 numbers in every panel.
#pragma once

#include <cstddef>

#include "simd/panels.h"

namespace genmi::simd {

// How many rows multiply_rows takes at a time.
inline constexpr std::size_t kProductRows = 4;

// Consecutive panels are `step` numbers apart: 16 times the number of columns; 16 in a plain row; 0 where every step
// reads the same panel.
template <class T>
struct Panels {
  T* data;
  std::size_t step;
};

template <class T>
struct ProductKernels {
  // The largest `width` below: the number of columns that registers have room for.
  std::size_t width;

  // out[c][r] += <rows[r], column c> over `count` panels of both, for kProductRows rows and `width` columns. out points
  // into a panel of results, at the lane of row 0. Meanwhile the kernel prefetches the plain rows `ahead`, of the same
  // number and length.
  void (*multiply_rows)(const T* const* rows, std::size_t row_step, Panels<const T> columns, std::size_t width,
                        std::size_t count, const T* const* ahead, T* out);

  // out[p][c] += sum_r columns[r][c] rows[r][p] for `count` panels p of the rows and `width` columns.
  void (*add_rows)(const T* const* rows, std::size_t row_step, std::size_t row_count, Panels<const T> columns,
                   std::size_t width, std::size_t count, Panels<T> out);

  // <a, b> for one column of `count` panels each, in float64.
  double (*dot)(Panels<const T> a, Panels<const T> b, std::size_t count);
};

}  // namespace genmi::simd
