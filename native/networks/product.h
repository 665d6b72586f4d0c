// Products of two matrices, tile by tile, on the kernels and panels of pairwise affinities (simd/pairwise_kernels.h).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "genmi/context.h"
#include "genmi/matrix.h"
#include "simd/kernels.h"

namespace genmi::networks {

// `count` vectors of the same length in panels: panel p is an array [position][kFeaturePanel] with vector
// kFeaturePanel p + lane in each lane. Lanes beyond the last vector are 0.
template <class T>
struct Panels {
  const T* data = nullptr;
  std::size_t count = 0;
};

template <class T>
constexpr std::size_t padded(std::size_t count) {
  constexpr std::size_t kPanel = simd::kFeaturePanel<T>;
  return (count + kPanel - 1) / kPanel * kPanel;
}

// Copies the numbers of all lanes. (memcpy is compiled into vector moves for a constant size, std::copy_n is not.)
template <class T>
void copy_panel_row(const T* from, T* to) {
  std::memcpy(to, from, simd::kFeaturePanel<T> * sizeof(T));
}

// Copies the part of a tile that lies within a matrix of `rows` x `columns` numbers.
template <class T>
void copy_tile(const simd::Tile<T>& tile, std::size_t row, std::size_t column, std::size_t rows, std::size_t columns,
               T* matrix) {
  constexpr std::size_t kPanel = simd::kFeaturePanel<T>;
  const std::size_t height = std::min(tile.rows, rows - row), width = std::min(tile.columns, columns - column);
  for (std::size_t i = 0; i < height; ++i) {
    const T* const from = tile.entries + i * tile.stride;
    T* const to = matrix + (row + i) * columns + column;
    std::size_t j = 0;
    for (; j + kPanel <= width; j += kPanel) copy_panel_row(from + j, to + j);
    for (; j < width; ++j) to[j] = from[j];
  }
}

// The rows of a matrix, or its columns, as vectors in panels. They live until the workspace's frame ends.
template <class T>
Panels<T> rows_in_panels(MatrixView<T> matrix, const Context& context);
template <class T>
Panels<T> columns_in_panels(MatrixView<T> matrix, const Context& context);

// About how long a product of n x d by d x h takes.
constexpr double product_nanoseconds(std::size_t n, std::size_t d, std::size_t h) {
  return static_cast<double>(n * d * h) / 20;
}

// The columns of a tile.
template <class T>
inline constexpr std::size_t kTileColumns = 6 * simd::kFeaturePanel<T>;

// Makes the inner products of all rows with all columns, vectors of `length` numbers, in tiles. finish(tile, row,
// column) takes each tile, whose first entry is that of `row` and `column`; beyond the last row and column tiles are 0.
// An entry has the same bits for any number of threads, and beside any other rows and columns.
template <class T, class FinishTile>
void multiply(Panels<T> rows, Panels<T> columns, std::size_t length, const Context& context, const FinishTile& finish) {
  constexpr std::size_t kRows = 64, kColumns = kTileColumns<T>;
  const std::size_t down = (rows.count + kRows - 1) / kRows, across = (columns.count + kColumns - 1) / kColumns;
  const Workspace::Frame frame(context.workspace);
  T* const scratch = context.workspace.take<T>(context.slots() * kRows * kColumns).data();
  const auto inner = context.kernels.pairwise<T>().reduce[static_cast<std::size_t>(simd::Reduction::kInner)];
  // Tiles below each other come one after the other: their columns stay in a cache.
  const auto make = [&](std::size_t index, std::size_t, std::size_t slot) {
    const std::size_t row = index % down * kRows, column = index / down * kColumns;
    const simd::Tile<T> tile{scratch + slot * kRows * kColumns, kColumns, std::min(kRows, padded<T>(rows.count) - row),
                             std::min(kColumns, padded<T>(columns.count) - column)};
    inner({rows.data + row * length, columns.data + column * length, length, 0, length}, tile);
    finish(tile, row, column);
  };
  context.for_each_range(down * across, 1, product_nanoseconds(rows.count, length, columns.count), make);
}

}  // namespace genmi::networks
