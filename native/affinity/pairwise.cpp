#include "affinity/pairwise.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "simd/reductions.h"

namespace genmi::affinity {
namespace {

// Matrices of more bytes than this leave the caches before they are read.
constexpr std::size_t kCached = std::size_t{1} << 24;
// The share of the shift taken from `least`. With nearly half from both samples, reductions r < least_i + least_j +
// shift / 64 are doubted, because the shift rounds them.
constexpr double kShiftBelowLeast = 63.0 / 128;
constexpr std::size_t kManyFeatures = std::size_t{1} << 12;
constexpr double kLargestPower = 1 << 20;

bool is_whole(double degree) { return degree >= 0 && degree <= kLargestPower && degree == std::floor(degree); }

// Powers of any degree, by libm: vector kernels know whole degrees only.
template <class T>
void scalar_power(const simd::Tile<T>& tile, const simd::Finish<T>& finish) {
  for (std::size_t i = 0; i < tile.rows; ++i)
    for (std::size_t j = 0; j < tile.columns; ++j) {
      T& entry = tile.entries[i * tile.stride + j];
      const double base = static_cast<double>(entry) * finish.gamma + (finish.inner_columns[j] + finish.inner_rows[i]);
      entry = static_cast<T>(std::pow(base, finish.degree) + (finish.columns[j] + finish.rows[i]));
    }
}

simd::Tile<float> in_precision(const simd::Kernels&, const simd::Tile<float>& tile, float*) { return tile; }
simd::Tile<double> in_precision(const simd::Kernels&, const simd::Tile<double>& tile, double*) { return tile; }
simd::Tile<float> in_precision(const simd::Kernels& kernels, const simd::Tile<double>& tile, float* rounded) {
  constexpr std::size_t kFeaturePanel = simd::kFeaturePanel<float>;
  const simd::Tile<float> narrowed{rounded, tile.stride,
                                   (tile.rows + kFeaturePanel - 1) / kFeaturePanel * kFeaturePanel,
                                   (tile.columns + kFeaturePanel - 1) / kFeaturePanel * kFeaturePanel};
  kernels.narrow(tile, narrowed);
  return narrowed;
}

// tile = a reduction over any number of features.
template <class T>
void reduce(const simd::PairwiseKernels<T>& kernels, Reduction reduction, const simd::PanelPair<T>& panels,
            const simd::Tile<T>& tile) {
  const auto index = static_cast<std::size_t>(reduction);
  const auto segment = [&](std::size_t begin) {
    simd::PanelPair<T> some = panels;
    some.begin = begin;
    some.end = std::min(panels.features, begin + simd::kSegment);
    return some;
  };
  kernels.reduce[index](segment(0), tile);
  if (panels.features <= simd::kSegment) return;
  AlignedVector<T> entries(tile.rows * tile.stride), error(tile.rows * tile.stride, T{0});
  const simd::Tile<T> next{entries.data(), tile.stride, tile.rows, tile.columns};
  for (std::size_t begin = simd::kSegment; begin < panels.features; begin += simd::kSegment) {
    kernels.reduce[index](segment(begin), next);
    kernels.join[index](next, error.data(), tile);
  }
  for (std::size_t i = 0; i < tile.rows; ++i)
    for (std::size_t j = 0; j < tile.columns; ++j) tile.entries[i * tile.stride + j] += error[i * tile.stride + j];
}

// Writes zeros for the padding of the last panel.
template <class S>
void clear_padding(const simd::Tile<S>& tile, std::size_t rows, std::size_t columns) {
  for (std::size_t i = 0; i < rows && columns < tile.columns; ++i)
    std::fill(tile.entries + i * tile.stride + columns, tile.entries + i * tile.stride + tile.columns, S{0});
  for (std::size_t i = rows; i < tile.rows; ++i)
    std::fill(tile.entries + i * tile.stride, tile.entries + i * tile.stride + tile.columns, S{0});
}

}  // namespace

template <class T>
void Pairwise<T>::prepare(const simd::Kernels& kernels, Rows rows, std::size_t begin, std::size_t end,
                          PackedSamples<T>& into) const {
  into.kernels = &kernels;
  into.count = end - begin;
  into.samples.resize(into.count);
  for (std::size_t k = 0; k < into.count; ++k) into.samples[k] = rows[begin + k];
  const std::size_t padded = into.padded();
  into.panels.resize(padded * columns());
  into.added.assign(padded, 0.0);
  into.own.assign(padded, 0);
  into.least.assign(padded, 0);
  into.inner.assign(padded, 0.0);
  into.doubt.assign(has_doubts() ? padded : 0, 0);
  for (std::size_t k = 0; k < into.count; ++k) {
    const std::size_t i = into.samples[k];
    into.added[k] = added_[i];
    if (has_parts()) {
      into.own[k] = static_cast<T>(own_[i] - static_cast<double>(shift_) / 2);
      into.least[k] = static_cast<T>(least_[i] - static_cast<double>(shift_) * kShiftBelowLeast);
    }
    if (!inner_.empty()) into.inner[k] = inner_[i];
    if (has_doubts()) into.doubt[k] = has_parts() ? doubt_[i] - shift_ / 2 : doubt_[i];
  }
}

template <class T>
void Pairwise<T>::pack_panel(std::size_t panel, PackedSamples<T>& into) const {
  const T* samples[simd::kFeaturePanel<T>];
  for (std::size_t lane = 0; lane < simd::kFeaturePanel<T>; ++lane) {
    const std::size_t k = panel * simd::kFeaturePanel<T> + lane;
    samples[lane] = k < into.count ? sample(into.samples[k]) : nullptr;
  }
  into.kernels->template pairwise<T>().pack(samples, columns(),
                                            into.panels.data() + panel * simd::kFeaturePanel<T> * columns());
}

template <class T>
void Pairwise<T>::pack(Rows rows, std::size_t begin, std::size_t end, PackedSamples<T>& into) const {
  prepare(*kernels_, rows, begin, end, into);
  for (std::size_t panel = 0; panel < into.padded() / simd::kFeaturePanel<T>; ++panel) pack_panel(panel, into);
}

template <class T>
PackedSamples<T> Pairwise<T>::pack(Rows rows, const Context& context) const {
  PackedSamples<T> packed;
  prepare(context.kernels, rows, 0, rows.count, packed);
  const std::size_t panels = packed.padded() / simd::kFeaturePanel<T>;
  context.for_each_range(panels, 1, kNanosecondsPerTerm * static_cast<double>(rows.count * columns()),
                         [&](std::size_t panel, std::size_t, std::size_t) {
                           if (!context.cancelled()) pack_panel(panel, packed);
                         });
  return packed;
}

template <class T>
void Pairwise<T>::finish(const simd::PairwiseKernels<T>& kernels, const simd::Finish<T>& finish,
                         const simd::Tile<T>& tile) const {
  switch (measure_->finish) {
    case Finish::kAffine: return kernels.affine(tile, finish);
    case Finish::kRoot: return kernels.root(tile, finish);
    case Finish::kTanh: return kernels.tanh(tile, finish);
    case Finish::kPower: return (is_whole(finish.degree) ? kernels.power : &scalar_power<T>)(tile, finish);
    case Finish::kExponential:
      return (sizeof(T) == sizeof(float) ? kernels.exponential_less_one : kernels.exponential)(tile, finish);
  }
}

// A maker may add features up in two levels alone, whose rounding grows with the number of features.
template <class T>
std::optional<PairEntries<T>> Pairwise<T>::parts(const PackedSamples<T>& all) const {
  if (has_doubts() || columns() > simd::kSegment) return std::nullopt;
  const std::size_t n = size();
  const auto in_order = [n](const auto& padded) { return std::vector<double>(padded.begin(), padded.begin() + n); };
  return PairEntries<T>{
      .n = n,
      .d = columns(),
      .rows = features_.rows.data(),
      .stride = features_.stride,
      .reduction = measure_->reduction,
      .over_total = measure_->traits.divisor.has_value(),
      .finish = measure_->finish,
      .less_one = measure_->finish == Finish::kExponential && sizeof(T) == sizeof(float),
      .scale = finish_.scale,
      .gamma = finish_.gamma,
      .degree = finish_.degree,
      .subtract = static_cast<double>(shift_),
      .at_zero = static_cast<double>(finish_.at_zero),
      .most = measure_->traits.normalises ? 4 : std::numeric_limits<double>::infinity(),
      .added = in_order(all.added),
      .inner = in_order(all.inner),
  };
}

template <class T>
double Pairwise<T>::distance(std::size_t i, std::size_t j) const {
  const auto square_of_difference = [](double a, double b) { return (a - b) * (a - b); };
  return std::sqrt(simd::sum(sample(i), sample(j), columns(), square_of_difference));
}

// A tile of many features takes long. It is evaluated a panel of rows and a panel of columns at a time, with a look at
// the job before each.
template <class T>
void Pairwise<T>::evaluate_in_parts(const PackedSamples<T>& rows, std::size_t row, const PackedSamples<T>& columns,
                                    std::size_t column, const simd::Tile<T>& tile, const Context& context) const {
  constexpr std::size_t kPanel = simd::kFeaturePanel<T>;
  if (this->columns() < kManyFeatures) return evaluate(rows, row, columns, column, tile);
  for (std::size_t i = 0; i < tile.rows; i += kPanel)
    for (std::size_t j = 0; j < tile.columns && !context.cancelled(); j += kPanel)
      evaluate(rows, row + i, columns, column + j,
               {tile.entries + i * tile.stride + j, tile.stride, std::min(kPanel, tile.rows - i),
                std::min(kPanel, tile.columns - j)});
}

template <class T>
void Pairwise<T>::evaluate(const PackedSamples<T>& rows, std::size_t row, const PackedSamples<T>& columns,
                           std::size_t column, const simd::Tile<T>& tile) const {
  const simd::PairwiseKernels<T>& kernels = rows.kernels->template pairwise<T>();
  const std::size_t d = this->columns();
  const simd::PanelPair<T> panels{rows.panels.data() + row * d, columns.panels.data() + column * d, d, 0, d};
  const bool squared = measure_->reduction == Reduction::kSquaredEuclidean;
  const Reduction shared = squared ? Reduction::kInner : Reduction::kLesser;
  std::vector<DoubtedPair> doubts;
  reduce(kernels, has_parts() ? shared : measure_->reduction, panels, tile);
  if (has_parts()) {
    const simd::OwnParts<T> parts{rows.own.data() + row, columns.own.data() + column, rows.least.data() + row,
                                  columns.least.data() + column, shift_};
    (squared ? kernels.add_squares : kernels.add_sums)(panels, parts, tile);
  }
  if (has_doubts()) collect_doubts(rows, row, columns, column, tile, doubts);
  if (measure_->traits.divisor) {
    AlignedVector<T> entries(tile.rows * tile.stride);
    const simd::Tile<T> divisors{entries.data(), tile.stride, tile.rows, tile.columns};
    reduce(kernels, *measure_->traits.divisor, panels, divisors);
    if (has_doubts()) collect_doubts(rows, row, columns, column, divisors, doubts);
    kernels.divide(divisors, tile);
  }
  if (measure_->traits.normalises) {
    // The squared distance of two directions is at most 4.
    const T most = 4 - shift_;
    for (std::size_t i = 0; i < tile.rows; ++i)
      for (T *entry = tile.entries + i * tile.stride, *end = entry + tile.columns; entry < end; ++entry)
        *entry = std::min(*entry, most);
  }
  simd::Finish<T> with = finish_;
  with.rows = rows.added.data() + row;
  with.columns = columns.added.data() + column;
  with.inner_rows = rows.inner.data() + row;
  with.inner_columns = columns.inner.data() + column;
  finish(kernels, with, tile);
  if (!doubts.empty()) evaluate_again(rows, row, columns, column, doubts, tile);
  if (!has_zeros_ || measure_->kind != Kind::kDistance) return;
  // A sample without a direction is orthogonal to all samples, yet at distance 0 from itself.
  for (std::size_t i = 0; i < tile.rows && row + i < rows.count; ++i)
    for (std::size_t j = 0; j < tile.columns && column + j < columns.count; ++j)
      if (rows.samples[row + i] == columns.samples[column + j]) tile.entries[i * tile.stride + j] = 0;
}

template <class T>
std::vector<double> Pairwise<T>::reduced_pairs(Rows rows, const Context& context) const {
  const PackedSamples<T> packed = pack(rows, context);
  const std::size_t n = rows.count, d = columns(), panel = simd::kFeaturePanel<T>;
  std::vector<double> pairs(n * (n - 1) / 2);
  const auto reduce_rows = [&](std::size_t begin, std::size_t count, std::size_t) {
    if (context.cancelled()) return;
    const std::size_t end = begin + count;
    AlignedVector<T> strip(panel * (begin + panel));
    const simd::Tile<T> tile{strip.data(), begin + panel, panel, begin + panel};
    reduce<T>(context.kernels.template pairwise<T>(), measure_->reduction,
              {packed.panels.data() + begin * d, packed.panels.data(), d, 0, d}, tile);
    for (std::size_t i = begin; i < end; ++i)
      for (std::size_t j = 0; j < i; ++j) {
        const T reduced = strip[(i - begin) * tile.stride + j];
        double& pair = pairs[i * (i - 1) / 2 + j];
        pair = static_cast<double>(reduced);
        if (!has_doubts() || reduced >= doubt_[rows[i]] + doubt_[rows[j]]) continue;
        const Scaled exact = exact_reduction(rows[i], rows[j]);
        pair = std::ldexp(exact.value, exact.exponent);
      }
  };
  context.for_each_range(n, panel, kNanosecondsPerTerm * static_cast<double>(pairs.size() * d), reduce_rows);
  return pairs;
}

template <class T>
std::size_t Pairwise<T>::tiles(std::size_t count) {
  const std::size_t side = (count + kTileSize<T> - 1) / kTileSize<T>;
  return side * (side + 1) / 2;
}

template <class T>
template <class S>
bool Pairwise<T>::fill(const PackedSamples<T>& samples, const Context& context, Progress& progress, S* out,
                       std::size_t stride) const {
  const Workspace::Frame frame(context.workspace);
  constexpr std::size_t kSize = kTileSize<T>, kArea = kSize * kSize;
  const std::size_t count = samples.count, parts = tiles(count);
  const std::span<T> evaluated = context.workspace.take<T>(context.slots() * kArea);
  const std::span<S> rounded = context.workspace.take<S>(sizeof(S) == sizeof(T) ? 0 : context.slots() * kArea);
  const bool stream = count * stride * sizeof(S) > kCached;
  const simd::PairwiseKernels<S>& kernels = samples.kernels->template pairwise<S>();
  std::atomic<bool> finite{true};
  const auto make_tile = [&](std::size_t index, std::size_t, std::size_t slot) {
    if (context.cancelled()) return;
    std::size_t a = 0, b = index;
    while (b > a) b -= ++a;
    const std::size_t row = a * kSize, column = b * kSize;
    const std::size_t rows = std::min(count - row, kSize), columns = std::min(count - column, kSize);
    const simd::Tile<T> tile{evaluated.data() + slot * kArea, kSize, std::min(samples.padded() - row, kSize),
                             std::min(samples.padded() - column, kSize)};
    evaluate_in_parts(samples, row, samples, column, tile, context);
    const simd::Tile<S> ready =
        in_precision(*samples.kernels, tile, rounded.data() + slot * rounded.size() / context.slots());
    clear_padding(ready, rows, columns);
    if (!kernels.store({ready.entries, kSize, rows, ready.columns}, out + row * stride + column, stride, stream))
      finite.store(false, std::memory_order_relaxed);
    if (a != b)
      kernels.mirror({ready.entries, kSize, ready.rows, columns}, out + column * stride + row, stride, stream);
    progress.finish_part();
  };
  const double terms = static_cast<double>(count * count / 2) * static_cast<double>(this->columns() + 16);
  context.for_each_range(parts, 1, kNanosecondsPerTerm * terms, make_tile);
  return finite.load();
}

template class Pairwise<float>;
template class Pairwise<double>;
template bool Pairwise<float>::fill(const PackedSamples<float>&, const Context&, Progress&, float*, std::size_t) const;
template bool Pairwise<double>::fill(const PackedSamples<double>&, const Context&, Progress&, float*,
                                     std::size_t) const;
template bool Pairwise<double>::fill(const PackedSamples<double>&, const Context&, Progress&, double*,
                                     std::size_t) const;

}  // namespace genmi::affinity
