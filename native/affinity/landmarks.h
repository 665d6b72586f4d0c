// A few samples that stand for all.
//
// Per-sample offsets take a kernel's mean out of what is stored or multiplied: double centring, with the means over the
// landmarks instead of over all samples. Objectives do not see the difference; float32 entries keep 7 digits of what
// varies.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "affinity/pairwise.h"

namespace genmi::affinity {

// Evenly spread over the data, at most count of them.
inline std::vector<std::int32_t> evenly_spread(std::size_t size, std::size_t count) {
  count = std::min(size, count);
  std::vector<std::int32_t> samples(count);
  for (std::size_t i = 0; i < count; ++i) samples[i] = static_cast<std::int32_t>(i * size / count);
  return samples;
}

// For what is stored, and for what is made for one product, where they cost a share of the rest: the mean over 16
// entries is off by a quarter of what varies.
inline constexpr std::size_t kLandmarks = 64, kFewLandmarks = 16;

// means[i], sample i's mean entry with the landmarks, becomes its offset.
inline void centre_on_landmarks(std::span<const std::int32_t> landmarks, std::span<double> means) {
  double mean = 0;
  for (const std::int32_t landmark : landmarks) mean += means[static_cast<std::size_t>(landmark)];
  for (double& each : means) each -= mean / (2 * static_cast<double>(landmarks.size()));
}

// A matrix between landmarks: the places of those with entries like most others'. An outlier among them would give
// every sample an offset of its own magnitude.
std::vector<std::size_t> ordinary_landmarks(std::span<const double> entries, std::size_t count);

// Whether offsets make the entries between landmarks much smaller; else they would only add their rounding.
bool are_worth_taking(std::span<const double> entries, std::span<const double> offsets);

// Takes the offsets out of the samples' parts of their entries, and returns them. A kernel without bounds keeps entries
// as they are where offsets are not worth taking.
template <class T>
std::vector<double> take_out_offsets(const Pairwise<T>& pairwise, std::size_t landmark_count, const Context& context,
                                     PackedSamples<T>& samples);

}  // namespace genmi::affinity
