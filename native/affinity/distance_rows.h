// Passes over the distances, row by row: what quantiles and neighbourhood graphs are made from.
#pragma once

#include <cstddef>
#include <span>

#include "affinity/dense_affinity.h"
#include "affinity/row_blocks.h"
#include "genmi/affinity.h"

namespace genmi::affinity {

// Which samples a row goes to.
enum class RowPart { kBefore, kAll };

// Calls visit(i, row, slot) for every sample i with its distances to the samples before it, or to all: those that are
// stored, in float32 or float64, or in float64 those that are evaluated. Stops early when the job is cancelled.
//
// A pair before the diagonal stands for both of its entries, so that what is made of these is symmetric even where
// rounding is not.
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
  const std::span<double> scratch = context.workspace.take<double>(n * context.slots());
  for_each_row(n, nanoseconds, context, [&](std::size_t i, std::size_t slot) {
    const std::span<double> row = scratch.subspan(slot * n, length(i));
    distances.entries(i, Rows{nullptr, row.size()}, row.data());
    visit(i, std::span<const double>(row), slot);
    progress.finish_part();
  });
}

}  // namespace genmi::affinity
