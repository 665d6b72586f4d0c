// Features of samples in the two forms that products take (objectives/panel_algebra.h), and their scores.
#pragma once

#include <cstddef>

#include "genmi/context.h"
#include "genmi/matrix.h"
#include "genmi/status.h"
#include "simd/panels.h"

namespace genmi::pairs {

// `count` vectors of `length` numbers, in panels twice: with a row for each vector, and with a row for each feature.
struct Features {
  std::size_t count, length;
  double *by_vector, *by_feature;

  Features(std::size_t count, std::size_t length, Workspace& workspace);

  void set(std::size_t vector, std::size_t feature, double number) {
    by_vector[simd::place_in_panels(vector, feature, length)] = number;
    by_feature[simd::place_in_panels(feature, vector, count)] = number;
  }
  double at(std::size_t vector, std::size_t feature) const {
    return by_vector[simd::place_in_panels(vector, feature, length)];
  }
};

Status check_finite(MatrixView<double> view, const char* argument, const Context& context);

// The inner products of all vectors of a with all of b, in panels with a row for each vector of a.
double* scores(const Features& a, const Features& b, const Context& context);

// From derivatives with respect to the scores of `count` vectors and b, those with respect to the vectors, in panels.
double* through_scores(const double* by_score, std::size_t count, const Features& b, const Context& context);

// A matrix in panels, rows x columns, with rows and columns exchanged.
double* transposed(const double* panels, std::size_t rows, std::size_t columns, const Context& context);

}  // namespace genmi::pairs
