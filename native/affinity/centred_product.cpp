#include "affinity/centred_product.h"

#include <span>

#include "affinity/centred_rows.h"
#include "affinity/products.h"

namespace genmi::affinity {
namespace {

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
