#include "genmi/affinity.h"

#include <algorithm>

#include "affinity/row_blocks.h"
#include "simd/reductions.h"

namespace genmi {

void Affinity::block(Rows rows, Rows columns, double* out) const {
  for (std::size_t i = 0; i < rows.count; ++i) entries(rows[i], columns, out + i * columns.count);
}

// Entries below the diagonal are evaluated, those above are copies.
void Affinity::submatrix(Rows rows, const Context& context, double* out) const {
  const std::size_t n = rows.count;
  affinity::for_each_row_block(n, row_operations(n) / 2, context, [&](std::size_t i, std::size_t) {
    double* row = out + i * n;
    entries(rows[i], Rows{rows.index, i + 1}, row);
    for (std::size_t j = 0; j < i; ++j) out[j * n + i] = row[j];
  });
}

void Affinity::submatrix(Rows rows, const Context& context, float* out, std::size_t stride) const {
  const Workspace::Frame frame(context.workspace);
  const std::size_t n = rows.count;
  const std::span<double> scratch = context.workspace.take<double>(n * context.slots());
  affinity::for_each_row_block(n, row_operations(n) / 2, context, [&](std::size_t i, std::size_t slot) {
    double* row = scratch.data() + slot * n;
    entries(rows[i], Rows{rows.index, i + 1}, row);
    for (std::size_t j = 0; j <= i; ++j) out[i * stride + j] = out[j * stride + i] = static_cast<float>(row[j]);
  });
}

void Affinity::centred_product(Rows rows, const double* v, std::size_t k, const Context& context, double* out) const {
  const Workspace::Frame frame(context.workspace);
  const std::size_t n = rows.count;
  const std::span<double> scratch = context.workspace.take<double>(n * context.slots());
  affinity::for_each_row_block(n, row_operations(n) + n * k, context, [&](std::size_t i, std::size_t slot) {
    double* row = scratch.data() + slot * n;
    entries(rows[i], rows, row);
    double* target = out + i * k;
    std::fill(target, target + k, 0.0);
    for (std::size_t j = 0; j < n; ++j) simd::add_scaled(row[j], v + j * k, k, target);
  });
}

Status SharedAffinity::open(AffinityPtr& out) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  out = affinity_;
  if (out) return Status::ok();
  return {Code::kDisposed, explain("affinity", "an affinity that is in use", "one that was disposed of",
                                   "call dispose() after the last evaluation")};
}

void SharedAffinity::dispose() {
  const std::lock_guard<std::mutex> lock(mutex_);
  affinity_.reset();
}

Status not_finite() {
  return {Code::kOutOfRange, explain("affinity", "entries that are finite in its precision", "others",
                                     "scale the data down, use precision: 'float64', or an integer degree")};
}

Status check_rows(Rows rows, std::size_t n, std::size_t size) {
  if (rows.index == nullptr) {
    if (size == 0 || n == size) return Status::ok();
    return {Code::kOutOfRange,
            explain("predictions", std::to_string(size) + " rows, one for each sample of the affinity",
                    std::to_string(n), "for a mini-batch pass rows, the samples' indices")};
  }
  if (rows.count != n)
    return {Code::kOutOfRange, explain("rows", std::to_string(n) + " indices, one for each row of the predictions",
                                       std::to_string(rows.count))};
  for (std::size_t i = 0; i < n && size != 0; ++i)
    if (rows.index[i] < 0 || static_cast<std::size_t>(rows.index[i]) >= size)
      return {Code::kOutOfRange, explain("rows", "integers in [0, " + std::to_string(size) + ")",
                                         std::to_string(rows.index[i]) + " at index " + std::to_string(i))};
  return Status::ok();
}

}  // namespace genmi
