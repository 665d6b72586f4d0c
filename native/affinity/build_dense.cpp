#include "affinity/build_dense.h"

#include <utility>

#include "affinity/dense_affinity.h"
#include "affinity/landmarks.h"

namespace genmi::affinity {
namespace {

template <class T>
std::vector<double> landmark_offsets(const Pairwise<T>& pairwise, const PackedSamples<T>& all, const Context& context) {
  const std::vector<std::int32_t> some = landmarks(all.count);
  const PackedSamples<T> few = pairwise.pack({some.data(), some.size()}, context);
  std::vector<double> means(all.count, 0.0);
  constexpr std::size_t kColumns = kTileSize<T>;
  context.for_each((all.count + kColumns - 1) / kColumns, [&](std::size_t index, std::size_t) {
    if (context.cancelled()) return;
    const std::size_t begin = index * kColumns, columns = std::min(all.padded() - begin, kColumns);
    AlignedVector<T> entries(few.padded() * kColumns);
    pairwise.evaluate(few, 0, all, begin, {entries.data(), kColumns, few.padded(), columns});
    for (std::size_t i = 0; i < few.count; ++i)
      for (std::size_t j = begin; j < std::min(all.count, begin + kColumns); ++j)
        means[j] += static_cast<double>(entries[i * kColumns + (j - begin)]);
  });
  for (double& mean : means) mean /= static_cast<double>(few.count);
  centre_on_landmarks(means);
  // What is taken out is to be what was in float32, to the last digit.
  for (double& offset : means) offset = static_cast<double>(static_cast<T>(offset));
  return means;
}

}  // namespace

template <class S, class T>
Status build_dense(const Pairwise<T>& pairwise, const Context& context, AffinityPtr& out) {
  const std::size_t n = pairwise.size();
  const Measure& measure = pairwise.measure();
  PackedSamples<T> all = pairwise.pack({nullptr, n}, context);
  std::vector<double> offsets = pairwise.offsets();
  if (sizeof(S) == sizeof(float) && measure.kind == Kind::kKernel) {
    const std::vector<double> removed = landmark_offsets(pairwise, all, context);
    offsets.resize(n, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      offsets[i] += removed[i];
      all.added[i] -= removed[i];
    }
  }
  PaddedMatrix<S> matrix(n);
  Progress progress(context.job, pairwise.tiles(n));
  const bool finite = pairwise.fill(all, context, progress, matrix.row(0), matrix.stride());
  if (context.cancelled()) return aborted();
  if (!finite) return not_finite();
  out = std::make_shared<DenseAffinity<S>>(measure.kind, measure.metric, std::move(matrix), std::move(offsets));
  return Status::ok();
}

template Status build_dense<float>(const Pairwise<float>&, const Context&, AffinityPtr&);
template Status build_dense<float>(const Pairwise<double>&, const Context&, AffinityPtr&);
template Status build_dense<double>(const Pairwise<double>&, const Context&, AffinityPtr&);

}  // namespace genmi::affinity
