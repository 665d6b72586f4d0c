// A mover draws a random map for an image, and moves its pixels: one class for each kind of map.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "genmi/perturbation.h"
#include "perturbations/image.h"

namespace genmi::perturbations {

class Mover {
 public:
  virtual ~Mover() = default;
  // Nanoseconds for each pixel, roughly.
  virtual double cost() const = 0;
  // `random` is the state of this image's draws; `slot` is that of the task that calls.
  virtual void move(const Image& image, std::uint64_t& random, std::size_t slot, float* out) const = 0;
};

// Scratch memory of a mover is taken from the context's workspace, and lasts until its current frame ends.
std::unique_ptr<Mover> make_mover(const AffineMap& map);
std::unique_ptr<Mover> make_mover(const ElasticMap& map, const Images& images, const Context& context);

}  // namespace genmi::perturbations
