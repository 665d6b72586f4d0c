#include "affinity/principal_projections.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "simd/reductions.h"

namespace genmi::affinity {
namespace {

// Steps of orthogonal iteration: after two, directions of digits are within 2 % of the variance of the best.
constexpr int kSteps = 2;
// At most this share of a sample's length is lost to rounding, for up to kSegment features and 250 directions.
constexpr double kRounding = 0x1p-13;
// Longest samples whose projections are numbers of float32, and what such numbers may lose near 0.
constexpr double kShortest = 0x1p-60, kLongest = 0x1p+60, kLostNearZero = 0x1p-100;
// A direction that keeps less than this of its length beside the others is one of rounding.
constexpr double kDependent = 1e-6;
constexpr double kNanosecondsPerNumber = 0.5;

double margin_of(double length) { return kRounding * length + kLostNearZero; }

double square_between(const double* x, const double* y, std::size_t d) {
  return simd::sum(x, y, d, [](double a, double b) { return (a - b) * (a - b); });
}

// Directions, a row of d numbers each.
class Directions {
 public:
  Directions(std::size_t count, std::size_t d) : d_(d), rows_(count * d) {}

  std::size_t count() const { return rows_.size() / d_; }
  double* row(std::size_t j) { return rows_.data() + j * d_; }
  const double* row(std::size_t j) const { return rows_.data() + j * d_; }

  // Gram-Schmidt, twice for each direction. A direction that depends on those before it becomes 0.
  void make_orthonormal() {
    for (std::size_t j = 0; j < count(); ++j) {
      double* const direction = row(j);
      const double before = length(direction);
      for (int pass = 0; pass < 2; ++pass)
        for (std::size_t other = 0; other < j; ++other)
          simd::add_scaled(-simd::inner(row(other), direction, d_), row(other), d_, direction);
      const double after = length(direction), by = after > kDependent * before ? 1 / after : 0;
      for (std::size_t f = 0; f < d_; ++f) direction[f] *= by;
    }
  }

 private:
  double length(const double* direction) const { return std::sqrt(simd::inner(direction, direction, d_)); }

  std::size_t d_;
  std::vector<double> rows_;
};

// Some samples, evenly spread over the data, a row of d numbers each.
struct Sample {
  std::size_t count, d;
  std::vector<double> numbers;

  template <class T>
  Sample(const Pairwise<T>& pairwise, std::size_t most)
      : count(std::min(most, pairwise.size())), d(pairwise.columns()), numbers(count * d) {
    for (std::size_t s = 0; s < count; ++s)
      std::copy_n(pairwise.sample(s * pairwise.size() / count), d, numbers.data() + s * d);
  }
  const double* row(std::size_t s) const { return numbers.data() + s * d; }
};

// The principal directions of the sampled rows S, by orthogonal iteration: Q = orthonormal(S' S Q).
Directions principal_directions(const Sample& sample, std::size_t count, const Context& context) {
  const std::size_t d = sample.d;
  Directions directions(count, d);
  for (std::size_t j = 0; j < count; ++j) std::copy_n(sample.row(j * sample.count / count), d, directions.row(j));
  directions.make_orthonormal();
  const double nanoseconds = 2 * kNanosecondsPerNumber * static_cast<double>(sample.count * count * d);
  for (int step = 0; step < kSteps && !context.cancelled(); ++step) {
    context.for_each_range(count, 1, nanoseconds, [&](std::size_t j, std::size_t, std::size_t) {
      if (context.cancelled()) return;
      std::vector<double> next(d, 0.0);
      for (std::size_t s = 0; s < sample.count; ++s)
        simd::add_scaled(simd::inner(sample.row(s), directions.row(j), d), sample.row(s), d, next.data());
      std::copy(next.begin(), next.end(), directions.row(j));
    });
    directions.make_orthonormal();
  }
  return directions;
}

// The share of pairs of sampled rows that would be compared: their projections are nearer than a neighbour of one of
// them, or not farther than rounding. The nearest of m samples stands for the k-th nearest of n, if k / n < 1 / m; the
// share is larger than that of all pairs then.
double share_of_near_pairs(const Sample& sample, const Directions& directions, double k_of_n, const Context& context) {
  const std::size_t m = sample.count, d = sample.d, r = directions.count();
  const auto nearest = std::clamp<std::size_t>(static_cast<std::size_t>(k_of_n * static_cast<double>(m)), 1, m - 1) - 1;
  std::vector<double> projected(m * r), limits(m), margins(m), near(m, 0.0);
  const double nanoseconds = kNanosecondsPerNumber * static_cast<double>(m * m * (d + r));
  context.for_each_range(m, 1, nanoseconds, [&](std::size_t i, std::size_t, std::size_t) {
    if (context.cancelled()) return;
    for (std::size_t j = 0; j < r; ++j) projected[i * r + j] = simd::inner(sample.row(i), directions.row(j), d);
    std::vector<double> squares;
    for (std::size_t j = 0; j < m; ++j)
      if (j != i) squares.push_back(square_between(sample.row(i), sample.row(j), d));
    const auto at = squares.begin() + static_cast<std::ptrdiff_t>(nearest);
    std::nth_element(squares.begin(), at, squares.end());
    limits[i] = Projections::kLonger * std::sqrt(*at);
    margins[i] = margin_of(std::sqrt(simd::inner(sample.row(i), sample.row(i), d)));
  });
  context.for_each_range(m, 1, nanoseconds, [&](std::size_t i, std::size_t, std::size_t) {
    if (context.cancelled()) return;
    for (std::size_t j = 0; j < i; ++j)
      near[i] += std::sqrt(square_between(&projected[i * r], &projected[j * r], r)) <=
                 std::max(limits[i], limits[j]) + margins[i] + margins[j];
  });
  return std::accumulate(near.begin(), near.end(), 0.0) / (static_cast<double>(m) * static_cast<double>(m - 1) / 2);
}

// The margins of all samples; empty where lengths are beyond the range of float32.
template <class T>
std::vector<float> find_margins(const Pairwise<T>& pairwise, const Context& context) {
  const std::size_t n = pairwise.size(), d = pairwise.columns();
  std::vector<double> lengths(n);
  context.for_each_range(n, 64, static_cast<double>(n * d), [&](std::size_t first, std::size_t count, std::size_t) {
    for (std::size_t i = first; i < first + count && !context.cancelled(); ++i)
      lengths[i] = std::sqrt(simd::inner(pairwise.sample(i), pairwise.sample(i), d));
  });
  const double longest = *std::max_element(lengths.begin(), lengths.end());
  if (!(longest > kShortest && longest < kLongest)) return {};
  std::vector<float> margins(n);
  for (std::size_t i = 0; i < n; ++i) margins[i] = static_cast<float>(margin_of(lengths[i]));
  return margins;
}

// Directions in panels, as the kernels of pairwise affinities take them.
template <class T>
AlignedVector<T> in_panels(const Directions& directions, std::size_t d) {
  constexpr std::size_t kPanel = simd::kFeaturePanel<T>;
  const std::size_t panels = (directions.count() + kPanel - 1) / kPanel;
  AlignedVector<T> packed(panels * kPanel * d, T{0});
  for (std::size_t j = 0; j < directions.count(); ++j)
    for (std::size_t f = 0; f < d; ++f)
      packed[(j / kPanel * d + f) * kPanel + j % kPanel] = static_cast<T>(directions.row(j)[f]);
  return packed;
}

template <class T>
AlignedVector<float> project(const Pairwise<T>& pairwise, const Directions& directions, const Context& context) {
  const std::size_t n = pairwise.size(), d = pairwise.columns(), r = directions.count();
  constexpr std::size_t kRows = kTileSize<T>;
  const AlignedVector<T> columns = in_panels<T>(directions, d);
  const std::size_t width = columns.size() / d;
  const auto reduce = context.kernels.pairwise<T>().reduce[static_cast<std::size_t>(Reduction::kInner)];
  AlignedVector<float> rows(n * r);
  std::vector<PackedSamples<T>> blocks(context.slots());
  std::vector<AlignedVector<T>> tiles(context.slots(), AlignedVector<T>(kRows * width));
  const double nanoseconds = kNanosecondsPerTerm * static_cast<double>(n * d * r);
  context.for_each_range(n, kRows, nanoseconds, [&](std::size_t first, std::size_t count, std::size_t slot) {
    if (context.cancelled()) return;
    PackedSamples<T>& block = blocks[slot];
    pairwise.pack({nullptr, n}, first, first + count, block);
    const simd::Tile<T> tile{tiles[slot].data(), width, block.padded(), width};
    reduce({block.panels.data(), columns.data(), d, 0, d}, tile);
    for (std::size_t i = 0; i < count; ++i) {
      const T* const entries = tile.entries + i * width;
      std::transform(entries, entries + r, rows.data() + (first + i) * r,
                     [](T each) { return static_cast<float>(each); });
    }
  });
  return rows;
}

}  // namespace

template <class T>
std::optional<Projections> find_projections(const Pairwise<T>& pairwise, std::size_t k,
                                            const ProjectionOptions& options, const Context& context) {
  const std::size_t n = pairwise.size(), d = pairwise.columns();
  if (n < options.least_samples || d < options.least_features || d > simd::kSegment || pairwise.has_doubts())
    return std::nullopt;
  std::vector<float> margins = find_margins(pairwise, context);
  if (margins.empty()) return std::nullopt;
  const Sample sample(pairwise, options.sampled);
  const Directions directions = principal_directions(sample, options.directions, context);
  const double k_of_n = static_cast<double>(k) / static_cast<double>(n);
  if (share_of_near_pairs(sample, directions, k_of_n, context) > options.most_near) return std::nullopt;
  AlignedVector<float> rows = project(pairwise, directions, context);
  if (context.cancelled()) return std::nullopt;
  return Projections{directions.count(), std::move(rows), std::move(margins)};
}

template std::optional<Projections> find_projections(const Pairwise<float>&, std::size_t, const ProjectionOptions&,
                                                     const Context&);
template std::optional<Projections> find_projections(const Pairwise<double>&, std::size_t, const ProjectionOptions&,
                                                     const Context&);

}  // namespace genmi::affinity
