#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "genmi/perturbation.h"
#include "genmi/random_bits.h"
#include "perturbations/image.h"
#include "perturbations/movers.h"

namespace genmi {
namespace {

using perturbations::Image;
using perturbations::Mover;

// Differences of intensities are finite in float32.
constexpr double kLargest = 1e38;
// A task has at least this many pixels.
constexpr std::size_t kPixels = 4096;

bool fits(double intensity) { return std::abs(intensity) <= kLargest; }

// The place of the first intensity that does not fit, or `size`.
std::size_t first_wrong(const float* image, std::size_t size) {
  bool all_fit = true;
  for (std::size_t at = 0; at < size; ++at) all_fit &= std::abs(image[at]) <= static_cast<float>(kLargest);
  return all_fit ? size : static_cast<std::size_t>(std::find_if_not(image, image + size, fits) - image);
}

double intensity_of(const Images& images, std::uint8_t byte) {
  return images.scale * static_cast<double>(byte) + images.offset;
}

Status refused(const std::string& received) {
  return {Code::kOutOfRange, explain("images", "finite intensities of at most 1e38", received)};
}

// (std::to_string would be compiled into this file.)
std::string place(std::size_t image, std::size_t row, std::size_t column) {
  std::string text;
  const auto add = [&text](const char* what, std::size_t number) {
    text += what;
    text += format(static_cast<double>(number));
  };
  add(" in image ", image);
  add(" at row ", row);
  add(", column ", column);
  return text;
}

Status check(const Images& images, Rows rows) {
  if (rows.count == 0 || images.count == 0 || images.size() == 0)
    return {Code::kOutOfRange, explain("images", "at least one image of one pixel", "none")};
  if (rows.index != nullptr)
    if (Status status = check_rows(rows, rows.count, images.count); !status) return status;
  const auto* const numbers = std::get_if<const float*>(&images.data);
  if (numbers == nullptr) {
    for (const std::uint8_t byte : {std::uint8_t{0}, std::uint8_t{255}})
      if (const double intensity = intensity_of(images, byte); !fits(intensity)) return refused(format(intensity));
    return Status::ok();
  }
  for (std::size_t i = 0; i < rows.count; ++i) {
    const float* const image = *numbers + rows[i] * images.size();
    const std::size_t at = first_wrong(image, images.size()), pixel = at / images.channels;
    if (at < images.size())
      return refused(format(image[at]) + place(rows[i], pixel / images.width, pixel % images.width));
  }
  return Status::ok();
}

std::unique_ptr<Mover> make_mover(const Map& map, const Images& images, const Context& context) {
  if (const auto* affine = std::get_if<AffineMap>(&map)) return perturbations::make_mover(*affine);
  return perturbations::make_mover(*std::get_if<ElasticMap>(&map), images, context);
}

// The state of the draws for a copy: the number of a step in a sequence, for which the seed and i stand.
std::uint64_t begin_draws(std::uint64_t seed, std::size_t i) {
  std::uint64_t random = seed;
  random = next_random(random) ^ i;
  return next_random(random);
}

}  // namespace

Status perturb(const Images& images, Rows rows, const Perturbation& perturbation, const Context& context,
               std::span<float> out) {
  const Workspace::Frame frame(context.workspace);
  if (Status status = check(images, rows); !status) return status;
  float table[256];
  for (std::size_t byte = 0; byte < 256; ++byte)
    table[byte] = static_cast<float>(intensity_of(images, static_cast<std::uint8_t>(byte)));
  const std::size_t room = Image::room(images);
  const std::span<float> memory = context.workspace.take<float>(room * context.slots());
  const std::unique_ptr<Mover> mover = make_mover(perturbation.map, images, context);
  const auto copy = [&](std::size_t i, std::size_t slot) {
    const Image image(images, rows[i], perturbation.outside, table, memory.data() + slot * room);
    std::uint64_t random = begin_draws(perturbation.seed, i);
    float* const to = out.data() + i * images.size();
    if (uniform(random) < perturbation.probability) mover->move(image, random, slot, to);
    else image.copy(to);
  };
  const auto copy_some = [&](std::size_t first, std::size_t count, std::size_t slot) {
    for (std::size_t i = first; i < first + count && !context.cancelled(); ++i) copy(i, slot);
  };
  context.for_each_range(rows.count, std::max<std::size_t>(1, kPixels / images.size()),
                         mover->cost() * static_cast<double>(out.size()), copy_some);
  return context.cancelled() ? aborted() : Status::ok();
}

}  // namespace genmi
