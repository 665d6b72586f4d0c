// Products of whole matrices with predictions, which objectives ask affinities for. Rows may be stored, or made a few
// at a time. Results have the same bits for any number of threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "affinity/row_product.h"
#include "genmi/context.h"

namespace genmi::affinity {

// About how long it takes to multiply an n x m matrix with k columns.
constexpr double product_nanoseconds(std::size_t n, std::size_t m, std::size_t k) {
  return static_cast<double>(n * m * k) / 40;
}

// out = A V for a matrix A of n rows with `columns` columns. rows(first, count, slot) returns the addresses of some
// padded rows, at most kMostRows; they are read before the next call with this slot.
inline constexpr std::size_t kMostRows = 128;

template <class T, class SomeRows>
void multiply_rows(std::size_t n, std::size_t columns, const T* v, std::size_t k, const Context& context,
                   const SomeRows& rows, T* out) {
  const RowProduct<T> product(v, columns, k, context);
  context.for_each_range(n, kMostRows, product_nanoseconds(n, columns, k),
                         [&](std::size_t first, std::size_t count, std::size_t slot) {
                           if (!context.cancelled()) product.multiply(rows(first, count, slot), out + first * k);
                         });
}

// The same for a matrix in memory, given the address of each padded row.
template <class T>
void multiply_stored_rows(std::span<const T* const> rows, std::size_t columns, const T* v, std::size_t k,
                          const Context& context, T* out) {
  const auto some = [&](std::size_t first, std::size_t count, std::size_t) { return rows.subspan(first, count); };
  multiply_rows<T>(rows.size(), columns, v, k, context, some, out);
}

// out = A V for an n x n matrix A, whose padded rows follow each other in memory. Their padding becomes 0.
template <class T>
void multiply_square(T* entries, std::size_t n, const T* v, std::size_t k, const Context& context, T* out) {
  const std::size_t stride = simd::panel_size(n, 1);
  const std::span<const T*> rows = context.workspace.take<const T*>(n);
  for (std::size_t i = 0; i < n; ++i) {
    rows[i] = entries + i * stride;
    std::fill(entries + i * stride + n, entries + (i + 1) * stride, T{0});
  }
  multiply_stored_rows<T>(rows, n, v, k, context, out);
}

// out = A' V, in panels, for a matrix A as multiply_rows takes it.
template <class T, class SomeRows>
void multiply_transposed_rows(std::size_t n, std::size_t columns, const T* v, std::size_t k, const Context& context,
                              const SomeRows& rows, T* out) {
  constexpr std::size_t kRows = 64, kSmallestPart = 512, kMostParts = 8;
  const std::size_t size = simd::panel_size(columns, k);
  const Workspace::Frame frame(context.workspace);
  const RowProduct<T> product(v, n, k, context);
  // Each part of the rows has a sum of its own, to which blocks of kRows rows add theirs: short sums lose fewer digits.
  const std::size_t part = std::max(kSmallestPart, (n / kMostParts + kRows) / kRows * kRows);
  const std::size_t parts = (n + part - 1) / part;
  const std::span<T> sums = context.workspace.take_zeroed<T>(size * parts);
  context.for_each_range(
      n, part, product_nanoseconds(n, columns, k), [&](std::size_t first, std::size_t count, std::size_t slot) {
        if (context.cancelled()) return;
        T* sum = sums.data() + first / part * size;
        for (std::size_t at = first; at < first + count && !context.cancelled(); at += kRows)
          product.add_transposed(rows(at, std::min(kRows, first + count - at), slot), at, columns, sum);
      });
  std::copy_n(sums.data(), size, out);
  for (std::size_t p = 1; p < parts; ++p)
    for (std::size_t at = 0; at < size; ++at) out[at] += sums[p * size + at];
}

// The same for a matrix in memory, given the address of each padded row.
template <class T>
void multiply_transposed(std::span<const T* const> rows, std::size_t columns, const T* v, std::size_t k,
                         const Context& context, T* out) {
  const auto some = [&](std::size_t first, std::size_t count, std::size_t) { return rows.subspan(first, count); };
  multiply_transposed_rows<T>(rows.size(), columns, v, k, context, some, out);
}

// This many rows are made before they are multiplied.
constexpr std::size_t kMadeRows = 64;

// out = A V for an n x n matrix A, of which make(first, count, slot, rows, stride) makes some rows at a time.
// nanoseconds: about the time to make all rows.
template <class T, class Make>
void multiply_made_rows(std::size_t n, const T* v, std::size_t k, double nanoseconds, const Context& context,
                        const Make& make, T* out) {
  const std::size_t stride = simd::panel_size(n, 1);
  const RowProduct<T> product(v, n, k, context);
  const std::span<T> scratch = context.workspace.take_zeroed<T>(kMadeRows * stride * context.slots());
  context.for_each_range(n, kMadeRows, nanoseconds + product_nanoseconds(n, n, k),
                         [&](std::size_t first, std::size_t count, std::size_t slot) {
                           if (context.cancelled()) return;
                           T* made = scratch.data() + slot * kMadeRows * stride;
                           make(first, count, slot, made, stride);
                           const T* rows[kMadeRows];
                           for (std::size_t r = 0; r < count; ++r) rows[r] = made + r * stride;
                           product.multiply({rows, count}, out + first * k);
                         });
}

// out = A V for a symmetric matrix A in memory. The half right of the diagonal is read once, and serves both halves.
template <class T>
void multiply_symmetric(std::span<const T* const> rows, const T* v, std::size_t k, const Context& context, T* out);

// Whether multiply_symmetric is faster: the matrix exceeds the caches, and its product with few columns waits for
// memory.
template <class T>
constexpr bool worth_symmetry(std::size_t n, std::size_t k) {
  return k <= 32 && n * n * sizeof(T) >= 16'000'000;
}

}  // namespace genmi::affinity
