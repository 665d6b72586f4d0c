#include "transport/gather.h"

#include <algorithm>

namespace genmi::transport {

CostBlock Gather::select(const CostBlock& costs, std::span<const std::size_t> rows,
                         std::span<const std::size_t> columns) {
  if (rows.size() == costs.rows && columns.size() == costs.columns) return costs;
  CostBlock block{nullptr, nullptr, rows.size(), columns.size()};
  rounded_.resize(block.rows * block.stride());
  float* rounded = rounded_.data();
  for (const std::size_t row : rows) {
    const float* from = costs.rounded_row(row);
    for (std::size_t j = 0; j < columns.size(); ++j) rounded[j] = from[columns[j]];
    std::fill(rounded + columns.size(), rounded + block.stride(), kPaddingCost);
    rounded += block.stride();
  }
  block.rounded = rounded_.data();
  if (costs.exact == nullptr) return block;

  exact_.resize(block.rows * block.columns);
  double* exact = exact_.data();
  for (const std::size_t row : rows)
    for (const std::size_t column : columns) *exact++ = costs.exact[row * costs.columns + column];
  block.exact = exact_.data();
  return block;
}

}  // namespace genmi::transport
