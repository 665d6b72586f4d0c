#include "affinity/dense_affinity.h"

#include <algorithm>

#include "affinity/gather.h"
#include "affinity/products.h"

namespace genmi::affinity {
namespace {

template <class S>
struct AsStored {
  template <class T>
  S operator()(T stored, std::size_t, std::size_t) const {
    return static_cast<S>(stored);
  }
};

}  // namespace

template <class T>
void DenseAffinity<T>::entries(std::size_t i, Rows columns, double* out) const {
  const T* row = matrix_.row(i);
  if (offsets_.empty()) {
    for (std::size_t j = 0; j < columns.count; ++j) out[j] = static_cast<double>(row[columns[j]]);
    return;
  }
  for (std::size_t j = 0; j < columns.count; ++j) out[j] = with_offsets(row[columns[j]], i, columns[j]);
}

template <class T>
template <class S>
void DenseAffinity<T>::gather(Rows rows, const Context& context, S* out, std::size_t stride) const {
  if (offsets_.empty()) return gather_symmetric(matrix_, rows, context, AsStored<S>(), out, stride);
  const auto entry = [&](T stored, std::size_t i, std::size_t j) { return static_cast<S>(with_offsets(stored, i, j)); };
  gather_symmetric(matrix_, rows, context, entry, out, stride);
}

template <class T>
void DenseAffinity<T>::submatrix(Rows rows, const Context& context, double* out) const {
  gather(rows, context, out, rows.count);
}

template <class T>
void DenseAffinity<T>::submatrix(Rows rows, const Context& context, float* out, std::size_t stride) const {
  gather(rows, context, out, stride);
}

template <class T>
void DenseAffinity<T>::centred_product(Rows rows, const T* v, std::size_t k, const Context& context, T* out) const {
  if (rows.index != nullptr || rows.count != size()) return batch_product(rows, v, k, context, out);
  const Workspace::Frame frame(context.workspace);
  const std::span<const T*> addresses = context.workspace.take<const T*>(rows.count);
  for (std::size_t i = 0; i < rows.count; ++i) addresses[i] = matrix_.row(i);
  if (worth_symmetry<T>(rows.count, k)) return multiply_symmetric<T>(addresses, v, k, context, out);
  multiply_stored_rows<T>(addresses, rows.count, v, k, context, out);
}

// Gathers the entries of a mini-batch, a few rows at a time where they are large.
template <class T>
void DenseAffinity<T>::batch_product(Rows rows, const T* v, std::size_t k, const Context& context, T* out) const {
  const Workspace::Frame frame(context.workspace);
  const std::size_t n = rows.count, stride = simd::panel_size(n, 1);
  if (n * stride * sizeof(T) > CentredProduct::kLargestFactor) {
    return multiply_made_rows<T>(
        n, v, k, static_cast<double>(n * n), context,
        [&](std::size_t first, std::size_t count, std::size_t, T* made, std::size_t made_stride) {
          for (std::size_t r = 0; r < count; ++r) {
            const T* stored = matrix_.row(rows[first + r]);
            for (std::size_t j = 0; j < n; ++j) made[r * made_stride + j] = stored[rows[j]];
          }
        },
        out);
  }
  const std::span<T> copy = context.workspace.take<T>(n * stride);
  gather_symmetric(matrix_, rows, context, AsStored<T>(), copy.data(), stride);
  multiply_square(copy.data(), n, v, k, context, out);
}

template class DenseAffinity<float>;
template class DenseAffinity<double>;

}  // namespace genmi::affinity
