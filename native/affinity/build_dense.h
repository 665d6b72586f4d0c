// From a function of pairs to an affinity that stores all of them.
#pragma once

#include <atomic>
#include <cmath>
#include <utility>
#include <vector>

#include "affinity/dense_affinity.h"
#include "affinity/row_blocks.h"
#include "genmi/affinity.h"

namespace genmi::affinity {

// Evenly spread over the data, at most count of them.
std::vector<std::size_t> evenly_spread(std::size_t size, std::size_t count);

// Per-sample offsets that take a kernel's mean out of what is stored: double centring, with the means over a few
// landmarks instead of over all samples. Objectives do not see the difference; float32 entries keep 7 digits of what
// varies.
template <class Entry>
std::vector<double> landmark_offsets(std::size_t n, const Entry& entry) {
  constexpr std::size_t kLandmarks = 64;
  const std::vector<std::size_t> landmarks = evenly_spread(n, kLandmarks);
  const double count = static_cast<double>(landmarks.size());
  std::vector<double> offsets(n, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (const std::size_t landmark : landmarks) offsets[i] += entry(i, landmark) / count;
  double mean = 0;
  for (const std::size_t landmark : landmarks) mean += offsets[landmark] / count;
  for (double& offset : offsets) offset -= mean / 2;
  return offsets;
}

struct DenseTraits {
  Kind kind;
  bool metric;
  bool rounds;                  // whether storing rounds the entries
  std::size_t row_operations;   // what entry() costs for n columns
  std::vector<double> offsets;  // to be added to every entry that entry() gives, per row and per column; or empty
};

// entry(i, j), in float64, for j <= i; the rest is its mirror image.
template <class S, class Entry>
Status build_dense(std::size_t n, DenseTraits traits, const Entry& entry, const Context& context, AffinityPtr& out) {
  const bool subtract = traits.rounds && traits.kind == Kind::kKernel;
  const std::vector<double> removed = subtract ? landmark_offsets(n, entry) : std::vector<double>(n, 0.0);
  PaddedMatrix<S> matrix(n);
  Progress progress(context.job, n);
  std::atomic<bool> finite{true};
  for_each_row_block(n, traits.row_operations / 2, context, [&](std::size_t i, std::size_t) {
    for (std::size_t j = 0; j <= i; ++j) {
      const S stored = static_cast<S>(entry(i, j) - removed[i] - removed[j]);
      if (!std::isfinite(stored)) finite.store(false, std::memory_order_relaxed);
      matrix.row(i)[j] = matrix.row(j)[i] = stored;
    }
    progress.finish_part();
  });
  if (context.cancelled()) return aborted();
  if (!finite.load()) return not_finite();
  if (subtract) {
    traits.offsets.resize(n, 0.0);
    for (std::size_t i = 0; i < n; ++i) traits.offsets[i] += removed[i];
  }
  out = std::make_shared<DenseAffinity<S>>(traits.kind, traits.metric, std::move(matrix), std::move(traits.offsets));
  return Status::ok();
}

}  // namespace genmi::affinity
