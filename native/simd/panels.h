// Matrices with a row for each sample and a few columns, one for each cluster, in panels of 16 rows: panel p holds
// [column][16], row 16 p + lane in lane. So vectors run along the samples, and no lane is lost whatever the number of
// clusters. Beyond the last row a panel is 0, but that of predictions has copies of the last sample there.
#pragma once

#include <cstddef>

namespace genmi::simd {

// Rows to a panel.
inline constexpr std::size_t kPanel = 16;

constexpr std::size_t panels_of(std::size_t rows) { return (rows + kPanel - 1) / kPanel; }
// Where the number of a row and a column is, of so many columns.
constexpr std::size_t place_in_panels(std::size_t row, std::size_t column, std::size_t columns) {
  return (row / kPanel * columns + column) * kPanel + row % kPanel;
}
constexpr std::size_t panel_size(std::size_t rows, std::size_t columns) { return panels_of(rows) * kPanel * columns; }

}  // namespace genmi::simd
