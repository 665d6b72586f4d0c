// Building affinities: from features by a named measure, and from a matrix that the caller computed.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

#include "affinity/dense_affinity.h"
#include "affinity/feature_affinity.h"
#include "affinity/measures.h"
#include "affinity/row_blocks.h"
#include "genmi/affinity.h"

namespace genmi {
namespace {

using affinity::Coefficients;
using affinity::DenseAffinity;
using affinity::FeatureAffinity;
using affinity::Measure;

// The median of the pairwise differences is estimated on this many samples, evenly spread over the data.
constexpr std::size_t kMedianSamples = 2000;
// A kernel that goes into float32 loses its mean over this many samples first; see landmark_offsets.
constexpr std::size_t kLandmarks = 64;

template <class T>
Status check_features(MatrixView<T> x, const Measure& measure) {
  if (x.rows == 0 || x.columns == 0)
    return {Code::kOutOfRange, explain("x", "at least one sample and one feature",
                                       std::to_string(x.rows) + " x " + std::to_string(x.columns))};
  for (std::size_t i = 0; i < x.rows; ++i) {
    for (std::size_t f = 0; f < x.columns; ++f) {
      const double value = static_cast<double>(x(i, f));
      const bool in_domain = !measure.needs_non_negative || value >= 0;
      if (std::isfinite(value) && in_domain) continue;
      const std::string where = " at row " + std::to_string(i) + ", column " + std::to_string(f);
      return {Code::kOutOfRange,
              explain("x", measure.needs_non_negative ? "finite numbers >= 0" : "finite numbers", format(value) + where,
                      in_domain ? "" : quote(measure.name) + " compares histograms")};
    }
  }
  return Status::ok();
}

std::vector<std::size_t> evenly_spread(std::size_t size, std::size_t count) {
  count = std::min(size, count);
  std::vector<std::size_t> samples(count);
  for (std::size_t i = 0; i < count; ++i) samples[i] = i * size / count;
  return samples;
}

template <class T>
Status median_gamma(const FeatureAffinity<T>& features, double& gamma) {
  const Measure& measure = features.measure();
  if (measure.reduction == affinity::Reduction::kInner)
    return {Code::kOutOfRange, explain("gamma", "a number for " + quote(measure.name), "'median'",
                                       "the median heuristic needs a kernel of differences, such as 'rbf'")};
  const std::vector<std::size_t> samples = evenly_spread(features.size(), kMedianSamples);
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
  const double standard = measure.default_gamma > 0 ? measure.default_gamma : 1 / static_cast<double>(columns);
  return {options.gamma.value_or(standard), options.degree, options.coef0};
}

// Per-sample offsets that take the kernel's mean out of what is stored: double centring, with the means over a few
// landmarks instead of over all samples. Objectives do not see the difference; float32 entries keep 7 digits of what
// varies.
template <class T>
std::vector<double> landmark_offsets(const FeatureAffinity<T>& features) {
  const std::vector<std::size_t> landmarks = evenly_spread(features.size(), kLandmarks);
  const double count = static_cast<double>(landmarks.size());
  std::vector<double> offsets(features.size(), 0.0);
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    for (const std::size_t landmark : landmarks) offsets[i] += features.centred_entry(i, landmark);
    offsets[i] /= count;
  }
  double mean = 0;
  for (const std::size_t landmark : landmarks) mean += offsets[landmark] / count;
  for (double& offset : offsets) offset -= mean / 2;
  return offsets;
}

template <class S, class T>
Status make_dense(const FeatureAffinity<T>& features, const Context& context, AffinityPtr& out) {
  const std::size_t n = features.size();
  const bool subtract = sizeof(S) == 4 && features.kind() == Kind::kKernel && features.offset(0) == 0;
  std::vector<double> offsets(n, 0.0);
  if (subtract) offsets = landmark_offsets(features);
  std::vector<S> matrix(n * n);
  std::atomic<std::size_t> done{0};
  affinity::for_each_row_block(n, n * 8, context, [&](std::size_t i, std::size_t) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double entry = features.centred_entry(i, j) - offsets[i] - offsets[j];
      matrix[i * n + j] = matrix[j * n + i] = static_cast<S>(entry);
    }
    if (context.job == nullptr) return;
    const double rows = static_cast<double>(done.fetch_add(1, std::memory_order_relaxed) + 1);
    context.job->report(rows / static_cast<double>(n));
  });
  if (context.cancelled()) return {Code::kAborted, "aborted"};
  if (!subtract) {
    for (std::size_t i = 0; i < n; ++i) offsets[i] = features.offset(i);
    if (std::all_of(offsets.begin(), offsets.end(), [](double offset) { return offset == 0; })) offsets.clear();
  }
  out = std::make_shared<DenseAffinity<S>>(n, features.kind(), features.metric(), std::move(matrix), std::move(offsets),
                                           sizeof(S) == 4);
  return Status::ok();
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

// Entries of a dense matrix are evaluated in float64 before they are rounded to S.
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

// How far from symmetric a matrix may be, relative to its largest entry: what rounding does to the usual
// |x|^2 + |y|^2 - 2 <x, y>, square root included.
template <class T>
constexpr double kSymmetryTolerance = sizeof(T) == 4 ? 1e-3 : 1e-7;

template <class T>
Status check_entries(MatrixView<T> matrix, Kind kind, double& largest) {
  largest = 0;
  for (std::size_t i = 0; i < matrix.rows; ++i) {
    for (std::size_t j = 0; j < matrix.rows; ++j) {
      const double value = static_cast<double>(matrix(i, j));
      if (!std::isfinite(value) || (kind == Kind::kDistance && value < 0))
        return {Code::kOutOfRange,
                explain("matrix", kind == Kind::kDistance ? "finite distances >= 0" : "finite numbers",
                        format(value) + " at row " + std::to_string(i) + ", column " + std::to_string(j))};
      largest = std::max(largest, std::abs(value));
    }
  }
  return Status::ok();
}

template <class T>
Status check_symmetry(MatrixView<T> matrix, Kind kind, double tolerance) {
  for (std::size_t i = 0; i < matrix.rows; ++i) {
    const double diagonal = static_cast<double>(matrix(i, i));
    if (kind == Kind::kDistance && diagonal > tolerance)
      return {Code::kOutOfRange,
              explain("matrix", "distances with a zero diagonal",
                      format(diagonal) + " at row " + std::to_string(i) + ", column " + std::to_string(i),
                      "is it a kernel? then pass 'kernel'")};
    for (std::size_t j = 0; j < i; ++j) {
      const double upper = static_cast<double>(matrix(j, i)), lower = static_cast<double>(matrix(i, j));
      if (std::abs(upper - lower) > tolerance)
        return {Code::kOutOfRange, explain("matrix", "a symmetric matrix",
                                           format(lower) + " at row " + std::to_string(i) + ", column " +
                                               std::to_string(j) + " but " + format(upper) + " at its mirror image",
                                           "symmetrise it first: (A + A') / 2")};
    }
  }
  return Status::ok();
}

template <class S, class T>
AffinityPtr symmetrised(MatrixView<T> matrix, Kind kind, bool metric) {
  const std::size_t n = matrix.rows;
  std::vector<S> entries(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double mean = (static_cast<double>(matrix(i, j)) + static_cast<double>(matrix(j, i))) / 2;
      entries[i * n + j] = entries[j * n + i] = static_cast<S>(mean);
    }
    entries[i * n + i] = kind == Kind::kDistance ? S{0} : static_cast<S>(matrix(i, i));
  }
  return std::make_shared<DenseAffinity<S>>(n, kind, metric, std::move(entries), std::vector<double>{}, sizeof(S) == 4);
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
        if (Status status = check_features(x, *measure); !status) return status;
        const auto make = precision == Precision::kFloat32 ? &build<float> : &build<double>;
        return make(features, options, *measure, storage, x.columns, context, out);
      },
      features);
}

Status precomputed_affinity(AnyMatrix matrix, Kind kind, bool metric, Precision precision, AffinityPtr& out) {
  return std::visit(
      [&]<class T>(const MatrixView<T>& view) -> Status {
        if (view.rows != view.columns || view.rows == 0)
          return {Code::kOutOfRange, explain("matrix", "a square N x N matrix",
                                             std::to_string(view.rows) + " x " + std::to_string(view.columns))};
        double largest = 0;
        if (Status status = check_entries(view, kind, largest); !status) return status;
        if (Status status = check_symmetry(view, kind, largest * kSymmetryTolerance<T>); !status) return status;
        out = precision == Precision::kFloat32 ? symmetrised<float>(view, kind, metric)
                                               : symmetrised<double>(view, kind, metric);
        return Status::ok();
      },
      matrix);
}

}  // namespace genmi
