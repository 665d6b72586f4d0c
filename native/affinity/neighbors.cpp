#include "genmi/neighbors.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include "affinity/check_features.h"
#include "affinity/pairwise.h"

namespace genmi {
namespace {

using affinity::kTileSize;
using affinity::PackedSamples;
using affinity::Pairwise;

// The smallest distances that each sample has met so far. Which they are in the end does not depend on the order.
template <class T>
class SmallestDistances {
 public:
  SmallestDistances(std::size_t n, std::size_t k)
      : k_(k), kept_(n * k, std::numeric_limits<T>::infinity()), bounds_(n, std::numeric_limits<T>::infinity()) {}

  // The largest of a sample's k smallest distances: others are compared with it.
  const T* bounds() const { return bounds_.data(); }

  void meet(std::size_t sample, T distance) {
    if (!(distance < bounds_[sample])) return;
    const auto first = kept_.begin() + static_cast<std::ptrdiff_t>(sample * k_),
               end = first + static_cast<std::ptrdiff_t>(k_);
    std::pop_heap(first, end);
    end[-1] = distance;
    std::push_heap(first, end);
    bounds_[sample] = *first;
  }

 private:
  std::size_t k_;
  std::vector<T> kept_;  // k numbers a sample, as a heap
  std::vector<T> bounds_;
};

// Blocks of samples, and the pairs of blocks. A pair of blocks is a task: its features stay in a cache.
struct Blocks {
  std::size_t samples, size;

  std::size_t count() const { return (samples + size - 1) / size; }
  std::size_t pairs() const { return count() * (count() + 1) / 2; }
  std::size_t first(std::size_t block) const { return block * size; }
  std::size_t end(std::size_t block) const { return std::min(samples, first(block) + size); }
};

template <class T>
class NeighborSearch {
 public:
  NeighborSearch(const Pairwise<T>& pairwise, std::size_t k, const Context& context)
      : pairwise_(pairwise),
        context_(context),
        blocks_{pairwise.size(), block_size(pairwise.size())},
        smallest_(pairwise.size(), k),
        locks_(std::make_unique<std::mutex[]>(blocks_.count())),
        rows_(context.slots()),
        columns_(context.slots()),
        block_of_rows_(context.slots(), blocks_.count()) {}

  Status run(std::span<double> out) {
    const Workspace::Frame frame(context_.workspace);
    const std::span<T> tiles = context_.workspace.take<T>(context_.slots() * kArea);
    Progress progress(context_.job, blocks_.pairs());
    const auto n = static_cast<double>(blocks_.samples);
    const double nanoseconds =
        affinity::kNanosecondsPerTerm * n * n / 2 * static_cast<double>(pairwise_.columns() + 16);
    context_.for_each_range(blocks_.pairs(), 1, nanoseconds, [&](std::size_t pair, std::size_t, std::size_t slot) {
      std::size_t a = 0, b = pair;
      while (b > a) b -= ++a;
      compare_blocks(a, b, slot, tiles.data() + slot * kArea);
      if (!context_.cancelled()) progress.finish_part();
    });
    if (context_.cancelled()) return aborted();
    std::copy_n(smallest_.bounds(), out.size(), out.begin());
    return Status::ok();
  }

 private:
  static constexpr std::size_t kSize = kTileSize<T>, kArea = kSize * kSize;
  static constexpr std::size_t kTilesOfBlock = 8, kLeastBlocks = 12;

  // Few samples are cut into small blocks, so that all threads have some.
  static std::size_t block_size(std::size_t n) {
    const std::size_t tiles = (n + kSize - 1) / kSize;
    return kSize * std::clamp<std::size_t>(tiles / kLeastBlocks, 1, kTilesOfBlock);
  }

  void compare_blocks(std::size_t a, std::size_t b, std::size_t slot, T* entries) {
    if (context_.cancelled()) return;
    PackedSamples<T>&rows = rows_[slot], &columns = columns_[slot];
    const Rows all{nullptr, blocks_.samples};
    if (std::exchange(block_of_rows_[slot], a) != a) pairwise_.pack(all, blocks_.first(a), blocks_.end(a), rows);
    pairwise_.pack(all, blocks_.first(b), blocks_.end(b), columns);
    for (std::size_t row = 0; row < rows.count; row += kSize)
      for (std::size_t column = 0; column < columns.count; column += kSize) {
        if (context_.cancelled()) return;
        if (a == b && column > row) break;
        const simd::Tile<T> tile{entries, kSize, std::min(kSize, rows.padded() - row),
                                 std::min(kSize, columns.padded() - column)};
        pairwise_.evaluate_in_parts(rows, row, columns, column, tile, context_);
        if (context_.cancelled()) return;
        select(a, b, row, column, std::min(kSize, rows.count - row), std::min(kSize, columns.count - column), entries);
      }
  }

  // Shows a tile's distances to the samples of its rows, then to those of its columns. On the diagonal each pair comes
  // from below.
  void select(std::size_t a, std::size_t b, std::size_t row, std::size_t column, std::size_t height, std::size_t width,
              const T* entries) {
    const std::size_t first = blocks_.first(a) + row, second = blocks_.first(b) + column;
    const auto length = [&](std::size_t i) { return first == second ? i : width; };
    {
      const std::lock_guard lock(locks_[a]);
      for (std::size_t i = 0; i < height; ++i) {
        const T *of_row = entries + i * kSize, bound = smallest_.bounds()[first + i];
        for_each_below(
            of_row, [bound](std::size_t) { return bound; }, length(i),
            [&](std::size_t j) { smallest_.meet(first + i, of_row[j]); });
      }
    }
    const std::lock_guard lock(locks_[b]);
    const T* const bounds = smallest_.bounds() + second;
    for (std::size_t i = 0; i < height; ++i) {
      const T* const of_row = entries + i * kSize;
      for_each_below(
          of_row, [bounds](std::size_t j) { return bounds[j]; }, length(i),
          [&](std::size_t j) { smallest_.meet(second + j, of_row[j]); });
    }
  }

  // Calls visit(j) for each j with values[j] < bound(j). There are few: whole groups are passed over.
  template <class Bound, class Visit>
  static void for_each_below(const T* values, const Bound& bound, std::size_t count, const Visit& visit) {
    constexpr std::size_t kGroup = 32;
    for (std::size_t first = 0; first < count; first += kGroup) {
      const std::size_t end = std::min(count, first + kGroup);
      int some = 0;
      for (std::size_t j = first; j < end; ++j) some |= values[j] < bound(j);
      for (std::size_t j = first; some != 0 && j < end; ++j)
        if (values[j] < bound(j)) visit(j);
    }
  }

  const Pairwise<T>& pairwise_;
  const Context& context_;
  Blocks blocks_;
  SmallestDistances<T> smallest_;
  std::unique_ptr<std::mutex[]> locks_;  // of each block's smallest distances
  // One for each slot: the last two blocks, and which one the rows are. Tasks that follow each other share rows.
  std::vector<PackedSamples<T>> rows_, columns_;
  std::vector<std::size_t> block_of_rows_;
};

template <class T>
Status find_distances(MatrixView<T> x, std::size_t k, const Context& context, std::span<double> out) {
  const affinity::Measure& euclidean = *affinity::find_measure(Kind::kDistance, "euclidean");
  if (Status status = affinity::check_features(x, euclidean, context); !status) return status;
  const Pairwise<T> pairwise(x, euclidean, {}, context);
  if (context.cancelled()) return aborted();
  const Precision precision = sizeof(T) == sizeof(float) ? Precision::kFloat32 : Precision::kFloat64;
  if (Status status = pairwise.check_range(precision, context); !status) return status;
  return NeighborSearch<T>(pairwise, k, context).run(out);
}

}  // namespace

Status kth_neighbor_distances(NumbersOrBytes x, std::size_t k, const Context& context, std::span<double> out) {
  return std::visit(
      [&]<class T>(const MatrixView<T>& view) -> Status {
        if (k == 0 || k >= view.rows)
          return {Code::kOutOfRange,
                  explain("k", "an integer from 1 to N - 1, for N = " + std::to_string(view.rows) + " samples",
                          std::to_string(k))};
        if constexpr (std::is_same_v<T, std::uint8_t>) {
          const std::vector<float> numbers(view.data, view.data + view.rows * view.columns);
          return find_distances(MatrixView<float>{numbers.data(), view.rows, view.columns}, k, context, out);
        } else {
          return find_distances(view, k, context, out);
        }
      },
      x);
}

}  // namespace genmi
