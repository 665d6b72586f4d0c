// A few samples that stand for all.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace genmi::affinity {

// Evenly spread over the data, at most count of them.
inline std::vector<std::int32_t> evenly_spread(std::size_t size, std::size_t count) {
  count = std::min(size, count);
  std::vector<std::int32_t> samples(count);
  for (std::size_t i = 0; i < count; ++i) samples[i] = static_cast<std::int32_t>(i * size / count);
  return samples;
}

inline std::vector<std::int32_t> landmarks(std::size_t size) { return evenly_spread(size, 64); }

// Per-sample offsets that take a kernel's mean out of what is stored: double centring, with the means over the
// landmarks instead of over all samples. Objectives do not see the difference; float32 entries keep 7 digits of what
// varies. means[i] is sample i's mean entry with the landmarks, and becomes its offset.
inline void centre_on_landmarks(std::vector<double>& means) {
  double mean = 0;
  const std::vector<std::int32_t> some = landmarks(means.size());
  for (const std::int32_t landmark : some) mean += means[static_cast<std::size_t>(landmark)];
  for (double& each : means) each -= mean / (2 * static_cast<double>(some.size()));
}

}  // namespace genmi::affinity
