#include "affinity/feature_affinity.h"

#include <algorithm>

#include "affinity/landmarks.h"
#include "affinity/products.h"
#include "affinity/row_blocks.h"

namespace genmi::affinity {
namespace {

// A submatrix of more bytes is evaluated whole, mirror images included: its half would need memory of its own.
constexpr std::size_t kLargestCopy = std::size_t{1} << 26;

}  // namespace

template <class T>
void FeatureAffinity<T>::entries(std::size_t i, Rows columns, double* out) const {
  const auto row = static_cast<std::int32_t>(i);
  block({&row, 1}, columns, out, nullptr);
}

template <class T>
void FeatureAffinity<T>::block(Rows rows, Rows columns, double* out, const Job* job) const {
  constexpr std::size_t kColumns = 3 * simd::kFeaturePanel<T>;
  PackedSamples<T> some, others;
  AlignedVector<T> entries(std::min(rows.count + simd::kFeaturePanel<T>, kTileSize<T>) * kColumns);
  for (std::size_t row = 0; row < rows.count; row += kTileSize<T>) {
    const std::size_t end = std::min(rows.count, row + kTileSize<T>);
    pairwise_.pack(rows, row, end, some);
    for (std::size_t column = 0; column < columns.count && !is_cancelled(job); column += kColumns) {
      const std::size_t last = std::min(columns.count, column + kColumns);
      pairwise_.pack(columns, column, last, others);
      const std::size_t evaluated = (end - row + simd::kRowGroup - 1) / simd::kRowGroup * simd::kRowGroup;
      pairwise_.evaluate(some, 0, others, 0, {entries.data(), kColumns, evaluated, others.padded()});
      for (std::size_t i = row; i < end; ++i)
        for (std::size_t j = column; j < last; ++j)
          out[i * columns.count + j] =
              with_offsets(entries[(i - row) * kColumns + (j - column)], offset(rows[i]), offset(columns[j]));
    }
  }
}

template <class T>
void FeatureAffinity<T>::whole_rows(Rows rows, const Context& context, double* out) const {
  constexpr std::size_t kRows = kTileSize<T>;
  const auto evaluate_rows = [&](std::size_t begin, std::size_t count, std::size_t) {
    if (context.cancelled()) return;
    std::int32_t some[kRows];
    for (std::size_t i = 0; i < count; ++i) some[i] = static_cast<std::int32_t>(rows[begin + i]);
    block({some, count}, rows, out + begin * rows.count, context.job);
  };
  context.for_each_range(rows.count, kRows, entry_nanoseconds(rows.count * rows.count), evaluate_rows);
}

template <class T>
template <class S>
void FeatureAffinity<T>::evaluate(Rows rows, const Context& context, S* out, std::size_t out_stride) const {
  const Workspace::Frame frame(context.workspace);
  const std::size_t n = rows.count, stride = simd::panel_size(n, 1);
  const std::span<T> entries = context.workspace.take<T>(n * stride);
  Progress untold(nullptr, 1);
  pairwise_.fill(pairwise_.pack(rows, context), context, untold, entries.data(), stride);
  for_each_row(n, static_cast<double>(n * n), context, [&](std::size_t i, std::size_t) {
    const double own = offset(rows[i]);
    for (std::size_t j = 0; j < n; ++j)
      out[i * out_stride + j] = static_cast<S>(with_offsets(entries[i * stride + j], own, offset(rows[j])));
  });
}

template <class T>
void FeatureAffinity<T>::submatrix(Rows rows, const Context& context, double* out) const {
  if (rows.count * rows.count * sizeof(T) > kLargestCopy) return whole_rows(rows, context, out);
  evaluate(rows, context, out, rows.count);
}

template <class T>
void FeatureAffinity<T>::submatrix(Rows rows, const Context& context, float* out, std::size_t stride) const {
  if constexpr (sizeof(T) == sizeof(float)) {
    Progress untold(nullptr, 1);
    if (pairwise_.offsets().empty())
      return void(pairwise_.fill(pairwise_.pack(rows, context), context, untold, out, stride));
  }
  evaluate(rows, context, out, stride);
}

template <class T>
double FeatureAffinity<T>::product_operations(double n, double k) const {
  return is_linear() ? 2 * n * entry_operations() * k : CentredProduct::product_operations(n, k);
}

template <class T>
double FeatureAffinity<T>::product_bytes(double n) const {
  return is_linear() ? n * entry_operations() * sizeof(T) : CentredProduct::product_bytes(n);
}

template <class T>
void FeatureAffinity<T>::centred_product(Rows rows, const T* v, std::size_t k, const Context& context, T* out) const {
  if (is_linear()) return linear_product(rows, v, k, context, out);
  const Workspace::Frame frame(context.workspace);
  const std::size_t n = rows.count, stride = simd::panel_size(n, 1);
  if (n * stride * sizeof(T) > CentredProduct::kLargestFactor)
    return CentredProduct::centred_product(rows, v, k, context, out);
  PackedSamples<T> samples = pairwise_.pack(rows, context);
  if (sizeof(T) == sizeof(float)) take_out_offsets(pairwise_, kFewLandmarks, context, samples);
  const std::span<T> entries = context.workspace.take<T>(n * stride);
  Progress untold(nullptr, 1);
  pairwise_.fill(samples, context, untold, entries.data(), stride);
  multiply_square(entries.data(), n, v, k, context, out);
}

// The linear kernel never needs its N x N matrix: with S = X' V, its product X S costs O(N d k).
template <class T>
void FeatureAffinity<T>::linear_product(Rows rows, const T* v, std::size_t k, const Context& context, T* out) const {
  const Workspace::Frame frame(context.workspace);
  const std::size_t n = rows.count;
  const std::span<const T*> samples = context.workspace.take<const T*>(n);
  for (std::size_t i = 0; i < n; ++i) samples[i] = sample(rows[i]);
  const std::span<T> projected = context.workspace.take<T>(simd::panel_size(columns_, k));
  multiply_transposed<T>(samples, columns_, v, k, context, projected.data());
  multiply_stored_rows<T>(samples, columns_, projected.data(), k, context, out);
}

template class FeatureAffinity<float>;
template class FeatureAffinity<double>;

}  // namespace genmi::affinity
