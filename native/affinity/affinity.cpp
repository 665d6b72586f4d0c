#include "genmi/affinity.h"

namespace genmi {

void Affinity::block(Rows rows, Rows columns, double* out, const Job*) const {
  for (std::size_t i = 0; i < rows.count; ++i) entries(rows[i], columns, out + i * columns.count);
}

Status not_finite() {
  return {Code::kOutOfRange, explain("affinity", "entries that are finite in its precision", "an overflow",
                                     "scale the data down, use precision: 'float64', or an integer degree")};
}

}  // namespace genmi
