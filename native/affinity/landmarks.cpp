#include "affinity/landmarks.h"

#include <cmath>

namespace genmi::affinity {
namespace {

// A landmark is an outlier if the median of its |entries| exceeds this many times the median over landmarks.
constexpr double kOutlying = 64;
// Offsets are worth taking if they make the median |entry| smaller than this share of it.
constexpr double kWorthTaking = 1.0 / 2;

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The entries between a few samples, row by row.
template <class T>
std::vector<double> entries_between(const Pairwise<T>& pairwise, const PackedSamples<T>& few) {
  AlignedVector<T> tile(few.padded() * few.padded());
  pairwise.evaluate(few, 0, few, 0, {tile.data(), few.padded(), few.padded(), few.padded()});
  std::vector<double> entries;
  for (std::size_t i = 0; i < few.count; ++i)
    for (std::size_t j = 0; j < few.count; ++j) entries.push_back(static_cast<double>(tile[i * few.padded() + j]));
  return entries;
}

template <class T>
std::vector<double> means_with(const PackedSamples<T>& few, const Pairwise<T>& pairwise,
                               const PackedSamples<T>& samples, const Context& context) {
  std::vector<double> means(samples.count, 0.0);
  constexpr std::size_t kColumns = kTileSize<T>;
  const double terms = static_cast<double>(few.count * samples.count) * static_cast<double>(pairwise.columns());
  const auto add_columns = [&](std::size_t begin, std::size_t columns, std::size_t) {
    if (context.cancelled()) return;
    AlignedVector<T> entries(few.padded() * kColumns);
    pairwise.evaluate(few, 0, samples, begin, {entries.data(), kColumns, few.padded(), columns});
    for (std::size_t i = 0; i < few.count; ++i)
      for (std::size_t j = begin; j < std::min(samples.count, begin + columns); ++j)
        means[j] += static_cast<double>(entries[i * kColumns + (j - begin)]) / static_cast<double>(few.count);
  };
  context.for_each_range(samples.padded(), kColumns, kNanosecondsPerTerm * terms, add_columns);
  return means;
}

}  // namespace

std::vector<std::size_t> ordinary_landmarks(std::span<const double> entries, std::size_t count) {
  std::vector<double> levels, row;
  for (std::size_t i = 0; i < count; ++i) {
    row.clear();
    for (std::size_t j = 0; j < count; ++j) row.push_back(std::abs(entries[i * count + j]));
    levels.push_back(median(row));
  }
  std::vector<double> sorted = levels;
  const double limit = kOutlying * median(sorted);
  std::vector<std::size_t> ordinary;
  for (std::size_t i = 0; i < count; ++i)
    if (levels[i] <= limit) ordinary.push_back(i);
  return ordinary;
}

bool are_worth_taking(std::span<const double> entries, std::span<const double> offsets) {
  std::vector<double> before, after;
  for (std::size_t i = 0, k = 0; i < offsets.size(); ++i)
    for (std::size_t j = 0; j < offsets.size(); ++j, ++k) {
      before.push_back(std::abs(entries[k]));
      after.push_back(std::abs(entries[k] - offsets[i] - offsets[j]));
    }
  return median(after) < kWorthTaking * median(before);
}

template <class T>
std::vector<double> take_out_offsets(const Pairwise<T>& pairwise, std::size_t landmark_count, const Context& context,
                                     PackedSamples<T>& samples) {
  // places: where landmarks stand among the packed samples; some: their indices in the data.
  std::vector<std::int32_t> places = evenly_spread(samples.count, landmark_count), some;
  const auto select = [&] {
    some.clear();
    for (const std::int32_t place : places)
      some.push_back(static_cast<std::int32_t>(samples.samples[static_cast<std::size_t>(place)]));
    return pairwise.pack({some.data(), some.size()}, context);
  };
  PackedSamples<T> few = select();
  const Range range = pairwise.measure().range();
  const bool bounded = std::isfinite(range.lowest) && std::isfinite(range.highest);
  std::vector<double> between;
  if (!bounded) {
    between = entries_between(pairwise, few);
    const std::vector<std::size_t> ordinary = ordinary_landmarks(between, few.count);
    if (ordinary.size() < few.count) {
      std::transform(ordinary.begin(), ordinary.end(), places.begin(), [&](std::size_t k) { return places[k]; });
      places.resize(ordinary.size());
      few = select();
      between = entries_between(pairwise, few);
    }
  }
  std::vector<double> offsets = means_with(few, pairwise, samples, context);
  centre_on_landmarks(places, offsets);
  if (!bounded) {
    std::vector<double> of_landmarks;
    for (const std::int32_t place : places) of_landmarks.push_back(offsets[static_cast<std::size_t>(place)]);
    if (!are_worth_taking(between, of_landmarks)) return std::vector<double>(samples.count, 0.0);
  }
  for (std::size_t i = 0; i < samples.count; ++i) {
    // Rounded to T before it is taken out, so that adding it again is exact.
    offsets[i] = static_cast<double>(static_cast<T>(offsets[i]));
    samples.added[i] -= offsets[i];
  }
  return offsets;
}

template std::vector<double> take_out_offsets(const Pairwise<float>&, std::size_t, const Context&,
                                              PackedSamples<float>&);
template std::vector<double> take_out_offsets(const Pairwise<double>&, std::size_t, const Context&,
                                              PackedSamples<double>&);

}  // namespace genmi::affinity
