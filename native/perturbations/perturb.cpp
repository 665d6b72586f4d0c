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

// Cuts `count` images into ranges, and calls visit(i, slot) for each image. `cost`: nanoseconds for a pixel.
template <class Visit>
void for_each_image(const Images& images, std::size_t count, double cost, const Context& context, const Visit& visit) {
  const std::size_t size = images.size();
  const auto visit_some = [&](std::size_t first, std::size_t length, std::size_t slot) {
    for (std::size_t i = first; i < first + length && !context.cancelled(); ++i) visit(i, slot);
  };
  context.for_each_range(count, std::max<std::size_t>(1, kPixels / size), cost * static_cast<double>(count * size),
                         visit_some);
}

Status not_in_range(const Images& images, std::size_t number, std::size_t at, double received) {
  const std::size_t pixel = at / images.channels;
  return {Code::kOutOfRange,
          explain("images", "finite intensities of at most 1e38",
                  format(received) + " in image " + std::to_string(number) + " at row " +
                      std::to_string(pixel / images.width) + ", column " + std::to_string(pixel % images.width))};
}

Status check(const Images& images, Rows rows, const Context& context) {
  if (rows.count == 0 || images.count == 0 || images.size() == 0)
    return {Code::kOutOfRange, explain("images", "at least one image of one pixel", "none")};
  if (rows.index != nullptr)
    if (Status status = check_rows(rows, rows.count, images.count); !status) return status;
  const std::size_t size = images.size();
  if (const auto* bytes = std::get_if<const std::uint8_t*>(&images.data)) {
    if (fits(intensity_of(images, 0)) && fits(intensity_of(images, 255))) return Status::ok();
    for (std::size_t i = 0; i < rows.count; ++i)
      for (std::size_t at = 0; at < size; ++at)
        if (const double intensity = intensity_of(images, (*bytes)[rows[i] * size + at]); !fits(intensity))
          return not_in_range(images, rows[i], at, intensity);
    return Status::ok();
  }
  const float* const numbers = *std::get_if<const float*>(&images.data);
  const std::span<std::size_t> wrong = context.workspace.take<std::size_t>(rows.count);  // the first one of each image
  for_each_image(images, rows.count, 0.5, context,
                 [&](std::size_t i, std::size_t) { wrong[i] = first_wrong(numbers + rows[i] * size, size); });
  if (context.cancelled()) return aborted();
  for (std::size_t i = 0; i < rows.count; ++i)
    if (wrong[i] < size) return not_in_range(images, rows[i], wrong[i], numbers[rows[i] * size + wrong[i]]);
  return Status::ok();
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
  if (Status status = check(images, rows, context); !status) return status;
  float table[256];
  for (std::size_t byte = 0; byte < 256; ++byte)
    table[byte] = static_cast<float>(intensity_of(images, static_cast<std::uint8_t>(byte)));
  const std::size_t room = Image::room(images);
  const std::span<float> memory = context.workspace.take<float>(room * context.slots());
  const std::unique_ptr<Mover> mover =
      std::visit([&](const auto& map) { return perturbations::make_mover(map, images, context); }, perturbation.map);
  for_each_image(images, rows.count, mover->cost(), context, [&](std::size_t i, std::size_t slot) {
    const Image image(images, rows[i], perturbation.outside, table, memory.data() + slot * room);
    std::uint64_t random = begin_draws(perturbation.seed, i);
    float* const to = out.data() + i * images.size();
    if (uniform(random) < perturbation.probability) mover->move(image, random, slot, to);
    else image.copy(to);
  });
  return context.cancelled() ? aborted() : Status::ok();
}

}  // namespace genmi
