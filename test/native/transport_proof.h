// The proof that an answer to a transport problem is right: duality, slackness and marginals. It shares no code with
// the solver. Duals are not unique and never compared. Sums are made in extended precision, so that the measured
// rounding is the solver's, not the proof's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "genmi/matrix.h"
#include "genmi/transport.h"

namespace genmi::transport::test {

using Weights = std::vector<double>;

struct Matrix {
  std::size_t rows = 0, columns = 0;
  std::vector<double> values;

  Matrix() = default;
  Matrix(std::size_t n1, std::size_t n2, double value = 0) : rows(n1), columns(n2), values(n1 * n2, value) {}
  double& operator()(std::size_t i, std::size_t j) { return values[i * columns + j]; }
  double operator()(std::size_t i, std::size_t j) const { return values[i * columns + j]; }
  double largest() const { return *std::max_element(values.begin(), values.end()); }
  double largest_magnitude() const { return std::max(largest(), -*std::min_element(values.begin(), values.end())); }
  bool has_negative() const { return *std::min_element(values.begin(), values.end()) < 0; }
  MatrixView<double> view() const { return {values.data(), rows, columns}; }
};

// How far potentials may exceed costs by rounding.
// kUsual: hardly more than the rounding of the costs, as on all problems except contrived ones.
// kDocumented: as far as the interface allows, for costs that break the triangle inequality by just that much.
enum class Rounding { kUsual, kDocumented };

// The faults of a result that has its plan; empty if it has none. Every result needs a plan with the right marginals,
// duals that are feasible at all points, and a true certificate. An optimal result also has no gap and no slack.
std::string find_fault(const Matrix& costs, const Weights& supply, const Weights& demand, const Result& result,
                       Rounding rounding = Rounding::kUsual);

}  // namespace genmi::transport::test
