// The vector kernels of products with predictions: matrices of a few columns, one for each cluster, and as many rows as
// there are samples.
//
// Such a matrix is kept in panels of 16 rows: panel p holds [column][16], row 16 p + lane in lane. So vectors run along
// the samples, and no lane is lost whatever the number of clusters. Beyond the last row it is 0. What it is multiplied
// by comes in plain rows, padded with zeros to whole panels; a matrix in panels is one too, its row being a column of
// it that has 16 numbers in each panel.
#pragma once

#include <cstddef>

namespace genmi::simd {

// Rows to a panel.
inline constexpr std::size_t kPanel = 16;
// How many rows multiply_rows takes at a time.
inline constexpr std::size_t kProductRows = 4;

constexpr std::size_t panels_of(std::size_t rows) { return (rows + kPanel - 1) / kPanel; }
constexpr std::size_t panel_size(std::size_t rows, std::size_t columns) { return panels_of(rows) * kPanel * columns; }

// Consecutive panels are `step` numbers apart, which is 16 times the number of columns, or 16 in a plain row.
template <class T>
struct Panels {
  T* data;
  std::size_t step;
};

template <class T>
struct ProductKernels {
  // For how many columns the registers have room: the largest `width` below.
  std::size_t width;

  // out[c][r] += <rows[r], column c> over `count` panels of both, for kProductRows rows and `width` columns; out is in
  // a panel of results, where row 0 has its lane. Meanwhile fetches `ahead`, as many numbers of as many plain rows.
  void (*multiply_rows)(const T* const* rows, std::size_t row_step, Panels<const T> columns, std::size_t width,
                        std::size_t count, const T* const* ahead, T* out);

  // out[p][c] += sum_r columns[r][c] rows[r][p] for `count` panels p of the rows and `width` columns.
  void (*add_rows)(const T* const* rows, std::size_t row_step, std::size_t row_count, Panels<const T> columns,
                   std::size_t width, std::size_t count, Panels<T> out);
};

}  // namespace genmi::simd
