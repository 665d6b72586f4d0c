#include "affinity/build_dense.h"

#include <utility>

#include "affinity/dense_affinity.h"
#include "affinity/landmarks.h"

namespace genmi::affinity {

template <class S, class T>
Status build_dense(const Pairwise<T>& pairwise, const Context& context, AffinityPtr& out) {
  const std::size_t n = pairwise.size();
  const Measure& measure = pairwise.measure();
  PackedSamples<T> all = pairwise.pack({nullptr, n}, context);
  std::vector<double> offsets = pairwise.offsets();
  if (sizeof(S) == sizeof(float) && measure.kind == Kind::kKernel) {
    const std::vector<double> removed = take_out_offsets(pairwise, kLandmarks, context, all);
    offsets.resize(n, 0.0);
    for (std::size_t i = 0; i < n; ++i) offsets[i] += removed[i];
  }
  PaddedMatrix<S> matrix(n);
  Progress progress(context.job, pairwise.tiles(n));
  const bool finite = pairwise.fill(all, context, progress, matrix.row(0), matrix.stride());
  if (context.cancelled()) return aborted();
  if (!finite) {
    const Precision precision = sizeof(S) == sizeof(float) ? Precision::kFloat32 : Precision::kFloat64;
    const Status status = pairwise.explain_range(precision, context);
    return status ? not_finite() : status;
  }
  out = std::make_shared<DenseAffinity<S>>(measure.kind, measure.metric, std::move(matrix), std::move(offsets),
                                           measure.range());
  return Status::ok();
}

template Status build_dense<float>(const Pairwise<float>&, const Context&, AffinityPtr&);
template Status build_dense<float>(const Pairwise<double>&, const Context&, AffinityPtr&);
template Status build_dense<double>(const Pairwise<double>&, const Context&, AffinityPtr&);

}  // namespace genmi::affinity
