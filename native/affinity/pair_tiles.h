// Distances between all pairs of samples, tile by tile, for readers that keep few of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "affinity/pairwise.h"
#include "genmi/context.h"

namespace genmi::affinity {

// Blocks of samples, and the pairs of blocks. A pair of blocks is a task: its features stay in a cache.
struct Blocks {
  std::size_t samples, size;

  std::size_t count() const { return (samples + size - 1) / size; }
  std::size_t pairs() const { return count() * (count() + 1) / 2; }
  // The pairs whose numbers differ by a multiple of `step`.
  std::size_t pairs(std::size_t step) const {
    std::size_t pairs = 0;
    for (std::size_t block = 0; block < count(); ++block) pairs += block / step + 1;
    return pairs;
  }
  std::size_t first(std::size_t block) const { return block * size; }
  std::size_t end(std::size_t block) const { return std::min(samples, first(block) + size); }

  // Few samples are cut into small blocks, so that all threads have some.
  template <class T>
  static Blocks of(std::size_t samples) {
    constexpr std::size_t kTilesOfBlock = 8, kLeastBlocks = 12;
    const std::size_t tiles = (samples + kTileSize<T> - 1) / kTileSize<T>;
    return {samples, kTileSize<T> * std::clamp<std::size_t>(tiles / kLeastBlocks, 1, kTilesOfBlock)};
  }
};

// The distances of the samples from `first` on, of block a, to those from `second` on, of block b <= a.
template <class T>
struct PairTile {
  std::size_t a, b, first, second, height, width, slot;
  const T* entries;  // kTileSize numbers to a row

  // On the diagonal each pair comes from below.
  std::size_t length(std::size_t i) const { return first == second ? i : width; }
  const T* row(std::size_t i) const { return entries + i * kTileSize<T>; }
};

// Calls visit(tile) for tiles that hold each pair once, in the pairs of blocks whose numbers differ by a multiple of
// `step`: all of them for 1. Reports blocks.pairs(step) parts of progress. A cancelled job ends the visits.
template <class T>
void for_each_pair_tile(const Pairwise<T>& pairwise, const Blocks& blocks, std::size_t step, const Context& context,
                        Progress& progress, const std::function<void(const PairTile<T>&)>& visit) {
  constexpr std::size_t kSize = kTileSize<T>, kArea = kSize * kSize;
  // For each slot: the last two blocks, and which one the rows are. Tasks that follow each other share rows.
  struct Slot {
    PackedSamples<T> rows, columns;
    std::size_t block_of_rows = std::numeric_limits<std::size_t>::max();
  };
  const Workspace::Frame frame(context.workspace);
  const std::span<T> tiles = context.workspace.take<T>(context.slots() * kArea);
  std::vector<Slot> slots(context.slots());

  const auto compare_blocks = [&](std::size_t a, std::size_t b, std::size_t index) {
    Slot& slot = slots[index];
    PackedSamples<T>&rows = slot.rows, &columns = slot.columns;
    T* const entries = tiles.data() + index * kArea;
    const Rows all{nullptr, blocks.samples};
    if (std::exchange(slot.block_of_rows, a) != a) pairwise.pack(all, blocks.first(a), blocks.end(a), rows);
    pairwise.pack(all, blocks.first(b), blocks.end(b), columns);
    for (std::size_t row = 0; row < rows.count; row += kSize)
      for (std::size_t column = 0; column < columns.count; column += kSize) {
        if (context.cancelled()) return;
        if (a == b && column > row) break;
        const simd::Tile<T> tile{entries, kSize, std::min(kSize, rows.padded() - row),
                                 std::min(kSize, columns.padded() - column)};
        pairwise.evaluate_in_parts(rows, row, columns, column, tile, context);
        if (context.cancelled()) return;
        visit(PairTile<T>{a, b, blocks.first(a) + row, blocks.first(b) + column, std::min(kSize, rows.count - row),
                          std::min(kSize, columns.count - column), index, entries});
      }
  };
  const auto n = static_cast<double>(blocks.samples);
  const double nanoseconds = kNanosecondsPerTerm * n * n / 2 * static_cast<double>((pairwise.columns() + 16) / step);
  context.for_each_range(blocks.pairs(), 1, nanoseconds, [&](std::size_t pair, std::size_t, std::size_t slot) {
    std::size_t a = 0, b = pair;
    while (b > a) b -= ++a;
    if ((a - b) % step != 0 || context.cancelled()) return;
    compare_blocks(a, b, slot);
    if (!context.cancelled()) progress.finish_part();
  });
}

}  // namespace genmi::affinity
