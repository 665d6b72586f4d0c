// Passes over all distances, row by row. Quantiles and neighbourhood graphs are made from them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>

#include "affinity/dense_affinity.h"
#include "affinity/row_blocks.h"
#include "genmi/affinity.h"

namespace genmi::affinity {

// The columns of row i: the samples before sample i, or all samples.
enum class RowPart { kBefore, kAll };

// This many rows are evaluated together: each sample's features come into the caches once for all of them.
inline constexpr std::size_t kEvaluatedRows = 64;

// Calls visit(i, row, slot) for every sample i; row holds its distances to the samples before it, or to all. Stored
// distances come in their own precision, evaluated ones in float64. Stops early when the job is cancelled.
//
// With RowPart::kBefore each pair comes once. Results are then symmetric even where the rounding of entries is not.
template <class Visit>
void for_each_distance_row(const Affinity& distances, RowPart part, const Context& context, Progress& progress,
                           const Visit& visit) {
  const std::size_t n = distances.size();
  const double nanoseconds = distances.entry_nanoseconds(n * n) / (part == RowPart::kBefore ? 2 : 1);
  const auto length = [&](std::size_t i) { return part == RowPart::kBefore ? i : n; };
  const auto visit_stored = [&]<class T>(const DenseAffinity<T>& stored) {
    for_each_row(n, nanoseconds, context, [&](std::size_t i, std::size_t slot) {
      visit(i, std::span<const T>(stored.row(i), length(i)), slot);
      progress.finish_part();
    });
  };
  if (const auto* singles = dynamic_cast<const DenseAffinity<float>*>(&distances)) return visit_stored(*singles);
  if (const auto* doubles = dynamic_cast<const DenseAffinity<double>*>(&distances)) return visit_stored(*doubles);

  const Workspace::Frame frame(context.workspace);
  const std::span<double> scratch = context.workspace.take<double>(kEvaluatedRows * n * context.slots());
  const auto visit_evaluated = [&](std::size_t first, std::size_t count, std::size_t slot) {
    if (context.cancelled()) return;
    std::int32_t rows[kEvaluatedRows];
    std::iota(rows, rows + count, static_cast<std::int32_t>(first));
    const std::size_t columns = length(first + count - 1);
    double* const block = scratch.data() + slot * kEvaluatedRows * n;
    distances.block({rows, count}, {nullptr, columns}, block, context.job);
    if (context.cancelled()) return;
    for (std::size_t r = 0; r < count; ++r) {
      visit(first + r, std::span<const double>(block + r * columns, length(first + r)), slot);
      progress.finish_part();
    }
  };
  context.for_each_range(n, kEvaluatedRows, nanoseconds, visit_evaluated);
}

}  // namespace genmi::affinity
