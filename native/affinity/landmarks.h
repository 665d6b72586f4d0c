// Landmarks: a few samples that stand for all.
//
// An offset for each sample takes a kernel's mean out of entries that are stored or multiplied. This is double
// centring, with means over the landmarks instead of all samples. Objectives do not see the difference; float32 entries
// keep 7 digits of the part that varies.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "affinity/pairwise.h"

namespace genmi::affinity {

// The indices of at most count samples, evenly spread over the data.
inline std::vector<std::int32_t> evenly_spread(std::size_t size, std::size_t count) {
  count = std::min(size, count);
  std::vector<std::int32_t> samples(count);
  for (std::size_t i = 0; i < count; ++i) samples[i] = static_cast<std::int32_t>(i * size / count);
  return samples;
}

// The numbers of landmarks: for stored entries, and for entries made for one product, where landmarks cost a share.
// The mean over 16 entries is off by a quarter of their deviation.
inline constexpr std::size_t kLandmarks = 64, kFewLandmarks = 16;

// means[i]: the mean entry of sample i with the landmarks, which becomes its offset.
inline void centre_on_landmarks(std::span<const std::int32_t> landmarks, std::span<double> means) {
  double mean = 0;
  for (const std::int32_t landmark : landmarks) mean += means[static_cast<std::size_t>(landmark)];
  for (double& each : means) each -= mean / (2 * static_cast<double>(landmarks.size()));
}

// The places of the landmarks that are no outliers, given the count x count entries between landmarks. An outlier would
// give every sample an offset of its own magnitude.
std::vector<std::size_t> ordinary_landmarks(std::span<const double> entries, std::size_t count);

// Whether offsets make the entries between landmarks much smaller; other offsets would only add their rounding.
bool are_worth_taking(std::span<const double> entries, std::span<const double> offsets);

// Takes offsets out of the samples' `added` parts, and returns them. They are 0 for a kernel without bounds where they
// are not worth taking.
template <class T>
std::vector<double> take_out_offsets(const Pairwise<T>& pairwise, std::size_t landmark_count, const Context& context,
                                     PackedSamples<T>& samples);

}  // namespace genmi::affinity
