#include "affinity/build_dense.h"

#include <atomic>
#include <cmath>
#include <optional>
#include <utility>

#include "affinity/dense_affinity.h"
#include "affinity/landmarks.h"

namespace genmi::affinity {
namespace {

constexpr double kNanosecondsPerEntry = 0.5;

// Whether a maker has made all entries, and all are finite in S. Others are left to the CPU, and so is their error.
template <class S, class T>
Status take_entries(const EntryMaker& maker, const Pairwise<T>& pairwise, const PairEntries<T>& parts,
                    const Context& context, PaddedMatrix<S>& matrix, bool& made) {
  const std::size_t n = parts.n;
  const bool has_zero_diagonal = pairwise.measure().kind == Kind::kDistance;
  Progress progress(context.job, n);
  std::atomic<bool> finite{true};
  const auto take_row = [&](std::size_t i, const T* entries) {
    S* const row = matrix.row(i);
    bool row_finite = true;
    for (std::size_t j = 0; j < n; ++j) {
      row[j] = static_cast<S>(entries[j]);
      row_finite &= std::isfinite(row[j]);
    }
    if (has_zero_diagonal) row[i] = 0;
    if (!row_finite) finite.store(false, std::memory_order_relaxed);
    progress.finish_part();
  };
  const auto take = [&](std::size_t first, std::size_t count, const T* entries) {
    const double nanoseconds = kNanosecondsPerEntry * static_cast<double>(count * n);
    context.for_each_range(count, 1, nanoseconds,
                           [&](std::size_t i, std::size_t, std::size_t) { take_row(first + i, entries + i * n); });
  };
  const Status status = maker.make(parts, context, take, made);
  made = made && finite.load();
  return status;
}

}  // namespace

template <class S, class T>
Status build_dense(const Pairwise<T>& pairwise, const EntryMaker* maker, const Context& context, AffinityPtr& out) {
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
  bool made = false, finite = true;
  const std::optional<PairEntries<T>> parts = maker == nullptr ? std::nullopt : pairwise.parts(all);
  if (parts)
    if (Status status = take_entries(*maker, pairwise, *parts, context, matrix, made); !status) return status;
  if (!made) {
    Progress progress(context.job, pairwise.tiles(n));
    finite = pairwise.fill(all, context, progress, matrix.row(0), matrix.stride());
  }
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

template Status build_dense<float>(const Pairwise<float>&, const EntryMaker*, const Context&, AffinityPtr&);
template Status build_dense<float>(const Pairwise<double>&, const EntryMaker*, const Context&, AffinityPtr&);
template Status build_dense<double>(const Pairwise<double>&, const EntryMaker*, const Context&, AffinityPtr&);

}  // namespace genmi::affinity
