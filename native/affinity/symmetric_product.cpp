// The product of a symmetric matrix with predictions from half of the matrix.
#include <array>
#include <cmath>

#include "affinity/products.h"

namespace genmi::affinity {
namespace {

using simd::kPanel;

// This many rows are multiplied together: a piece of them stays in the second cache for its second use.
constexpr std::size_t kRows = 128;
// Each part of the triangle adds up a result of its own, from its first row on. More parts cost more than they bring.
constexpr std::size_t kParts = 4;

// The first row of part p, a multiple of kRows: the parts of the triangle have about the same area.
std::size_t part_begin(std::size_t n, std::size_t p) {
  if (p == kParts) return n;
  const double share = 1 - std::sqrt(1 - static_cast<double>(p) / kParts);
  return static_cast<std::size_t>(share * static_cast<double>(n)) / kRows * kRows;
}

// Adds the products of rows [first, first + rows.size()), from the diagonal on, and of their mirror images to sums,
// whose first row is `origin`. The square on the diagonal counts once, entries right of it as rows and as columns.
template <class T>
void add_strip(const RowProduct<T>& product, std::span<const T* const> rows, std::size_t first, std::size_t n,
               std::size_t k, std::size_t origin, T* sums) {
  const std::size_t end_of_square = simd::panels_of(first + rows.size()), end = simd::panels_of(n);
  T* out = sums + (first - origin) * k;
  product.add(rows, first / kPanel, end_of_square, out);
  std::size_t to = 0;
  for (std::size_t from = end_of_square; from < end; from = to) {
    to = std::min(end, from + product.panels_at_a_time());
    product.add(rows, from, to, out);
    std::array<const T*, kRows> mirrored;
    for (std::size_t r = 0; r < rows.size(); ++r) mirrored[r] = rows[r] + from * kPanel;
    product.add_transposed({mirrored.data(), rows.size()}, first, (to - from) * kPanel,
                           sums + (from * kPanel - origin) * k);
  }
}

}  // namespace

template <class T>
void multiply_symmetric(std::span<const T* const> rows, const T* v, std::size_t k, const Context& context, T* out) {
  const std::size_t n = rows.size();
  const Workspace::Frame frame(context.workspace);
  const RowProduct<T> product(v, n, k, context);
  std::array<std::span<T>, kParts> sums;
  for (std::size_t p = 0; p < kParts; ++p)
    sums[p] = context.workspace.take_zeroed<T>(simd::panel_size(n - part_begin(n, p), k));
  const auto add_part = [&](std::size_t p, std::size_t, std::size_t) {
    const std::size_t begin = part_begin(n, p), end = part_begin(n, p + 1);
    for (std::size_t first = begin; first < end && !context.cancelled(); first += kRows)
      add_strip(product, rows.subspan(first, std::min(kRows, end - first)), first, n, k, begin, sums[p].data());
  };
  context.for_each_range(kParts, 1, product_nanoseconds(n, n, k), add_part);
  std::copy(sums[0].begin(), sums[0].end(), out);
  for (std::size_t p = 1; p < kParts; ++p)
    for (std::size_t at = 0; at < sums[p].size(); ++at) out[part_begin(n, p) * k + at] += sums[p][at];
}

template void multiply_symmetric(std::span<const float* const>, const float*, std::size_t, const Context&, float*);
template void multiply_symmetric(std::span<const double* const>, const double*, std::size_t, const Context&, double*);

}  // namespace genmi::affinity
