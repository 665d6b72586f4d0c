#include "affinity/feature_affinity.h"

#include <algorithm>
#include <cmath>

#include "affinity/products.h"
#include "simd/reductions.h"

namespace genmi::affinity {
namespace {

std::size_t rows_of(const AnyMatrix& matrix) {
  return std::visit([](const auto& view) { return view.rows; }, matrix);
}

std::size_t columns_of(const AnyMatrix& matrix) {
  return std::visit([](const auto& view) { return view.columns; }, matrix);
}

}  // namespace

template <class T>
FeatureAffinity<T>::FeatureAffinity(AnyMatrix features, const Measure& measure, const Coefficients& coefficients)
    : Affinity(rows_of(features), measure.kind, measure.metric),
      measure_(measure),
      coefficients_(coefficients),
      columns_(columns_of(features)),
      stride_(measure.traits.centres_features ? simd::panel_size(columns_, 1) : columns_),
      features_(size() * stride_) {
  if (measure.traits.centres_features) {
    centre(features);
  } else {
    std::visit(
        [this](const auto& view) {
          std::transform(view.data, view.data + size() * columns_, features_.begin(),
                         [](auto value) { return static_cast<T>(value); });
        },
        features);
  }
  if (!measure.traits.needs_norms) return;
  norms_.resize(size());
  for (std::size_t i = 0; i < size(); ++i) norms_[i] = std::sqrt(simd::inner(sample(i), sample(i), columns_));
}

template <class T>
void FeatureAffinity<T>::centre(AnyMatrix features) {
  std::vector<double> mean(columns_, 0.0);
  offsets_.assign(size(), 0.0);
  std::visit(
      [&](const auto& view) {
        for (std::size_t i = 0; i < size(); ++i) simd::add_scaled(1.0, view.row(i), columns_, mean.data());
        for (double& value : mean) value /= static_cast<double>(size());
        for (std::size_t i = 0; i < size(); ++i)
          for (std::size_t f = 0; f < columns_; ++f)
            features_[i * stride_ + f] = static_cast<T>(static_cast<double>(view(i, f)) - mean[f]);
      },
      features);
  const double square = simd::inner(mean.data(), mean.data(), columns_);
  for (std::size_t i = 0; i < size(); ++i) {
    double along = 0;
    for (std::size_t f = 0; f < columns_; ++f) along += mean[f] * static_cast<double>(sample(i)[f]);
    offsets_[i] = along + square / 2;
  }
}

template <class T>
std::size_t FeatureAffinity<T>::bytes() const {
  return features_.size() * sizeof(T) + (norms_.size() + offsets_.size()) * sizeof(double);
}

template <class T>
double FeatureAffinity<T>::reduced(std::size_t i, std::size_t j) const {
  switch (measure_.reduction) {
    case Reduction::kInner: return simd::inner(sample(i), sample(j), columns_);
    case Reduction::kSquaredEuclidean: return simd::squared_euclidean(sample(i), sample(j), columns_);
    case Reduction::kManhattan: return simd::manhattan(sample(i), sample(j), columns_);
    case Reduction::kChebyshev: return simd::chebyshev(sample(i), sample(j), columns_);
    case Reduction::kChiSquared: return simd::chi_squared(sample(i), sample(j), columns_);
  }
  return 0;
}

template <class T>
double FeatureAffinity<T>::centred_entry(std::size_t i, std::size_t j) const {
  // Rounding must not give a sample a distance to itself.
  if (i == j && kind() == Kind::kDistance) return 0;
  return measure_.finish(reduced(i, j), coefficients_, measure_.traits.needs_norms ? norms_[i] * norms_[j] : 0);
}

template <class T>
void FeatureAffinity<T>::entries(std::size_t i, Rows columns, double* out) const {
  for (std::size_t j = 0; j < columns.count; ++j)
    out[j] = centred_entry(i, columns[j]) + offset(i) + offset(columns[j]);
}

template <class T>
double FeatureAffinity<T>::product_operations(double n, double k) const {
  return is_linear() ? 2 * n * entry_operations() * k : Affinity::product_operations(n, k);
}

template <class T>
void FeatureAffinity<T>::centred_product(Rows rows, const T* v, std::size_t k, const Context& context, T* out) const {
  if (is_linear()) return linear_product(rows, v, k, context, out);
  Affinity::centred_product(rows, v, k, context, out);
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
