// Random choices that are the same on every machine.
#pragma once

#include <cstdint>

namespace genmi {

inline constexpr std::uint64_t kRandomStep = 0x9e3779b97f4a7c15u;

// splitmix64: advances the state by kRandomStep and returns 64 random bits.
// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
inline std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t bits = (state += kRandomStep);
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  return bits ^ (bits >> 31);
}

// Uniform in (0, 1).
inline double uniform(std::uint64_t& state) { return (static_cast<double>(next_random(state) >> 11) + 0.5) * 0x1p-53; }

}  // namespace genmi
