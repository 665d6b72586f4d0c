#include <algorithm>
#include <cmath>
#include <vector>

#include "affinity/row_blocks.h"
#include "genmi/graph.h"

namespace genmi {
namespace {

// The distances of all pairs i > j.
std::vector<double> lower_triangle(const Affinity& distances, const Context& context) {
  const std::size_t n = distances.size();
  std::vector<double> triangle(n * (n - 1) / 2);
  affinity::for_each_row_block(n, distances.row_operations(n) / 2, context, [&](std::size_t i, std::size_t) {
    distances.entries(i, Rows{nullptr, i}, triangle.data() + i * (i - 1) / 2);
  });
  return triangle;
}

}  // namespace

Status distance_quantile(const Affinity& distances, double q, const Context& context, double& out) {
  if (!(q >= 0 && q <= 1)) return {Code::kOutOfRange, explain("quantile", "a number in [0, 1]", format(q))};
  const std::size_t n = distances.size();
  std::vector<double> triangle = lower_triangle(distances, context);
  if (context.cancelled()) return aborted();

  // Sorted, the N^2 entries are the N zeros of the diagonal and then every pair twice.
  const double position = q * static_cast<double>(n * n - 1);
  const auto below = static_cast<std::size_t>(position);
  const auto entry_at = [&](std::size_t index) {
    if (index < n) return 0.0;
    const auto rank = triangle.begin() + static_cast<std::ptrdiff_t>((index - n) / 2);
    std::nth_element(triangle.begin(), rank, triangle.end());
    return *rank;
  };
  const double low = entry_at(below);
  const double high = entry_at(std::min(below + 1, n * n - 1));
  out = low + (position - static_cast<double>(below)) * (high - low);
  return Status::ok();
}

}  // namespace genmi
