// Affinities from features, by a named measure.
#include <algorithm>
#include <cmath>
#include <vector>

#include "affinity/build_dense.h"
#include "affinity/feature_affinity.h"
#include "affinity/measures.h"
#include "genmi/affinity.h"

namespace genmi {
namespace {

using affinity::Coefficients;
using affinity::FeatureAffinity;
using affinity::Measure;

// The median of the pairwise differences is estimated on this many samples, evenly spread over the data.
constexpr std::size_t kMedianSamples = 2000;

template <class T>
Status check_features(MatrixView<T> x, const Measure& measure) {
  if (x.rows == 0 || x.columns == 0)
    return {Code::kOutOfRange, explain("x", "at least one sample and one feature",
                                       std::to_string(x.rows) + " x " + std::to_string(x.columns))};
  for (std::size_t i = 0; i < x.rows; ++i) {
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

// A coefficient that the measure does not have would be ignored silently.
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

template <class T>
Status median_gamma(const FeatureAffinity<T>& features, double& gamma) {
  const Measure& measure = features.measure();
  if (measure.reduction == affinity::Reduction::kInner)
    return {Code::kOutOfRange, explain("gamma", "a number for " + quote(measure.name), "'median'",
                                       "the median heuristic needs a kernel of differences, such as 'rbf'")};
  const std::vector<std::size_t> samples = affinity::evenly_spread(features.size(), kMedianSamples);
  std::vector<double> differences;
  for (std::size_t i = 0; i < samples.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) differences.push_back(features.reduced(samples[i], samples[j]));
  // More than half of the pairs equal would give a bandwidth of zero: then the others decide.
  std::erase(differences, 0.0);
  if (differences.empty())
    return {Code::kOutOfRange, explain("gamma", "samples that differ, for 'median'", "identical samples")};
  const auto middle = differences.begin() + static_cast<std::ptrdiff_t>(differences.size() / 2);
  std::nth_element(differences.begin(), middle, differences.end());
  const bool squared = measure.reduction == affinity::Reduction::kSquaredEuclidean;
  gamma = 1 / ((squared ? 2 : 1) * *middle);
  return Status::ok();
}

Coefficients coefficients_of(const MeasureOptions& options, const Measure& measure, std::size_t columns) {
  const double standard =
      measure.traits.default_gamma > 0 ? measure.traits.default_gamma : 1 / static_cast<double>(columns);
  return {options.gamma.value_or(standard), options.degree.value_or(3), options.coef0.value_or(1)};
}

// Entries are evaluated in float64 before they are rounded to S.
template <class S>
Status make_dense(const FeatureAffinity<double>& features, const Context& context, AffinityPtr& out) {
  const auto entry = [&](std::size_t i, std::size_t j) { return features.centred_entry(i, j); };
  return affinity::build_dense<S>(features.size(),
                                  {features.kind(), features.metric(), sizeof(S) == 4,
                                   features.row_operations(features.size()), features.offsets()},
                                  entry, context, out);
}

template <class U>
Status make_features(AnyMatrix x, const MeasureOptions& options, const Measure& measure, std::size_t columns,
                     std::shared_ptr<FeatureAffinity<U>>& out) {
  out = std::make_shared<FeatureAffinity<U>>(x, measure, coefficients_of(options, measure, columns));
  if (!options.median_gamma) return Status::ok();
  double gamma = 0;
  Status status = median_gamma(*out, gamma);
  if (status) out->set_gamma(gamma);
  return status;
}

template <class S>
Status build(AnyMatrix x, const MeasureOptions& options, const Measure& measure, Storage storage, std::size_t columns,
             const Context& context, AffinityPtr& out) {
  if (storage == Storage::kDense) {
    std::shared_ptr<FeatureAffinity<double>> features;
    if (Status status = make_features(x, options, measure, columns, features); !status) return status;
    return make_dense<S>(*features, context, out);
  }
  std::shared_ptr<FeatureAffinity<S>> features;
  Status status = make_features(x, options, measure, columns, features);
  if (status) out = std::move(features);
  return status;
}

}  // namespace

Status measure_affinity(AnyMatrix features, const MeasureOptions& options, Storage storage, Precision precision,
                        const Context& context, AffinityPtr& out) {
  const Measure* measure = affinity::find_measure(options.kind, options.name);
  if (measure == nullptr)
    return {Code::kOutOfRange, explain(options.kind == Kind::kKernel ? "kernel" : "metric",
                                       "one of " + affinity::measure_names(options.kind), quote(options.name))};
  return std::visit(
      [&](const auto& x) -> Status {
        if (Status status = check_coefficients(options, *measure); !status) return status;
        if (Status status = check_features(x, *measure); !status) return status;
        const auto make = precision == Precision::kFloat32 ? &build<float> : &build<double>;
        return make(features, options, *measure, storage, x.columns, context, out);
      },
      features);
}

}  // namespace genmi
