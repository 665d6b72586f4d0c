#include "perturbations/grid.h"

#include <algorithm>

#include "simd/kernels.h"

namespace genmi {
namespace {

// A term whose exponent is this far below the largest one adds nothing to a sum.
constexpr double kNegligible = -746;

double square_of_difference(std::size_t a, std::size_t b) {
  const double difference = static_cast<double>(a) - static_cast<double>(b);
  return difference * difference;
}

}  // namespace

void Grid::make_feasible(const double* mass, const double* potentials, double* out) {
  double* const values = memory_ + room(height_, width_) - plane(height_, width_);
  std::fill_n(values, plane(height_, width_), kLogOfZero);
  for (std::size_t p = 0; p < height_ * width_; ++p)
    if (mass[p] > 0) values[place(p)] = potentials[place(p)];
  maxima(values, 1, out);
  for (std::size_t q = 0; q < height_ * width_; ++q) out[place(q)] = -out[place(q)];
}

// The columns of a plane become rows of another one; then the same with the columns of that plane.
void Grid::search(Source in, double unit, bool sums, Target out) {
  double* const values = memory_ + 4 * (padded(height_) + padded(width_));
  double* const costs = out.costs != nullptr ? values + plane(height_, width_) : nullptr;
  search_columns(in, height_, width_, unit, sums, {values, costs});
  search_columns({values, costs}, width_, height_, unit, sums, out);
}

void Grid::search_columns(Source in, std::size_t rows, std::size_t columns, double unit, bool sums, Target out) {
  const std::size_t stride = padded(columns), out_stride = padded(rows);
  double *const largest = memory_, *const costs = largest + stride, *const row_maxima = costs + 3 * stride;
  for (std::size_t r = 0; r < rows; ++r)
    row_maxima[r] = *std::max_element(in.values + r * stride, in.values + r * stride + columns);
  for (std::size_t y = 0; y < rows && !context_.cancelled(); ++y) {
    std::copy_n(in.values + y * stride, stride, largest);
    for (std::size_t r = 0; r < rows; ++r) {
      const double* const row = in.values + r * stride;
      const double less = unit * square_of_difference(r, y);
      for (std::size_t x = 0; x < stride; ++x) largest[x] = std::max(largest[x], row[x] - less);
    }
    if (sums) add_terms(in, y, {rows, columns, unit}, row_maxima, largest, out.costs != nullptr ? costs : nullptr);
    for (std::size_t x = 0; x < columns; ++x) {
      out.values[x * out_stride + y] = largest[x];
      if (out.costs != nullptr) out.costs[x * out_stride + y] = costs[x];
    }
  }
  for (std::size_t x = 0; x < columns; ++x)
    std::fill(out.values + x * out_stride + rows, out.values + (x + 1) * out_stride, kLogOfZero);
}

// Makes of the largest exponents of row y the logarithms of sums, and the mean costs if they are wanted.
void Grid::add_terms(Source in, std::size_t y, const Terms& of, const double* row_maxima, double* largest,
                     double* costs) {
  const simd::PanelKernels<double>& kernels = context_.kernels.panel<double>();
  const std::size_t stride = padded(of.columns);
  double *const terms = memory_ + 2 * stride, *const sums = terms + stride;
  const double least = *std::min_element(largest, largest + of.columns);
  std::fill_n(sums, stride, 0.0);
  if (costs != nullptr) std::fill_n(costs, stride, 0.0);
  for (std::size_t r = 0; r < of.rows; ++r) {
    const double* const row = in.values + r * stride;
    const double square = square_of_difference(r, y), less = of.unit * square;
    if (row_maxima[r] - less - least < kNegligible) continue;
    for (std::size_t x = 0; x < stride; ++x) terms[x] = row[x] - less - largest[x];
    kernels.exp(terms, stride, terms);
    for (std::size_t x = 0; x < stride; ++x) sums[x] += terms[x];
    if (costs == nullptr) continue;
    const double* const before = in.costs != nullptr ? in.costs + r * stride : nullptr;
    for (std::size_t x = 0; x < of.columns; ++x)
      costs[x] += terms[x] * (before != nullptr ? square + before[x] : square);
  }
  if (costs != nullptr)
    for (std::size_t x = 0; x < of.columns; ++x) costs[x] /= sums[x];
  kernels.log(sums, stride, sums);
  for (std::size_t x = 0; x < stride; ++x) largest[x] += sums[x];
}

}  // namespace genmi
