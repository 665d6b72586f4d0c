// The rows of an affinity with its constant part taken out, made of entries.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "affinity/landmarks.h"
#include "affinity/products.h"

namespace genmi::affinity {

// Entries in the precision of T, less an offset for each row and column. Offsets are means over landmarks, so float32
// keeps 7 digits of the part that varies. They live in the caller's frame of the workspace.
template <class T>
class CentredRows {
 public:
  CentredRows(const Affinity& affinity, Rows rows, const Context& context)
      : affinity_(affinity),
        rows_(rows),
        job_(context.job),
        offsets_(context.workspace.take_zeroed<double>(rows.count)) {
    const std::span<double> row = context.workspace.take<double>(rows.count);
    const std::vector<std::int32_t> some = evenly_spread(rows.count, kFewLandmarks);
    for (const std::int32_t landmark : some) {
      if (context.cancelled()) return;
      affinity.entries(rows[static_cast<std::size_t>(landmark)], rows, row.data());
      for (std::size_t j = 0; j < rows.count; ++j) offsets_[j] += row[j] / static_cast<double>(some.size());
    }
    centre_on_landmarks(some, offsets_);
  }

  // Writes rows [first, first + count) to out, `stride` numbers apart; count <= kMadeRows. scratch: memory for count
  // rows.
  void read(std::size_t first, std::size_t count, double* scratch, T* out, std::size_t stride) const {
    std::int32_t some[kMadeRows];
    for (std::size_t r = 0; r < count; ++r) some[r] = static_cast<std::int32_t>(rows_[first + r]);
    affinity_.block({some, count}, rows_, scratch, job_);
    if (is_cancelled(job_)) return;
    for (std::size_t r = 0; r < count; ++r)
      for (std::size_t j = 0; j < rows_.count; ++j)
        out[r * stride + j] = static_cast<T>(scratch[r * rows_.count + j] - offsets_[first + r] - offsets_[j]);
  }

 private:
  const Affinity& affinity_;
  Rows rows_;
  const Job* job_;
  std::span<double> offsets_;
};

}  // namespace genmi::affinity
