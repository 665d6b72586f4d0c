// Matrices with a row for each sample and a column for each cluster, in panels of 16 rows. Panel p is an array
// [column][16] with row 16 p + lane in each lane. Vectors run along the samples, so that no lane is lost for any number
// of clusters. Beyond the last row, panels have zeros; panels of predictions have copies of the last sample.
#pragma once

#include <cstddef>

namespace genmi::simd {

// Rows to a panel.
inline constexpr std::size_t kPanel = 16;

constexpr std::size_t panels_of(std::size_t rows) { return (rows + kPanel - 1) / kPanel; }
// The index of the number at a row and a column, in a matrix of `columns` columns.
constexpr std::size_t place_in_panels(std::size_t row, std::size_t column, std::size_t columns) {
  return (row / kPanel * columns + column) * kPanel + row % kPanel;
}
constexpr std::size_t panel_size(std::size_t rows, std::size_t columns) { return panels_of(rows) * kPanel * columns; }

}  // namespace genmi::simd
