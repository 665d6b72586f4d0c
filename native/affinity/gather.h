// The entries between the samples of a mini-batch, from a symmetric matrix in memory that is larger than the caches.
#pragma once

#include <algorithm>
#include <cstddef>

#include "affinity/padded_matrix.h"
#include "affinity/row_blocks.h"
#include "genmi/affinity.h"

namespace genmi::affinity {

// This many rows are gathered together: one read of an index, and one cache line of the mirror image, serve all of
// them.
constexpr std::size_t kGatheredRows = 4;

// out(j, i + r) = out(i + r, j) = entry(...) for kRows rows from i on, and the columns up to the diagonal. Entries of
// the next rows are fetched meanwhile: a processor does not guess random addresses, and waits for few at a time.
template <std::size_t kRows, class S, class T, class Entry>
void gather_rows(const PaddedMatrix<S>& matrix, Rows rows, std::size_t i, const Entry& entry, T* out,
                 std::size_t stride) {
  const S *stored[kRows], *next[kRows];
  for (std::size_t r = 0; r < kRows; ++r) {
    stored[r] = matrix.row(rows[i + r]);
    next[r] = matrix.row(rows[std::min(i + kRows + r, rows.count - 1)]);
  }
  for (std::size_t j = 0; j < i + kRows; ++j) {
    const std::size_t column = rows[j];
    for (std::size_t r = 0; r < kRows; ++r) {
      __builtin_prefetch(next[r] + column);
      out[(i + r) * stride + j] = out[j * stride + i + r] = entry(stored[r][column], rows[i + r], column);
    }
  }
}

// out(a, b) = entry(matrix(rows[a], rows[b]), rows[a], rows[b]). One half is read, the other half is its copy.
template <class S, class T, class Entry>
void gather_symmetric(const PaddedMatrix<S>& matrix, Rows rows, const Context& context, const Entry& entry, T* out,
                      std::size_t stride) {
  const std::size_t n = rows.count;
  const auto groups = (n + kGatheredRows - 1) / kGatheredRows;
  for_each_row(groups, static_cast<double>(n * n), context, [&](std::size_t group, std::size_t) {
    const std::size_t i = group * kGatheredRows, end = std::min(n, i + kGatheredRows);
    if (end == i + kGatheredRows) return gather_rows<kGatheredRows>(matrix, rows, i, entry, out, stride);
    for (std::size_t last = i; last < end; ++last) gather_rows<1>(matrix, rows, last, entry, out, stride);
  });
}

}  // namespace genmi::affinity
