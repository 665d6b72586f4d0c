#include "affinity/row_product.h"

#include <algorithm>
#include <array>

namespace genmi::affinity {
namespace {

using simd::kPanel;
using simd::kProductRows;

// This many bytes of every row are multiplied at a time. A group of columns then stays in the fastest cache, beside
// these rows and the next ones.
constexpr std::size_t kRowBytes = 2048;

}  // namespace

template <class T>
RowProduct<T>::RowProduct(const T* v, std::size_t n, std::size_t k, const Context& context)
    : kernels_(context.kernels.product<T>()),
      panels_(simd::panels_of(n)),
      k_(k),
      groups_((k + kernels_.width - 1) / kernels_.width),
      packed_(v) {
  if (groups_ == 1) return;
  T* packed = context.workspace.take<T>(simd::panel_size(n, k)).data();
  packed_ = packed;
  for (std::size_t g = 0; g < groups_; ++g) {
    const auto [first, width] = group(g);
    for (std::size_t p = 0; p < panels_; ++p)
      packed = std::copy_n(v + (p * k_ + first) * kPanel, width * kPanel, packed);
  }
}

template <class T>
typename RowProduct<T>::Group RowProduct<T>::group(std::size_t g) const {
  const std::size_t first = g * k_ / groups_;
  return {first, (g + 1) * k_ / groups_ - first};
}

template <class T>
simd::Panels<const T> RowProduct<T>::columns(const Group& group, std::size_t panel) const {
  return {packed_ + (group.first * panels_ + group.width * panel) * kPanel, group.width * kPanel};
}

template <class T>
std::size_t RowProduct<T>::panels_at_a_time() const {
  return kRowBytes / (kPanel * sizeof(T));
}

template <class T>
void RowProduct<T>::multiply(std::span<const T* const> rows, T* out) const {
  std::fill_n(out, simd::panel_size(rows.size(), k_), T{0});
  const std::size_t most = panels_at_a_time(), blocks = (panels_ + most - 1) / most;
  for (std::size_t block = 0; block < blocks; ++block)
    add(rows, block * panels_ / blocks, (block + 1) * panels_ / blocks, out);
}

template <class T>
void RowProduct<T>::add(std::span<const T* const> rows, std::size_t from, std::size_t to, T* out) const {
  for (std::size_t g = 0; g < groups_; ++g) add_columns(rows, g, from, to, out);
  // Lanes beyond the last row hold products of the last row once more: they become 0.
  const std::size_t lanes = rows.size() % kPanel;
  if (lanes == 0) return;
  T* last = out + rows.size() / kPanel * kPanel * k_;
  for (std::size_t c = 0; c < k_; ++c) std::fill(last + c * kPanel + lanes, last + (c + 1) * kPanel, T{0});
}

// add() for one group of columns.
template <class T>
void RowProduct<T>::add_columns(std::span<const T* const> rows, std::size_t g, std::size_t from, std::size_t to,
                                T* out) const {
  const Group these = group(g);
  const auto four_from = [&](std::size_t first) {
    std::array<const T*, kProductRows> four;
    for (std::size_t r = 0; r < kProductRows; ++r) four[r] = rows[std::min(first + r, rows.size() - 1)] + from * kPanel;
    return four;
  };
  for (std::size_t i = 0; i < rows.size(); i += kProductRows) {
    const auto four = four_from(i), ahead = four_from(i + kProductRows);
    T* results = out + (i / kPanel * k_ + these.first) * kPanel + i % kPanel;
    kernels_.multiply_rows(four.data(), kPanel, columns(these, from), these.width, to - from, ahead.data(), results);
  }
}

template <class T>
void RowProduct<T>::add_transposed(std::span<const T* const> rows, std::size_t first, std::size_t columns_of_rows,
                                   T* out) const {
  const std::size_t panels = simd::panels_of(columns_of_rows);
  for (std::size_t g = 0; g < groups_; ++g) {
    const Group these = group(g);
    kernels_.add_rows(rows.data(), kPanel, rows.size(), columns(these, first / kPanel), these.width, panels,
                      {out + these.first * kPanel, k_ * kPanel});
  }
}

template class RowProduct<float>;
template class RowProduct<double>;

}  // namespace genmi::affinity
