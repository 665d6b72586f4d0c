// Affinities from features, by a named measure.
#include "genmi/measured.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "affinity/build_dense.h"
#include "affinity/byte_affinity.h"
#include "affinity/check_features.h"
#include "affinity/entry_maker.h"
#include "affinity/feature_affinity.h"
#include "affinity/landmarks.h"
#include "affinity/measures.h"
#include "genmi/affinity.h"
#include "simd/kernels.h"

namespace genmi {
namespace {

using affinity::Coefficients;
using affinity::EntryMaker;
using affinity::FeatureAffinity;
using affinity::Measure;
using affinity::Pairwise;

// The median of the pairwise differences is estimated on this many samples, evenly spread over the data.
constexpr std::size_t kMedianSamples = 2000;

// Refuses a coefficient that the measure does not have: it would be ignored silently.
Status check_coefficients(const MeasureOptions& options, const Measure& measure) {
  const auto unused = [&](const char* argument) -> Status {
    return {Code::kOutOfRange, explain(argument, "none for " + quote(measure.name), "a value")};
  };
  if ((options.gamma || options.median_gamma) && !measure.traits.has_gamma) return unused("gamma");
  if (options.gamma && *options.gamma < 0 && measure.reduction != affinity::Reduction::kInner)
    return {Code::kOutOfRange, explain("gamma", "a number >= 0", format(*options.gamma), "it is an inverse width")};
  if (options.degree && !measure.traits.has_degree) return unused("degree");
  if (options.coef0 && !measure.traits.has_coef0) return unused("coef0");
  return Status::ok();
}

// gamma = 1 / (2 r) for the median r of squared distances, 1 / r for the median r of any other reduction.
template <class T>
Status set_median_gamma(Pairwise<T>& pairwise, const Context& context) {
  const Measure& measure = pairwise.measure();
  if (measure.reduction == affinity::Reduction::kInner)
    return {Code::kOutOfRange, explain("gamma", "a number for " + quote(measure.name), "'median'",
                                       "the median heuristic needs a kernel of differences, such as 'rbf'")};
  const std::vector<std::int32_t> samples = affinity::evenly_spread(pairwise.size(), kMedianSamples);
  std::vector<double> differences = pairwise.reduced_pairs({samples.data(), samples.size()}, context);
  if (context.cancelled()) return aborted();
  // Equal pairs are left out: if more than half were equal, the bandwidth would be 0.
  std::erase(differences, 0.0);
  if (differences.empty())
    return {Code::kOutOfRange, explain("gamma", "samples that differ, for 'median'", "identical samples")};
  const auto middle = differences.begin() + static_cast<std::ptrdiff_t>(differences.size() / 2);
  std::nth_element(differences.begin(), middle, differences.end());
  const double factor = measure.reduction == affinity::Reduction::kSquaredEuclidean ? 2 : 1;
  if (!std::isfinite(1 / (factor * *middle)) || !std::isfinite(*middle))
    return {Code::kOutOfRange, explain("gamma", "a median difference whose inverse is finite, for 'median'",
                                       format(*middle), "rescale the features")};
  pairwise.set_gamma_of(factor, *middle, context);
  return Status::ok();
}

Coefficients coefficients_of(const MeasureOptions& options, const Measure& measure, std::size_t columns) {
  const double standard =
      measure.traits.default_gamma > 0 ? measure.traits.default_gamma : 1 / static_cast<double>(columns);
  return {options.gamma.value_or(standard), options.degree.value_or(3), options.coef0.value_or(1)};
}

// Evaluates entries in the precision of T, and stores them in S.
template <class S, class T>
Status build_as(AnyMatrix x, const MeasureOptions& options, const Measure& measure, const Coefficients& coefficients,
                Storage storage, const EntryMaker* maker, const Context& context, AffinityPtr& out) {
  Pairwise<T> pairwise(x, measure, coefficients, context);
  if (options.median_gamma)
    if (Status status = set_median_gamma(pairwise, context); !status) return status;
  if (context.cancelled()) return aborted();
  // Dense entries without offsets are checked as they are stored.
  if (storage == Storage::kFeatures || measure.kind == Kind::kKernel) {
    const Precision precision = sizeof(S) == sizeof(float) ? Precision::kFloat32 : Precision::kFloat64;
    if (Status status = pairwise.check_range(precision, context); !status) return status;
  }
  if constexpr (sizeof(S) == sizeof(T)) {
    if (storage == Storage::kFeatures) {
      out = std::make_shared<FeatureAffinity<S>>(std::move(pairwise));
      return Status::ok();
    }
  }
  return affinity::build_dense<S>(pairwise, maker, context, out);
}

// Dense entries of float64 features are evaluated in float64, and rounded to be stored.
template <class U>
Status build(MatrixView<U> x, const MeasureOptions& options, const Measure& measure, Storage storage,
             Precision precision, const EntryMaker* maker, const Context& context, AffinityPtr& out) {
  const Coefficients coefficients = coefficients_of(options, measure, x.columns);
  if (precision == Precision::kFloat64)
    return build_as<double, double>(x, options, measure, coefficients, storage, maker, context, out);
  if (sizeof(U) == sizeof(float) || storage == Storage::kFeatures)
    return build_as<float, float>(x, options, measure, coefficients, storage, maker, context, out);
  return build_as<float, double>(x, options, measure, coefficients, storage, maker, context, out);
}

}  // namespace

Status affinity::measure_affinity_by(const EntryMaker* maker, AnyMatrix features, const MeasureOptions& options,
                                     Storage storage, Precision precision, const Context& context, AffinityPtr& out) {
  const Measure* measure = affinity::find_measure(options.kind, options.name);
  if (measure == nullptr)
    return {Code::kOutOfRange, explain(options.kind == Kind::kKernel ? "kernel" : "metric",
                                       "one of " + affinity::measure_names(options.kind), quote(options.name))};
  return std::visit(
      [&](const auto& x) -> Status {
        if (Status status = check_coefficients(options, *measure); !status) return status;
        if (Status status = affinity::check_features(x, *measure, context); !status) return status;
        return build(x, options, *measure, storage, precision, maker, context, out);
      },
      features);
}

Status measure_affinity(AnyMatrix features, const MeasureOptions& options, Storage storage, Precision precision,
                        const Context& context, AffinityPtr& out) {
  return affinity::measure_affinity_by(nullptr, features, options, storage, precision, context, out);
}

bool keeps_bytes(const Bytes& features, const MeasureOptions& options, Storage storage, Precision precision) {
  const Measure* measure = affinity::find_measure(options.kind, options.name);
  return measure != nullptr && measure->is_linear() && storage == Storage::kFeatures &&
         precision == Precision::kFloat32 && affinity::ByteAffinity::takes(features);
}

Status measure_bytes(const Bytes& features, std::shared_ptr<const void> owner, const MeasureOptions& options,
                     AffinityPtr& out) {
  const Measure* measure = affinity::find_measure(options.kind, options.name);
  if (Status status = check_coefficients(options, *measure); !status) return status;
  out = std::make_shared<affinity::ByteAffinity>(features, std::move(owner));
  return Status::ok();
}

}  // namespace genmi
