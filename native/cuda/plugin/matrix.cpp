#include "cuda/plugin/matrix.h"

#include <cstring>
#include <utility>

#include "cuda/affinity/products.h"

namespace genmi::cuda {
namespace {

std::size_t bytes_of(std::size_t n, std::size_t columns, std::size_t width) {
  if (n == 0 || columns == 0 || n > ~std::size_t{0} / columns / width)
    throw Failed{"cudaMalloc", cudaErrorMemoryAllocation};
  return n * columns * width;
}

}  // namespace

Matrix::Matrix(std::shared_ptr<Device> device, std::size_t n, std::size_t columns, std::size_t width,
               std::optional<Gaussian> gaussian)
    : device_(std::move(device)),
      n_(n),
      columns_(columns),
      width_(width),
      gaussian_(gaussian),
      numbers_(device_->budget, bytes_of(n, columns, width)) {}

void Matrix::write(std::size_t first, std::size_t count, const void* rows) {
  const std::size_t row = columns_ * width_;
  upload(*device_, numbers_.data() + first * row, rows, count * row);
}

template <class T>
void Matrix::launch_product(const std::int32_t* rows, std::size_t count, const char* v, std::size_t k,
                            char* out) const {
  cudaStream_t stream = device_->stream.get();
  const Product<T> product{rows, count, reinterpret_cast<const T*>(v), k, reinterpret_cast<T*>(out)};
  const auto* const numbers = reinterpret_cast<const T*>(numbers_.data());
  if (!gaussian_) return check("multiply_stored", multiply_stored(numbers, n_, product, stream));
  const auto gamma = static_cast<T>(gaussian_->gamma), constant = static_cast<T>(gaussian_->constant);
  check("multiply_rbf", multiply_rbf(numbers, columns_, gamma, constant, product, stream));
}

// In both memories: the row numbers, V, and the product.
void Matrix::multiply(const std::int32_t* rows, std::size_t count, const void* v, std::size_t k, void* out) const {
  if (count == 0 || k == 0) return;
  const std::size_t row_bytes = rows == nullptr ? 0 : count * sizeof(std::int32_t);
  const std::size_t v_bytes = count * k * width_;
  const std::size_t v_at = aligned(row_bytes), out_at = v_at + aligned(v_bytes), all = out_at + v_bytes;
  device_->reserve(all, all);
  char* const pinned = device_->pinned.data();
  char* const scratch = device_->scratch.data();
  if (rows != nullptr) std::memcpy(pinned, rows, row_bytes);
  std::memcpy(pinned + v_at, v, v_bytes);
  perform(*device_, [&](auto& stream) {
    stream.copy(scratch, pinned, v_at + v_bytes, cudaMemcpyHostToDevice);
    const auto* const numbers = rows == nullptr ? nullptr : reinterpret_cast<const std::int32_t*>(scratch);
    if (width_ == sizeof(float)) launch_product<float>(numbers, count, scratch + v_at, k, scratch + out_at);
    else launch_product<double>(numbers, count, scratch + v_at, k, scratch + out_at);
    stream.copy(pinned + out_at, scratch + out_at, v_bytes, cudaMemcpyDeviceToHost);
  });
  std::memcpy(out, pinned + out_at, v_bytes);
}

}  // namespace genmi::cuda
