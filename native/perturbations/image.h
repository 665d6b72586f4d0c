// One image in scratch memory, in float32, with pixels beyond its border: it is read at any place in the plane.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "genmi/perturbation.h"

namespace genmi::perturbations {

class Image {
 public:
  // Beside the image lie one row and column before it, two behind it: interpolation then needs no test of the border.
  static constexpr std::size_t kBefore = 1, kBeyond = 3;

  static std::size_t room(const Images& images) {
    return (images.height + kBeyond) * (images.width + kBeyond) * images.channels;
  }

  // Reads image `number` into `memory`, of room() numbers. `table`: the intensity of each byte.
  Image(const Images& images, std::size_t number, std::optional<float> outside, const float* table, float* memory);

  std::size_t height() const { return height_; }
  std::size_t width() const { return width_; }
  std::size_t channels() const { return channels_; }

  void copy(float* out) const;
  // The intensities of all channels at the place (y, x) in pixels, interpolated bilinearly.
  void read(double y, double x, float* out) const {
    const Place row = place(y, height_), column = place(x, width_);
    const float* const top = memory_ + (row.before * stride_ + column.before) * channels_;
    const float* const bottom = top + stride_ * channels_;
    for (std::size_t c = 0; c < channels_; ++c) {
      const float above = between(top[c], top[channels_ + c], column.share);
      const float below = between(bottom[c], bottom[channels_ + c], column.share);
      out[c] = between(above, below, row.share);
    }
  }

 private:
  // Among the rows in memory, or the columns: the last one before a place, and the share of the way to the next one.
  struct Place {
    std::size_t before;
    float share;
  };
  static Place place(double at, std::size_t size) {
    const double end = static_cast<double>(size);
    // Not a number: before all.
    const double inside = (at > -1 ? std::min(at, end) : -1) + kBefore;
    const auto before = static_cast<std::int64_t>(inside);
    return {static_cast<std::size_t>(before), static_cast<float>(inside - static_cast<double>(before))};
  }
  static float between(float a, float b, float share) { return a + share * (b - a); }
  float* pixel(std::size_t row, std::size_t column) const { return memory_ + (row * stride_ + column) * channels_; }
  void surround(std::optional<float> outside);

  std::size_t height_, width_, channels_, stride_;
  float* memory_;
};

}  // namespace genmi::perturbations
