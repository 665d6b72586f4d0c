// The base of objectives that are written once for predictions in float32 and in float64.
#pragma once

#include "genmi/objective.h"
#include "objectives/predictions.h"

namespace genmi::objectives {

// Derived has a template add(batch, context, factor, totals) with the duty of Objective::evaluate.
template <class Derived>
class InBothPrecisions : public Objective {
 public:
  Status evaluate(const Batch<float>& batch, const Context& context, double factor, Totals<float>& totals) const final {
    return static_cast<const Derived&>(*this).add(batch, context, factor, totals);
  }
  Status evaluate(const Batch<double>& batch, const Context& context, double factor,
                  Totals<double>& totals) const final {
    return static_cast<const Derived&>(*this).add(batch, context, factor, totals);
  }
};

}  // namespace genmi::objectives
