#include "affinity/centred_product.h"

#include <span>
#include <vector>

#include "affinity/landmarks.h"
#include "affinity/products.h"

namespace genmi::affinity {
namespace {

// Entries in the precision of T, less an offset for each row and column. Offsets are means over landmarks, so float32
// keeps 7 digits of the part that varies.
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

template <class T>
void product_of_entries(const Affinity& affinity, Rows rows, const T* v, std::size_t k, const Context& context,
                        T* out) {
  const Workspace::Frame frame(context.workspace);
  const CentredRows<T> entries(affinity, rows, context);
  const std::span<double> scratch = context.workspace.take<double>(kMadeRows * rows.count * context.slots());
  multiply_made_rows<T>(
      rows.count, v, k, affinity.entry_nanoseconds(rows.count * rows.count), context,
      [&](std::size_t first, std::size_t count, std::size_t slot, T* made, std::size_t stride) {
        entries.read(first, count, scratch.data() + slot * kMadeRows * rows.count, made, stride);
      },
      out);
}

}  // namespace

void CentredProduct::centred_product(Rows rows, const float* v, std::size_t k, const Context& context,
                                     float* out) const {
  product_of_entries(factor_, rows, v, k, context, out);
}

void CentredProduct::centred_product(Rows rows, const double* v, std::size_t k, const Context& context,
                                     double* out) const {
  product_of_entries(factor_, rows, v, k, context, out);
}

}  // namespace genmi::affinity
