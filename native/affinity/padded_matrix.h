// A square matrix whose rows vector kernels can read to the end in whole bundles (simd/vectors.inl).
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>

#include "affinity/pages.h"

namespace genmi::affinity {

// N x N entries, 0 at first; the padding of the rows stays 0.
template <class T>
class PaddedMatrix {
 public:
  // Rows begin at multiples of this many entries: 128 bytes, a bundle.
  static constexpr std::size_t kPadding = 128 / sizeof(T);

  explicit PaddedMatrix(std::size_t size)
      : size_(size),
        stride_((size + kPadding - 1) / kPadding * kPadding),
        entries_(static_cast<T*>(take_pages(bytes())), Free{bytes()}) {}

  std::size_t size() const { return size_; }
  std::size_t stride() const { return stride_; }
  std::size_t bytes() const { return std::max<std::size_t>(1, size_ * stride_ * sizeof(T)); }
  T* row(std::size_t i) { return entries_.get() + i * stride_; }
  const T* row(std::size_t i) const { return entries_.get() + i * stride_; }

 private:
  struct Free {
    std::size_t bytes;
    void operator()(T* entries) const { give_back_pages(entries, bytes); }
  };

  std::size_t size_, stride_;
  std::unique_ptr<T[], Free> entries_;
};

}  // namespace genmi::affinity
