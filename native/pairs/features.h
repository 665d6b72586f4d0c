// Features of samples in the two forms that products take (objectives/panel_algebra.h), and their scores.
#pragma once

#include <cstddef>

#include "genmi/context.h"
#include "genmi/matrix.h"
#include "genmi/status.h"
#include "pairs/losses.h"
#include "simd/panels.h"

namespace genmi::pairs {

// `count` vectors of `length` numbers, in panels twice: with a row for each vector, and with a row for each feature.
template <class T>
struct Features {
  std::size_t count, length;
  T *by_vector, *by_feature;

  Features(std::size_t count, std::size_t length, Workspace& workspace);

  void set(std::size_t vector, std::size_t feature, T number) {
    by_vector[simd::place_in_panels(vector, feature, length)] = number;
    by_feature[simd::place_in_panels(feature, vector, count)] = number;
  }
};

template <class T>
Status check_finite(MatrixView<T> view, const char* argument, const Context& context);

// The inner products of all vectors of a with all of b, in panels with a row for each vector of a.
template <class T>
T* scores(const Features<T>& a, const Features<T>& b, const Context& context);

// From derivatives with respect to the scores of `count` vectors and b, those with respect to the vectors, in panels.
template <class T>
T* through_scores(const T* by_score, std::size_t count, const Features<T>& b, const Context& context);

// Global features a, n x U, and local features b, n x (U P): feature u at location p is number u P + p.
struct ScoredViews {
  std::size_t n, units, locations;
  Features<double> whole, local;  // local: location p of sample i is vector i P + p
  double* scores = nullptr;

  explicit ScoredViews(const Call<double>& call);
  Status read(const Call<double>& call);
  // Writes dL/da and dL/db, from scores that are dL/ds over `factor`.
  Status write_gradients(const Call<double>& call, double factor) const;
};

}  // namespace genmi::pairs
