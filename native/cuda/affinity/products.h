// Products of an affinity on a device with the density ratios of a batch: maximum mean discrepancy and energy distance
// are made of them (native/affinity/centred_product.h). All pointers are to memory of the device.
#pragma once

#include <cstddef>
#include <cstdint>

#include "device.h"

namespace genmi::cuda {

// out = A(rows, rows) V, for an N x N affinity A and n rows of it.
template <class T>
struct Product {
  const std::int32_t* rows;  // null: the first n
  std::size_t n;
  const T* v;  // n x k, row-major
  std::size_t k;
  T* out;  // n x k
};

// Each returns an error of its launch.
// entries: N x N, row-major, `stride` numbers from row to row.
template <class T>
cudaError_t multiply_stored(const T* entries, std::size_t stride, const Product<T>& product, cudaStream_t stream);

// Entries are made of features, N x d, tile by tile, and never stored.
template <class T>
cudaError_t multiply_linear(const T* features, std::size_t d, const Product<T>& product, cudaStream_t stream);
// exp(-gamma |x - y|^2) - constant, from differences: near samples keep their digits. A constant near most entries
// keeps the digits of their differences, where the columns of V sum to 0.
template <class T>
cudaError_t multiply_rbf(const T* features, std::size_t d, T gamma, T constant, const Product<T>& product,
                         cudaStream_t stream);

}  // namespace genmi::cuda
