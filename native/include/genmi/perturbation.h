// Perturbed copies of images: a random map moves the pixels, and intensities between pixels are interpolated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "genmi/context.h"
#include "genmi/rows.h"
#include "genmi/status.h"

namespace genmi {

// count x height x width x channels intensities, row-major. A byte stands for scale * byte + offset.
struct Images {
  std::variant<const float*, const std::uint8_t*> data;
  std::size_t count = 0, height = 0, width = 0, channels = 0;
  double scale = 1, offset = 0;

  std::size_t size() const { return height * width * channels; }  // of one image
};

// A number is drawn uniformly between both.
struct RandomRange {
  double least = 0, largest = 0;
};

// The image is scaled, then sheared, then rotated about its centre, then shifted.
struct AffineMap {
  RandomRange rotation;     // in degrees, counter-clockwise
  RandomRange scale{1, 1};  // positive
  RandomRange shear;        // in degrees: rows move to the right by their distance below the centre, times the tangent
  RandomRange shift;        // down by a share of the height, then right by another share of the width
};

// Each pixel has the intensity at its own place plus a displacement: white noise, uniform in [-amplitude, amplitude]
// pixels for either axis, which a Gaussian filter has smoothed. Reflections continue the noise beyond the image.
struct ElasticMap {
  double amplitude = 0;
  double sigma = 0;  // of the filter, in pixels; it ends after 4 sigma
};

using Map = std::variant<AffineMap, ElasticMap>;

struct Perturbation {
  Map map;
  double probability = 1;        // of an image to be perturbed; otherwise it is copied
  std::optional<float> outside;  // the intensity beyond the border; default: that of the nearest pixel
  std::uint64_t seed = 0;
};

// Writes a perturbed copy of each of `rows` to `out`, rows.count x images.size(). Copy i depends on its image, on i and
// on the seed. `out` is written only where no error is found. Errors: kOutOfRange for row numbers that do not fit, and
// for intensities that are not finite or larger than 1e38; kAborted, which leaves `out` undone.
Status perturb(const Images& images, Rows rows, const Perturbation& perturbation, const Context& context,
               std::span<float> out);

}  // namespace genmi
