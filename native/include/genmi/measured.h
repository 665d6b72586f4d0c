// Affinities computed from features by a named kernel or distance.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "genmi/affinity.h"
#include "genmi/matrix.h"

namespace genmi {

// A kernel or distance by name (native/affinity/measures.h lists them) over features.
struct MeasureOptions {
  Kind kind = Kind::kKernel;
  std::string name;
  std::optional<double> gamma;   // default: the measure's own, 1 / columns for most
  bool median_gamma = false;     // gamma from the median of the pairwise differences
  std::optional<double> degree;  // default 3
  std::optional<double> coef0;   // default 1
};

// features: N x d, finite. kDense stores N^2 entries, computed once in O(N^2 d). kFeatures stores N d numbers and
// evaluates entries on demand.
Status measure_affinity(AnyMatrix features, const MeasureOptions& options, Storage storage, Precision precision,
                        const Context& context, AffinityPtr& out);

// Whether measure_bytes() takes these: the linear kernel in kFeatures and float32.
bool keeps_bytes(const Bytes& features, const MeasureOptions& options, Storage storage, Precision precision);
// An affinity that keeps bytes: those of `owner`, who frees them, or a copy where there is none. A quarter of the
// memory of float32 features, and the same entries up to rounding.
Status measure_bytes(const Bytes& features, std::shared_ptr<const void> owner, const MeasureOptions& options,
                     AffinityPtr& out);

}  // namespace genmi
