#include "pairs/features.h"

#include <limits>

#include "objectives/panel_algebra.h"
#include "objectives/predictions.h"
#include "simd/kernels.h"

namespace genmi::pairs {

using simd::panel_size;
using simd::place_in_panels;

Features::Features(std::size_t vectors, std::size_t features, Workspace& workspace)
    : count(vectors),
      length(features),
      by_vector(workspace.take_zeroed<double>(panel_size(count, length)).data()),
      by_feature(workspace.take_zeroed<double>(panel_size(length, count)).data()) {}

Status check_finite(MatrixView<double> view, const char* argument, const Context& context) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  if (context.kernels.panel<double>().are_within(view.data, view.rows * view.columns, -kLargest, kLargest))
    return Status::ok();
  return not_finite(view, argument);
}

double* scores(const Features& a, const Features& b, const Context& context) {
  double* const out = context.workspace.take<double>(panel_size(a.count, b.count)).data();
  objectives::multiply_panels(a.by_vector, a.count, a.length, b.by_feature, b.count, context, out);
  return out;
}

double* through_scores(const double* by_score, std::size_t count, const Features& b, const Context& context) {
  double* const out = context.workspace.take<double>(panel_size(count, b.length)).data();
  objectives::multiply_panels(by_score, count, b.count, b.by_vector, b.length, context, out);
  return out;
}

double* transposed(const double* panels, std::size_t rows, std::size_t columns, const Context& context) {
  double* const out = context.workspace.take<double>(panel_size(columns, rows)).data();
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) out[place_in_panels(j, i, rows)] = panels[place_in_panels(i, j, columns)];
  return out;
}

}  // namespace genmi::pairs
