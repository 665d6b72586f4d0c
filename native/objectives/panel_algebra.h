// Matrices with a row for each sample and a column for each cluster, in panels (simd/panels.h), multiplied by
// each other and by small matrices.
#pragma once

#include <cstddef>

#include "genmi/context.h"

namespace genmi::objectives {

// out = A' B for two such matrices, K x K: for a <= b, which is all of it where it is symmetric. Terms are added in
// float64, but for those of a few hundred samples.
template <class T>
void inner_products(const T* a, const T* b, std::size_t n, std::size_t k, const Context& context, double* out);

// out = A W for a K x K matrix W.
template <class T>
void multiply_clusters(const T* a, std::size_t n, std::size_t k, const double* w, const Context& context, T* out);

// Takes each column's mean from it.
template <class T>
void centre_columns(T* a, std::size_t n, std::size_t k, const Context& context);

}  // namespace genmi::objectives
