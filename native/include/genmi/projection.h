// Projections of images onto Wasserstein balls, and the largest values of linear functions on these balls, by entropic
// transport within windows.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "genmi/context.h"
#include "genmi/status.h"

namespace genmi {

// Balls around `count` centres, each of channels x height x width masses whose sum is 1. A ball has all z that a plan P
// makes of a centre x: P 1 = x, P' 1 = z, <P, C> <= cost. P moves mass within a channel, at most `reach` pixels along
// either axis. C_ij = |i - j|^2 / (channels * the channel's mass in x): <P, C> is the mean over channels of a mean
// squared distance.
struct WassersteinBalls {
  std::size_t count = 0, height = 0, width = 0, channels = 0;
  std::size_t reach = 0;
  double cost = 0;    // positive
  double lambda = 0;  // positive; the larger, the nearer to a problem without entropy

  std::size_t size() const { return channels * height * width; }  // of one image
};

struct Convergence {
  double tolerance = 0;
  std::size_t iterations = 0;  // at most
};

// A projected image is followed by two numbers: the bound on its distance to the solution, and the iterations made.
inline constexpr std::size_t kProjectionNumbers = 2;

// z = argmin lambda / 2 |w - z|^2 + sum P log P over the ball, for each image w of any finite numbers. The iteration
// ends when |z - argmin| <= tolerance is proven. Every z is in its ball, also where the iteration ends without this
// proof. `out`: count x (size() + kProjectionNumbers).
//
// Without `convergence`, z = argmax lambda <w, z> - sum P log P, and the centre itself where no plan gains anything.
// `out`: count x size().
//
// kAborted leaves `out` undone. Cost: O(size() reach) for an iteration.
Status project(const WassersteinBalls& balls, const std::optional<Convergence>& convergence, const double* centers,
               const double* images, const Context& context, std::span<double> out);

}  // namespace genmi
