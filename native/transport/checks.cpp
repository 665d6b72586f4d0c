#include "transport/checks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "simd/transport_kernels.h"

namespace genmi::transport {
namespace {

constexpr double kLargestCost = 1e300;  // potentials are sums of many costs and must not overflow
constexpr float kLargestDistance = std::numeric_limits<float>::max();
constexpr double kLargestMass = 1e300;  // sums in another order or at another scale must not overflow
constexpr double kLargestTotal = 1e300;
constexpr std::size_t kMostPoints = (std::size_t{1} << 31) - 2 * simd::kPadding;  // nodes are int32

template <class T>
std::string shape(MatrixView<T> matrix) {
  return std::to_string(matrix.rows) + " x " + std::to_string(matrix.columns);
}

bool is_weight(double value) { return (value >= 0) & (value <= std::numeric_limits<double>::max()); }
bool is_cost(double value) { return (value >= -kLargestCost) & (value <= kLargestCost); }
bool is_distance(float value) { return (value >= 0) & (value <= kLargestDistance); }

Status refuse(const std::string& argument, const std::string& expected, const std::string& received,
              const std::string& remedy) {
  return {Code::kOutOfRange, explain(argument, expected, received, remedy)};
}

template <class T>
Status check_entries(MatrixView<T> costs, bool (*is_right)(T), double least, double largest) {
  if (costs.rows == 0 || costs.columns == 0) {
    return refuse("costs", "at least one row and one column", shape(costs), "pass a non-empty matrix");
  }
  if (costs.rows > kMostPoints || costs.columns > kMostPoints - costs.rows) {
    return refuse("costs", "at most " + std::to_string(kMostPoints) + " rows and columns together", shape(costs),
                  "take samples");
  }
  const std::size_t count = costs.rows * costs.columns;
  unsigned all_are_right = 1;  // no branch: wrong entries are rare
  for (std::size_t k = 0; k < count; ++k) all_are_right &= static_cast<unsigned>(is_right(costs.data[k]));
  if (all_are_right) return Status::ok();
  const T* wrong = std::find_if_not(costs.data, costs.data + count, is_right);
  const auto at = static_cast<std::size_t>(wrong - costs.data);
  return refuse("costs", "numbers from " + format(least) + " to " + format(largest),
                format(static_cast<double>(*wrong)) + " in row " + std::to_string(at / costs.columns) + ", column " +
                    std::to_string(at % costs.columns),
                "give pairs out of reach a finite penalty");
}

}  // namespace

Status check_costs(MatrixView<double> costs) { return check_entries(costs, is_cost, -kLargestCost, kLargestCost); }

Status check_distances(MatrixView<float> distances) {
  return check_entries(distances, is_distance, 0, kLargestDistance);
}

Status check_weights(const char* argument, std::span<const double> weights, std::size_t points) {
  if (weights.size() != points) {
    return refuse(argument, std::to_string(points) + " weights", std::to_string(weights.size()),
                  "pass one weight per row (supply) or column (demand) of the costs");
  }
  unsigned all_are_weights = 1;
  for (const double weight : weights) all_are_weights &= static_cast<unsigned>(is_weight(weight));
  const auto wrong = all_are_weights ? weights.end() : std::find_if_not(weights.begin(), weights.end(), is_weight);
  if (wrong != weights.end()) {
    const std::string at = std::to_string(wrong - weights.begin());
    return refuse(argument, "finite weights >= 0", format(*wrong) + " at index " + at, "clip the weights");
  }
  return Status::ok();
}

Status check_mass(const char* argument, double sum) {
  if (sum > 0 && sum <= kLargestMass) return Status::ok();
  return refuse(argument, "weights with a positive sum of at most " + format(kLargestMass), "the sum " + format(sum),
                "scale the weights");
}

Status check_total(double mass, double largest_cost) {
  if (largest_cost <= kLargestTotal / mass) return Status::ok();
  return refuse("p", "weights whose sum times the largest distance is at most " + format(kLargestTotal),
                "the sum " + format(mass) + " and the largest distance " + format(largest_cost), "scale the weights");
}

Status check_balance(double supply, double demand, double tolerance) {
  if (std::abs(supply - demand) <= tolerance * std::max(supply, demand)) return Status::ok();
  const std::string expected = "a sum within a relative " + format(tolerance) + " of the sum of p, " + format(supply);
  return {Code::kInfeasible, explain("q", expected, format(demand), "scale both to the same sum")};
}

}  // namespace genmi::transport
