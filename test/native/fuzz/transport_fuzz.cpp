// libFuzzer on the solver's native entry. Bytes become the costs, measures and options of a few problems in a row; one
// solver solves each from the basis of the one before. Every result must be a documented error or prove itself.
//
// Numbers come from small palettes, because solvers fail on ties and outliers, not on digits.
#include <fuzzer/FuzzedDataProvider.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "../transport_proof.h"
#include "transport/costs.h"

namespace genmi::transport {
namespace {

using test::Matrix;
using test::Weights;

constexpr std::size_t kMostPoints = 40;  // enough for every part of the solver to take part
constexpr int kMostCosts = 2, kMostProblems = 4, kMostColours = 8;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::abort();
}

double draw_number(FuzzedDataProvider& data) {
  switch (data.ConsumeIntegralInRange(0, 4)) {
    case 0: return data.ConsumeIntegral<std::uint8_t>();
    case 1: return 1 + std::ldexp(data.ConsumeIntegral<std::uint8_t>(), -data.ConsumeIntegralInRange(0, 60));
    case 2: return std::pow(10, data.ConsumeIntegralInRange(-300, 300));
    case 3: return std::pow(10, data.ConsumeIntegralInRange(-15, 15));
    default: return data.ConsumeFloatingPoint<double>();
  }
}

std::vector<double> draw_numbers(std::size_t count, FuzzedDataProvider& data) {
  std::vector<double> palette(static_cast<std::size_t>(data.ConsumeIntegralInRange(1, kMostColours)));
  for (double& colour : palette) colour = draw_number(data);
  std::vector<double> numbers(count);
  for (double& number : numbers) number = palette[data.ConsumeIntegralInRange<std::size_t>(0, palette.size() - 1)];
  return numbers;
}

Matrix draw_costs(FuzzedDataProvider& data) {
  const auto rows = data.ConsumeIntegralInRange<std::size_t>(1, kMostPoints);
  const bool square = data.ConsumeBool(), zero_diagonal = data.ConsumeBool(), symmetric = data.ConsumeBool();
  Matrix costs(rows, square ? rows : data.ConsumeIntegralInRange<std::size_t>(1, kMostPoints));
  costs.values = draw_numbers(costs.values.size(), data);
  for (std::size_t i = 0; square && i < rows; ++i) {
    if (zero_diagonal) costs(i, i) = 0;
    for (std::size_t j = 0; symmetric && j < i; ++j) costs(i, j) = costs(j, i);
  }
  return costs;
}

Costs::Known draw_known(const Matrix& costs, FuzzedDataProvider& data) {
  Costs::Known known;
  if (data.ConsumeBool()) known.metric_like = data.ConsumeBool();
  known.symmetric = data.ConsumeBool() && costs.rows == costs.columns;
  for (std::size_t i = 0; known.symmetric && i < costs.rows; ++i)
    for (std::size_t j = 0; j < i; ++j) known.symmetric = known.symmetric && costs(i, j) == costs(j, i);
  return known;
}

// Gives both measures the same sum, most of the time.
void balance(const Weights& supply, Weights& demand) {
  double supplied = 0, demanded = 0;
  for (const double weight : supply) supplied += weight;
  for (const double weight : demand) demanded += weight;
  for (double& weight : demand) weight *= supplied / demanded;
}

// Whether products of costs and masses are far from underflow. Otherwise a proof means nothing.
bool is_provable(const Matrix& costs, const Weights& supply) {
  double mass = 0;
  for (const double weight : supply) mass += weight;
  constexpr double kLeast = 1e-270;
  const double largest = costs.largest();
  return mass > kLeast && (largest == 0 || (largest > kLeast && mass * largest > kLeast));
}

void solve(const Matrix& costs, const Costs& prepared, Solver& solver, Basis& basis, FuzzedDataProvider& data) {
  const Weights supply = draw_numbers(costs.rows, data);
  Weights demand = costs.rows == costs.columns && data.ConsumeBool() ? supply : draw_numbers(costs.columns, data);
  if (data.ConsumeBool()) demand.front() += demand.back() * std::ldexp(1, -data.ConsumeIntegralInRange(0, 60));
  if (data.ConsumeIntegralInRange(0, 15) != 0) balance(supply, demand);
  Options options;
  options.plan = data.ConsumeIntegralInRange(0, 7) != 0;
  if (data.ConsumeIntegralInRange(0, 7) == 0) options.max_pivots = data.ConsumeIntegral<std::uint8_t>();
  if (data.ConsumeBool()) options.basis = &basis;

  Result result;
  const Status status = solver.solve(prepared, supply, demand, options, result);
  if (!status) {
    if (status.code() != Code::kOutOfRange && status.code() != Code::kInfeasible) fail(status.message());
    return;
  }
  if (result.outcome == Outcome::kIterationLimit && options.max_pivots == Options().max_pivots)
    fail("stopped without a limit");
  if (!options.plan) {
    if (!result.plan.empty()) fail("a plan that nobody asked for");
    return;
  }
  if (!is_provable(costs, supply)) return;
  const std::string fault = find_fault(costs, supply, demand, result, test::Rounding::kDocumented);
  if (!fault.empty()) fail(fault);
}

void solve_all(FuzzedDataProvider& data) {
  Solver solver;
  Basis basis;
  for (int left = data.ConsumeIntegralInRange(1, kMostCosts); left > 0; --left) {
    const Matrix costs = draw_costs(data);
    Costs prepared;
    if (const Status status = prepared.prepare(costs.view(), draw_known(costs, data)); !status) {
      if (status.code() != Code::kOutOfRange) fail(status.message());
      continue;
    }
    for (int problems = data.ConsumeIntegralInRange(1, kMostProblems); problems > 0; --problems)
      solve(costs, prepared, solver, basis, data);
  }
}

}  // namespace
}  // namespace genmi::transport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  FuzzedDataProvider data(bytes, count);
  genmi::transport::solve_all(data);
  return 0;
}
