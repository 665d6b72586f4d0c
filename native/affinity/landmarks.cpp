#include "affinity/landmarks.h"

namespace genmi::affinity {
namespace {

template <class T>
std::vector<double> means_with(std::vector<std::int32_t> some, const Pairwise<T>& pairwise,
                               const PackedSamples<T>& samples, const Context& context) {
  for (std::int32_t& landmark : some)
    landmark = static_cast<std::int32_t>(samples.samples[static_cast<std::size_t>(landmark)]);
  const PackedSamples<T> few = pairwise.pack({some.data(), some.size()}, context);
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
  context.for_each_block(samples.padded(), kColumns, kNanosecondsPerTerm * terms, add_columns);
  return means;
}

}  // namespace

template <class T>
std::vector<double> take_out_offsets(const Pairwise<T>& pairwise, std::size_t landmark_count, const Context& context,
                                     PackedSamples<T>& samples) {
  const std::vector<std::int32_t> some = evenly_spread(samples.count, landmark_count);
  std::vector<double> offsets = means_with(some, pairwise, samples, context);
  centre_on_landmarks(some, offsets);
  for (std::size_t i = 0; i < samples.count; ++i) {
    // What is taken out is to be what was in float32, to the last digit.
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
