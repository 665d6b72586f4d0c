#include "affinity/dense_affinity.h"

#include <algorithm>

#include "affinity/row_blocks.h"
#include "simd/reductions.h"

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

template <class T>
void DenseAffinity<T>::centred_product(Rows rows, const double* v, std::size_t k, const Context& context,
                                       double* out) const {
  for_each_row_block(rows.count, rows.count * k, context, [&](std::size_t i, std::size_t) {
    const T* row = matrix_.row(rows[i]);
    double* target = out + i * k;
    std::fill(target, target + k, 0.0);
    for (std::size_t j = 0; j < rows.count; ++j)
      simd::add_scaled(static_cast<double>(row[rows[j]]), v + j * k, k, target);
  });
}

template class DenseAffinity<float>;
template class DenseAffinity<double>;

}  // namespace genmi::affinity
