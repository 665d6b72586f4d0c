// Matrices with a row for each sample and a column for each cluster, in panels (simd/panels.h), multiplied by
// each other and by small matrices.
#pragma once

#include <cstddef>

#include "genmi/context.h"

namespace genmi::objectives {

// kUpper: entries with row <= column, enough for a symmetric matrix; the others are 0.
enum class Entries { kUpper, kAll };

// out = A' B, K x K, for two such matrices. Sums over a few hundred samples are in T, and are added in float64.
template <class T>
void inner_products(const T* a, const T* b, std::size_t n, std::size_t k, const Context& context, double* out,
                    Entries entries = Entries::kUpper);

// out = A W, n x m, for an n x k matrix A and a k x m matrix W, all in panels. Rows beyond the last one of A count in
// no other row of the result.
template <class T>
void multiply_panels(const T* a, std::size_t n, std::size_t k, const T* w, std::size_t m, const Context& context,
                     T* out);

// out = A W for a K x K matrix W.
template <class T>
void multiply_clusters(const T* a, std::size_t n, std::size_t k, const double* w, const Context& context, T* out);

// Subtracts its mean from each column.
template <class T>
void centre_columns(T* a, std::size_t n, std::size_t k, const Context& context);

}  // namespace genmi::objectives
