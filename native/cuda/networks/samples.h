// The samples of a step on a device. All pointers are to memory of the device; matrices are row-major. Each function
// returns an error of its launch.
#pragma once

#include <cstddef>
#include <cstdint>

#include "device.h"

namespace genmi::cuda {

// out = n rows of a matrix with `columns` columns.
template <class T>
cudaError_t gather(const T* matrix, std::size_t columns, const std::int32_t* rows, std::size_t n, T* out,
                   cudaStream_t stream);

// out = x + scale direction, for count numbers.
template <class T>
cudaError_t move(const T* x, T scale, const T* direction, std::size_t count, T* out, cudaStream_t stream);

}  // namespace genmi::cuda
