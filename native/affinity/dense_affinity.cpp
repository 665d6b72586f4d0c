#include "affinity/dense_affinity.h"

#include <algorithm>

#include "affinity/products.h"
#include "affinity/row_blocks.h"

namespace genmi::affinity {

template <class T>
void DenseAffinity<T>::entries(std::size_t i, Rows columns, double* out) const {
  const T* row = matrix_.row(i);
  if (offsets_.empty()) {
    for (std::size_t j = 0; j < columns.count; ++j) out[j] = static_cast<double>(row[columns[j]]);
    return;
  }
  for (std::size_t j = 0; j < columns.count; ++j)
    out[j] = static_cast<double>(row[columns[j]]) + offsets_[i] + offsets_[columns[j]];
}

template <class T>
void DenseAffinity<T>::submatrix(Rows rows, const Context& context, float* out, std::size_t stride) const {
  if (sizeof(T) > sizeof(float) || !offsets_.empty()) return Affinity::submatrix(rows, context, out, stride);
  for_each_row_block(rows.count, row_operations(rows.count) / 2, context, [&](std::size_t i, std::size_t) {
    const T* row = matrix_.row(rows[i]);
    for (std::size_t j = 0; j <= i; ++j) out[i * stride + j] = out[j * stride + i] = static_cast<float>(row[rows[j]]);
  });
}

// A mini-batch is gathered, a few rows at a time.
template <class T>
void DenseAffinity<T>::centred_product(Rows rows, const T* v, std::size_t k, const Context& context, T* out) const {
  const Workspace::Frame frame(context.workspace);
  if (rows.index == nullptr && rows.count == size()) {
    const std::span<const T*> addresses = context.workspace.take<const T*>(rows.count);
    for (std::size_t i = 0; i < rows.count; ++i) addresses[i] = matrix_.row(i);
    if (worth_symmetry<T>(rows.count, k)) return multiply_symmetric<T>(addresses, v, k, context, out);
    return multiply_stored_rows<T>(addresses, rows.count, v, k, context, out);
  }
  multiply_made_rows<T>(
      rows.count, v, k, rows.count, context,
      [&](std::size_t first, std::size_t count, std::size_t, T* made, std::size_t stride) {
        for (std::size_t r = 0; r < count; ++r) {
          const T* stored = matrix_.row(rows[first + r]);
          for (std::size_t j = 0; j < rows.count; ++j) made[r * stride + j] = stored[rows[j]];
        }
      },
      out);
}

template class DenseAffinity<float>;
template class DenseAffinity<double>;

}  // namespace genmi::affinity
