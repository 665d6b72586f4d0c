// Products of an affinity's rows with predictions, for rows that are stored or evaluated a few at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "affinity/row_blocks.h"
#include "genmi/context.h"
#include "genmi/workspace.h"
#include "simd/kernels.h"

namespace genmi::affinity {

// V, N x K in panels (simd/product_kernels.h), made ready to be multiplied by many rows.
template <class T>
class RowProduct {
 public:
  // Both views last as long as the product.
  RowProduct(const T* v, std::size_t n, std::size_t k, Workspace& workspace);

  // The panels of out = rows V, for rows of N numbers and zeros to the end of a panel. Every number of the result is
  // the sum of the same terms in the same order, whatever the other rows are.
  void multiply(std::span<const T* const> rows, T* out) const;

  // The panels of out += rows' V(rows), for the samples from `first` (which begins a panel) on, and rows of `columns`
  // numbers and zeros to the end of a panel.
  void add_transposed(std::span<const T* const> rows, std::size_t first, std::size_t columns, T* out) const;

 private:
  // Columns go together in groups that the registers hold.
  struct Group {
    std::size_t first, width;
  };
  Group group(std::size_t g) const;
  simd::Panels<const T> columns(const Group& group, std::size_t panel) const;
  void multiply_columns(std::span<const T* const> rows, std::size_t g, std::size_t from, std::size_t to, T* out) const;

  const simd::ProductKernels<T>& kernels_;
  std::size_t panels_, k_, groups_;
  const T* packed_;  // group by group, panel by panel
};

// Below this many multiplications in vectors, about a tenth of a millisecond, a second thread costs more than it
// brings.
constexpr std::size_t kParallelProducts = 8'000'000;

// Calls block(first, count, slot) for all rows, some panels at a time: the same for any number of threads.
template <class Block>
void for_each_product_block(std::size_t rows, std::size_t rows_per_block, bool worth_threads, const Context& context,
                            const Block& block) {
  const auto task = [&](std::size_t index, std::size_t slot) {
    if (context.cancelled()) return;
    const std::size_t first = index * rows_per_block;
    block(first, std::min(rows_per_block, rows - first), slot);
  };
  const std::size_t blocks = (rows + rows_per_block - 1) / rows_per_block;
  if (worth_threads) return context.for_each(blocks, task);
  for (std::size_t index = 0; index < blocks; ++index) task(index, 0);
}

// out = A V for a matrix A in memory, by the address of each of its padded rows, of as many columns as V has rows.
template <class T>
void multiply_stored_rows(std::span<const T* const> rows, std::size_t columns, const T* v, std::size_t k,
                          const Context& context, T* out) {
  constexpr std::size_t kRows = 128;
  const RowProduct<T> product(v, columns, k, context.workspace);
  for_each_product_block(rows.size(), kRows, rows.size() * columns * k >= kParallelProducts, context,
                         [&](std::size_t first, std::size_t count, std::size_t) {
                           product.multiply(rows.subspan(first, count), out + first * k);
                         });
}

// out = A' V, in panels, for such a matrix.
template <class T>
void multiply_transposed(std::span<const T* const> rows, std::size_t columns, const T* v, std::size_t k,
                         const Context& context, T* out) {
  constexpr std::size_t kRows = 64, kSmallestPart = 512, kMostParts = 8;
  const std::size_t n = rows.size(), size = simd::panel_size(columns, k);
  const Workspace::Frame frame(context.workspace);
  const RowProduct<T> product(v, n, k, context.workspace);
  // Each part has a sum of its own, to which blocks add theirs: short sums lose fewer digits.
  const std::size_t part = std::max(kSmallestPart, (n / kMostParts + kRows) / kRows * kRows);
  const std::size_t parts = (n + part - 1) / part;
  const std::span<T> sums = context.workspace.take_zeroed<T>(size * parts);
  for_each_product_block(
      n, part, n * columns * k >= kParallelProducts, context, [&](std::size_t first, std::size_t count, std::size_t) {
        T* sum = sums.data() + first / part * size;
        for (std::size_t at = first; at < first + count; at += kRows)
          product.add_transposed(rows.subspan(at, std::min(kRows, first + count - at)), at, columns, sum);
      });
  std::copy_n(sums.data(), size, out);
  for (std::size_t p = 1; p < parts; ++p)
    for (std::size_t at = 0; at < size; ++at) out[at] += sums[p * size + at];
}

// The same for a matrix of which make(i, slot, row) makes row i, with about row_operations operations.
template <class T, class Make>
void multiply_made_rows(std::size_t n, const T* v, std::size_t k, std::size_t row_operations, const Context& context,
                        const Make& make, T* out) {
  constexpr std::size_t kRows = 32;
  const std::size_t stride = simd::panel_size(n, 1);
  const RowProduct<T> product(v, n, k, context.workspace);
  const std::span<T> scratch = context.workspace.take_zeroed<T>(kRows * stride * context.slots());
  const bool worth_threads = n * row_operations >= kParallelOperations || n * n * k >= kParallelProducts;
  for_each_product_block(n, kRows, worth_threads, context, [&](std::size_t first, std::size_t count, std::size_t slot) {
    const T* rows[kRows];
    for (std::size_t r = 0; r < count; ++r) {
      T* row = scratch.data() + (slot * kRows + r) * stride;
      make(first + r, slot, row);
      rows[r] = row;
    }
    product.multiply({rows, count}, out + first * k);
  });
}

}  // namespace genmi::affinity
