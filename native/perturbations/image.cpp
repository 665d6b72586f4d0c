#include "perturbations/image.h"

#include <variant>

namespace genmi::perturbations {

Image::Image(const Images& images, std::size_t number, std::optional<float> outside, const float* table, float* memory)
    : height_(images.height),
      width_(images.width),
      channels_(images.channels),
      stride_(images.width + kBeyond),
      memory_(memory) {
  const std::size_t length = width_ * channels_;
  for (std::size_t y = 0; y < height_; ++y) {
    const std::size_t first = number * images.size() + y * length;
    float* const to = pixel(y + kBefore, kBefore);
    if (const auto* bytes = std::get_if<const std::uint8_t*>(&images.data))
      std::transform(*bytes + first, *bytes + first + length, to, [table](std::uint8_t byte) { return table[byte]; });
    else std::copy_n(*std::get_if<const float*>(&images.data) + first, length, to);
  }
  surround(outside);
}

void Image::copy(float* out) const {
  const std::size_t length = width_ * channels_;
  for (std::size_t y = 0; y < height_; ++y) std::copy_n(pixel(y + kBefore, kBefore), length, out + y * length);
}

// Fills the pixels beyond the border.
void Image::surround(std::optional<float> outside) {
  for (std::size_t row = 0; row < height_ + kBeyond; ++row) {
    const std::size_t nearest_row = std::clamp(row, kBefore, height_);
    const bool is_inside = row == nearest_row;
    for (std::size_t column = 0; column < stride_; ++column) {
      const std::size_t nearest_column = std::clamp(column, kBefore, width_);
      if (is_inside && column == nearest_column) {
        column = width_;  // all others of this row are inside
        continue;
      }
      float* const to = pixel(row, column);
      if (outside) std::fill_n(to, channels_, *outside);
      else std::copy_n(pixel(nearest_row, nearest_column), channels_, to);
    }
  }
}

}  // namespace genmi::perturbations
