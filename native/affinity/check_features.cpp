#include "affinity/check_features.h"

#include <cmath>
#include <limits>

#include "simd/kernels.h"

namespace genmi::affinity {

template <class T>
Status check_features(MatrixView<T> x, const Measure& measure, const Context& context) {
  if (x.rows == 0 || x.columns == 0)
    return {Code::kOutOfRange, explain("x", "at least one sample and one feature",
                                       std::to_string(x.rows) + " x " + std::to_string(x.columns))};
  constexpr T kLargest = std::numeric_limits<T>::max();
  const T lowest = measure.traits.needs_non_negative ? 0 : -kLargest;
  const auto are_within = context.kernels.panel<T>().are_within;
  for (std::size_t i = 0; i < x.rows; ++i) {
    if (context.cancelled()) return aborted();
    if (are_within(x.row(i), x.columns, lowest, kLargest)) continue;
    for (std::size_t f = 0; f < x.columns; ++f) {
      const double value = static_cast<double>(x(i, f));
      const bool in_domain = !measure.traits.needs_non_negative || value >= 0;
      if (std::isfinite(value) && in_domain) continue;
      const std::string where = " at row " + std::to_string(i) + ", column " + std::to_string(f);
      return {Code::kOutOfRange,
              explain("x", measure.traits.needs_non_negative ? "finite numbers >= 0" : "finite numbers",
                      format(value) + where, in_domain ? "" : quote(measure.name) + " compares histograms")};
    }
  }
  return Status::ok();
}

template Status check_features(MatrixView<float>, const Measure&, const Context&);
template Status check_features(MatrixView<double>, const Measure&, const Context&);

}  // namespace genmi::affinity
