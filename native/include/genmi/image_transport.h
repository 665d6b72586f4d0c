// Squared Wasserstein-2 distances between images, as distributions of mass over the grid of their pixels.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "genmi/context.h"
#include "genmi/status.h"

namespace genmi {

// `count` images a and as many images b, each of height x width masses >= 0 whose sum is 1.
struct ImagePairs {
  std::size_t count = 0, height = 0, width = 0;
  const double *a = nullptr, *b = nullptr;
};

// The end of entropic transport: when half the difference of the bounds on a distance, in pixels, is at most the
// tolerance, or after so many iterations.
struct EntropicLimits {
  double tolerance = 0;
  std::size_t iterations = 0;
};

// The results of a pair: a lower and an upper bound on W2^2 = min sum_pq P_pq |p - q|^2, and the iterations or pivots
// made. With potentials, height x width dual potentials v of b follow: the lower bound is <u, a> + <v, b>, u_p + v_q <=
// |p - q|^2.
inline constexpr std::size_t kImageNumbers = 3;

// Exact where there are no limits: both bounds are W2^2 then. Cost: O(M^2.1) for M pixels with mass; with limits,
// O(height width (height + width)) for an iteration. kAborted leaves `out` undone.
Status transport_images(const ImagePairs& pairs, const std::optional<EntropicLimits>& limits, bool potentials,
                        const Context& context, std::span<double> out);

}  // namespace genmi
