#include "affinity/neighbors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include "affinity/check_features.h"
#include "affinity/pair_tiles.h"
#include "affinity/pairwise.h"
#include "affinity/principal_projections.h"

namespace genmi {
namespace {

using affinity::Blocks;
using affinity::for_each_pair_tile;
using affinity::kTileSize;
using affinity::PairTile;
using affinity::Pairwise;
using affinity::ProjectionOptions;
using affinity::Projections;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// About the time for the distance of two samples anywhere in memory.
constexpr double kNanosecondsPerDistance = 500;

// Calls visit(j) for each j with values[j] < bound(j). There are few: whole groups are passed over, by loops of a
// constant length, which become vectors.
template <class T, class Bound, class Visit>
void for_each_below(const T* values, const Bound& bound, std::size_t count, const Visit& visit) {
  constexpr std::size_t kGroup = 32;
  std::size_t first = 0;
  for (; first + kGroup <= count; first += kGroup) {
    int some = 0;
    for (std::size_t j = first; j < first + kGroup; ++j) some |= values[j] < bound(j);
    for (std::size_t j = first; some != 0 && j < first + kGroup; ++j)
      if (values[j] < bound(j)) visit(j);
  }
  for (; first < count; ++first)
    if (values[first] < bound(first)) visit(first);
}

template <class T>
struct Neighbor {
  T distance = std::numeric_limits<T>::infinity();
  std::uint32_t sample = 0;

  bool is_met() const { return distance < std::numeric_limits<T>::infinity(); }
  bool operator<(const Neighbor& other) const { return distance < other.distance; }
};

// The k nearest samples that each sample has met so far. Their distances in the end do not depend on the order.
template <class T>
class Nearest {
 public:
  Nearest(const Blocks& blocks, std::size_t k)
      : k_(k),
        kept_(blocks.samples * k),
        bounds_(blocks.samples, std::numeric_limits<T>::infinity()),
        locks_(std::make_unique<std::mutex[]>(blocks.count())) {}

  // The largest of a sample's k distances: others are compared with it.
  const T* bounds() const { return bounds_.data(); }
  std::span<const Neighbor<T>> of(std::size_t sample) const { return {kept_.data() + sample * k_, k_}; }
  std::mutex& lock_of(std::size_t block) { return locks_[block]; }

  void meet(std::size_t sample, std::size_t other, T distance) {
    if (!(distance < bounds_[sample])) return;
    const auto first = kept_.begin() + static_cast<std::ptrdiff_t>(sample * k_),
               end = first + static_cast<std::ptrdiff_t>(k_);
    std::pop_heap(first, end);
    end[-1] = {distance, static_cast<std::uint32_t>(other)};
    std::push_heap(first, end);
    bounds_[sample] = first->distance;
  }

  // Shows a tile's distances to the samples of its rows, then to those of its columns.
  void meet(const PairTile<T>& tile) {
    {
      const std::lock_guard lock(lock_of(tile.a));
      for (std::size_t i = 0; i < tile.height; ++i) {
        const std::size_t sample = tile.first + i;
        const T bound = bounds_[sample];
        for_each_below(
            tile.row(i), [bound](std::size_t) { return bound; }, tile.length(i),
            [&](std::size_t j) { meet(sample, tile.second + j, tile.row(i)[j]); });
      }
    }
    const std::lock_guard lock(lock_of(tile.b));
    const T* const bounds = bounds_.data() + tile.second;
    for (std::size_t i = 0; i < tile.height; ++i)
      for_each_below(
          tile.row(i), [bounds](std::size_t j) { return bounds[j]; }, tile.length(i),
          [&](std::size_t j) { meet(tile.second + j, tile.first + i, tile.row(i)[j]); });
  }

 private:
  std::size_t k_;
  std::vector<Neighbor<T>> kept_;  // k for a sample, as a heap
  std::vector<T> bounds_;
  std::unique_ptr<std::mutex[]> locks_;  // of each block's samples
};

template <class T>
Nearest<T> find_nearest(const Pairwise<T>& pairwise, const Blocks& blocks, std::size_t step, std::size_t k,
                        const Context& context, Progress& progress) {
  Nearest<T> nearest(blocks, k);
  for_each_pair_tile<T>(pairwise, blocks, step, context, progress,
                        [&](const PairTile<T>& tile) { nearest.meet(tile); });
  return nearest;
}

// The samples that are projected, for a search that compares a few of them: one search for both precisions makes a
// smaller binary.
class ProjectedSamples {
 public:
  virtual ~ProjectedSamples() = default;
  virtual double distance(std::size_t i, std::size_t j) const = 0;
  // Begins to bring a sample into the first cache: samples that are near lie anywhere in memory.
  virtual void fetch(std::size_t i) const = 0;
};

template <class T>
class SamplesOf final : public ProjectedSamples {
 public:
  explicit SamplesOf(const Pairwise<T>& pairwise) : pairwise_(pairwise) {}

  double distance(std::size_t i, std::size_t j) const override { return pairwise_.distance(i, j); }
  void fetch(std::size_t i) const override {
    for (std::size_t f = 0; f < pairwise_.columns(); f += 64 / sizeof(T)) __builtin_prefetch(pairwise_.sample(i) + f);
  }

 private:
  const Pairwise<T>& pairwise_;
};

// Finds distances to neighbours with the help of projections. In an eighth of all pairs, the samples whose projections
// are nearest give each sample a limit for the distance to its k-th neighbour. Then all pairs of projections are
// compared, and the samples of those within a limit. Each such pair may lower the limits.
class ProjectedSearch {
 public:
  ProjectedSearch(const ProjectedSamples& samples, Projections projections, std::size_t k, const Context& context)
      : samples_(samples),
        margins_(std::move(projections.margins)),
        context_(context),
        projected_(MatrixView<float>{projections.rows.data(), margins_.size(), projections.directions},
                   *affinity::find_measure(Kind::kDistance, "euclidean"), {}, context),
        blocks_(Blocks::of<float>(projected_.size())),
        k_(k),
        limits_(projected_.size()),
        nearest_(blocks_, k),
        slots_(context.slots()) {}

  void run() {
    Progress progress(context_.job, blocks_.pairs(kStep) + blocks_.pairs());
    find_limits(progress);
    for_each_pair_tile<float>(projected_, blocks_, 1, context_, progress,
                              [this](const PairTile<float>& tile) { meet(tile); });
  }

  // At least the distance of a sample to its k-th neighbour, and that distance in the end.
  double limit(std::size_t i) const { return std::min(limits_[i], nearest_.bounds()[i]); }

 private:
  static constexpr std::size_t kStep = 8;

  struct Pair {
    std::size_t i, j;
    double distance;
  };
  // Scratch memory of a thread.
  struct Slot {
    std::vector<Pair> pairs;
    float row_limits[kTileSize<float>], column_limits[kTileSize<float>];
  };

  void find_limits(Progress& progress) {
    const Nearest<float> near = find_nearest(projected_, blocks_, kStep, k_, context_, progress);
    const double nanoseconds = kNanosecondsPerDistance * static_cast<double>(limits_.size() * k_);
    context_.for_each_range(limits_.size(), 64, nanoseconds, [&](std::size_t first, std::size_t count, std::size_t) {
      for (std::size_t i = first; i < first + count && !context_.cancelled(); ++i)
        for (const Neighbor<float>& each : near.of(i))
          limits_[i] = std::max(limits_[i], each.is_met() ? samples_.distance(i, each.sample) : kInfinity);
    });
  }

  // Limits for the projections of a tile's samples, to which the margin of the other sample of a pair is still added.
  void read_limits(std::size_t block, std::size_t first, std::size_t count, float* limits) {
    const std::lock_guard lock(nearest_.lock_of(block));
    for (std::size_t i = first; i < first + count; ++i)
      limits[i - first] = static_cast<float>(Projections::kLonger * limit(i)) + margins_[i];
  }

  void meet(const PairTile<float>& tile) {
    Slot& slot = slots_[tile.slot];
    read_limits(tile.a, tile.first, tile.height, slot.row_limits);
    read_limits(tile.b, tile.second, tile.width, slot.column_limits);
    slot.pairs.clear();
    const float *const of_columns = slot.column_limits, *const margins = margins_.data() + tile.second;
    for (std::size_t i = 0; i < tile.height; ++i) {
      const float of_row = slot.row_limits[i], margin = margins_[tile.first + i];
      for_each_below(
          tile.row(i), [=](std::size_t j) { return std::max(of_row + margins[j], of_columns[j] + margin); },
          tile.length(i), [&](std::size_t j) { slot.pairs.push_back({tile.first + i, tile.second + j, 0}); });
    }
    for (std::size_t p = 0; p < slot.pairs.size(); ++p) {
      if (p + 1 < slot.pairs.size()) samples_.fetch(slot.pairs[p + 1].j);
      slot.pairs[p].distance = samples_.distance(slot.pairs[p].i, slot.pairs[p].j);
    }
    meet(tile.a, slot.pairs, &Pair::i, &Pair::j);
    meet(tile.b, slot.pairs, &Pair::j, &Pair::i);
  }
  void meet(std::size_t block, const std::vector<Pair>& pairs, std::size_t Pair::* sample, std::size_t Pair::* other) {
    const std::lock_guard lock(nearest_.lock_of(block));
    for (const Pair& pair : pairs) nearest_.meet(pair.*sample, pair.*other, pair.distance);
  }

  const ProjectedSamples& samples_;
  std::vector<float> margins_;
  const Context& context_;
  Pairwise<float> projected_;
  Blocks blocks_;
  std::size_t k_;
  std::vector<double> limits_;
  Nearest<double> nearest_;
  std::vector<Slot> slots_;
};

template <class T>
Status find_distances(MatrixView<T> x, std::size_t k, const ProjectionOptions& options, const Context& context,
                      std::span<double> out) {
  const affinity::Measure& euclidean = *affinity::find_measure(Kind::kDistance, "euclidean");
  if (Status status = affinity::check_features(x, euclidean, context); !status) return status;
  const Pairwise<T> pairwise(x, euclidean, {}, context);
  if (context.cancelled()) return aborted();
  const Precision precision = sizeof(T) == sizeof(float) ? Precision::kFloat32 : Precision::kFloat64;
  if (Status status = pairwise.check_range(precision, context); !status) return status;
  if (auto projections = affinity::find_projections(pairwise, k, options, context)) {
    const SamplesOf<T> samples(pairwise);
    ProjectedSearch search(samples, *std::move(projections), k, context);
    search.run();
    if (context.cancelled()) return aborted();
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<double>(static_cast<T>(std::ldexp(search.limit(i), pairwise.exponent())));
    return Status::ok();
  }
  const Blocks blocks = Blocks::of<T>(pairwise.size());
  Progress progress(context.job, blocks.pairs());
  const Nearest<T> nearest = find_nearest(pairwise, blocks, 1, k, context, progress);
  if (context.cancelled()) return aborted();
  std::copy_n(nearest.bounds(), out.size(), out.begin());
  return Status::ok();
}

}  // namespace

Status affinity::kth_neighbor_distances(NumbersOrBytes x, std::size_t k, const ProjectionOptions& options,
                                        const Context& context, std::span<double> out) {
  return std::visit(
      [&]<class T>(const MatrixView<T>& view) -> Status {
        if (k == 0 || k >= view.rows)
          return {Code::kOutOfRange,
                  explain("k", "an integer from 1 to N - 1, for N = " + std::to_string(view.rows) + " samples",
                          std::to_string(k))};
        if constexpr (std::is_same_v<T, std::uint8_t>) {
          const std::vector<float> numbers(view.data, view.data + view.rows * view.columns);
          return find_distances(MatrixView<float>{numbers.data(), view.rows, view.columns}, k, options, context, out);
        } else {
          return find_distances(view, k, options, context, out);
        }
      },
      x);
}

Status kth_neighbor_distances(NumbersOrBytes x, std::size_t k, const Context& context, std::span<double> out) {
  return affinity::kth_neighbor_distances(x, k, {}, context, out);
}

}  // namespace genmi
