#include "transport/gather.h"

#include <algorithm>
#include <type_traits>

namespace genmi::transport {
namespace {

// Copies entries in groups of rows, so that a column's index is read once for the group. Looks at the job before each
// group.
template <class T>
void select_entries(const T* from, std::size_t from_stride, std::span<const std::size_t> rows,
                    std::span<const std::size_t> columns, const Job* job, T* to, std::size_t to_stride) {
  constexpr std::size_t kGroup = 4;
  for (std::size_t i = 0; i < rows.size() && !is_cancelled(job); i += kGroup, to += kGroup * to_stride) {
    const std::size_t count = std::min(kGroup, rows.size() - i);
    const T* group[kGroup] = {};
    for (std::size_t r = 0; r < count; ++r) group[r] = from + rows[i + r] * from_stride;
    const auto copy = [&](auto rows_of_group) {
      for (std::size_t j = 0; j < columns.size(); ++j)
        for (std::size_t r = 0; r < rows_of_group; ++r) to[r * to_stride + j] = group[r][columns[j]];
    };
    if (count == kGroup) copy(std::integral_constant<std::size_t, kGroup>());  // unrolled
    else copy(count);
  }
}

}  // namespace

CostBlock Gather::select(const CostBlock& costs, std::span<const std::size_t> rows,
                         std::span<const std::size_t> columns, const Job* job) {
  if (rows.size() == costs.rows && columns.size() == costs.columns) return costs;
  CostBlock block{nullptr, nullptr, rows.size(), columns.size(), costs.kernels};
  const std::size_t stride = block.stride();
  rounded_.resize(block.rows * stride);
  select_entries(costs.rounded, costs.stride(), rows, columns, job, rounded_.data(), stride);
  for (std::size_t row = 0; row < block.rows; ++row)
    std::fill(rounded_.data() + row * stride + columns.size(), rounded_.data() + (row + 1) * stride, kPaddingCost);
  block.rounded = rounded_.data();
  if (costs.exact == nullptr) return block;

  exact_.resize(block.rows * block.columns);
  select_entries(costs.exact, costs.columns, rows, columns, job, exact_.data(), block.columns);
  block.exact = exact_.data();
  return block;
}

}  // namespace genmi::transport
