// Products of some rows with predictions.
#pragma once

#include <cstddef>
#include <span>

#include "genmi/context.h"
#include "simd/kernels.h"

namespace genmi::affinity {

// V, N x K in panels (simd/panels.h), made ready to be multiplied by many rows.
template <class T>
class RowProduct {
 public:
  // v, and the frame of the context's workspace, must outlive this object.
  RowProduct(const T* v, std::size_t n, std::size_t k, const Context& context);

  // out = rows V, in panels, for rows of N numbers with zeros to the end of a panel. A row's result is the sum of the
  // same terms in the same order beside any other rows.
  void multiply(std::span<const T* const> rows, T* out) const;
  // out += rows V, in panels, over the rows' numbers in panels [from, to): few enough to stay in a cache.
  void add(std::span<const T* const> rows, std::size_t from, std::size_t to, T* out) const;
  // How many panels stay in a cache.
  std::size_t panels_at_a_time() const;

  // out += rows' V(rows), in panels, for the samples from `first` on, which begins a panel. The rows have `columns`
  // numbers, and zeros to the end of a panel.
  void add_transposed(std::span<const T* const> rows, std::size_t first, std::size_t columns, T* out) const;

 private:
  // A group of columns that the registers hold.
  struct Group {
    std::size_t first, width;
  };
  Group group(std::size_t g) const;
  simd::Panels<const T> columns(const Group& group, std::size_t panel) const;
  void add_columns(std::span<const T* const> rows, std::size_t g, std::size_t from, std::size_t to, T* out) const;

  const simd::ProductKernels<T>& kernels_;
  std::size_t panels_, k_, groups_;
  const T* packed_;  // group by group, panel by panel
};

}  // namespace genmi::affinity
