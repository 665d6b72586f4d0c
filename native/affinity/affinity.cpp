#include "genmi/affinity.h"

#include <algorithm>

#include "affinity/landmarks.h"
#include "affinity/products.h"

namespace genmi {

void Affinity::block(Rows rows, Rows columns, double* out) const {
  for (std::size_t i = 0; i < rows.count; ++i) entries(rows[i], columns, out + i * columns.count);
}

namespace {

// Rows of entries as numbers of another precision, less what they have in common: an offset for each row and column, so
// that float32 keeps 7 digits of what varies.
template <class T>
class CentredRows {
 public:
  CentredRows(const Affinity& affinity, Rows rows, Workspace& workspace)
      : affinity_(affinity), rows_(rows), offsets_(workspace.take_zeroed<double>(rows.count)) {
    const std::span<double> row = workspace.take<double>(rows.count);
    const std::vector<std::int32_t> some = affinity::evenly_spread(rows.count, affinity::kFewLandmarks);
    for (const std::int32_t landmark : some) {
      affinity.entries(rows[static_cast<std::size_t>(landmark)], rows, row.data());
      for (std::size_t j = 0; j < rows.count; ++j) offsets_[j] += row[j] / static_cast<double>(some.size());
    }
    affinity::centre_on_landmarks(some, offsets_);
  }

  // Rows [first, first + count), at most kMadeRows of them, `stride` numbers apart; scratch for as many.
  void read(std::size_t first, std::size_t count, double* scratch, T* out, std::size_t stride) const {
    std::int32_t some[affinity::kMadeRows];
    for (std::size_t r = 0; r < count; ++r) some[r] = static_cast<std::int32_t>(rows_[first + r]);
    affinity_.block({some, count}, rows_, scratch);
    for (std::size_t r = 0; r < count; ++r)
      for (std::size_t j = 0; j < rows_.count; ++j)
        out[r * stride + j] = static_cast<T>(scratch[r * rows_.count + j] - offsets_[first + r] - offsets_[j]);
  }

 private:
  const Affinity& affinity_;
  Rows rows_;
  std::span<double> offsets_;
};

template <class T>
void product_of_entries(const Affinity& affinity, Rows rows, const T* v, std::size_t k, const Context& context,
                        T* out) {
  const Workspace::Frame frame(context.workspace);
  const CentredRows<T> entries(affinity, rows, context.workspace);
  const std::span<double> scratch = context.workspace.take<double>(affinity::kMadeRows * rows.count * context.slots());
  affinity::multiply_made_rows<T>(
      rows.count, v, k, affinity.entry_nanoseconds(rows.count * rows.count), context,
      [&](std::size_t first, std::size_t count, std::size_t slot, T* made, std::size_t stride) {
        entries.read(first, count, scratch.data() + slot * affinity::kMadeRows * rows.count, made, stride);
      },
      out);
}

}  // namespace

void Affinity::centred_product(Rows rows, const float* v, std::size_t k, const Context& context, float* out) const {
  product_of_entries(*this, rows, v, k, context, out);
}

void Affinity::centred_product(Rows rows, const double* v, std::size_t k, const Context& context, double* out) const {
  product_of_entries(*this, rows, v, k, context, out);
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
