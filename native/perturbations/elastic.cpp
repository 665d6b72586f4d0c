// Elastic maps. The filter is the product of two filters along the columns and along the rows, each with the weights
// exp(-k^2 / (2 sigma^2)), |k| <= 4 sigma, divided by their sum.
//
// Source: Simard, Steinkraus, Platt, "Best practices for convolutional neural networks applied to visual document
// analysis", 2003, section 2.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>

#include "genmi/random_bits.h"
#include "perturbations/movers.h"

namespace genmi::perturbations {
namespace {

constexpr double kFilterEnds = 4;  // sigmas

// The vector register that every processor has.
typedef float Four __attribute__((vector_size(16)));
constexpr std::size_t kLanes = 4;

std::size_t whole_vectors(std::size_t size) { return (size + kLanes - 1) / kLanes * kLanes; }

Four load(const float* from) {
  Four numbers;
  std::memcpy(&numbers, from, sizeof numbers);
  return numbers;
}

// Calls copy(from, to) for `radius` places on either side of [0, count): reflected at the outer edges of the first and
// of the last one, and again where this needs more places than there are.
template <class Copy>
void extend(std::size_t count, std::size_t radius, const Copy& copy) {
  const auto end = static_cast<std::ptrdiff_t>(count);
  for (std::ptrdiff_t k = 0; k < static_cast<std::ptrdiff_t>(radius); ++k) {
    copy(k, -1 - k);
    copy(end - 1 - k, end + k);
  }
}

class ElasticMover final : public Mover {
 public:
  ElasticMover(const ElasticMap& map, const Images& images, const Context& context)
      : unit_(static_cast<float>(map.amplitude) * 0x1p-24f),
        radius_(static_cast<std::size_t>(kFilterEnds * map.sigma + 0.5)),
        stride_(whole_vectors(images.width)),
        weights_(context.workspace.take<float>(radius_ + 1)),
        room_(2 * stride_ * (images.height + 2 * radius_ + 2) + stride_ + 2 * radius_),
        memory_(context.workspace.take_zeroed<float>(room_ * context.slots())) {
    const auto weight = [&](std::size_t k) {
      const double deviations = k == 0 ? 0 : static_cast<double>(k) / map.sigma;
      return std::exp(-deviations * deviations / 2);
    };
    double sum = weight(0);
    for (std::size_t k = 1; k <= radius_; ++k) sum += 2 * weight(k);
    for (std::size_t k = 0; k <= radius_; ++k) weights_[k] = static_cast<float>(weight(k) / sum);
    weights_[0] /= 2;  // smooth() adds the middle twice
  }

  double cost() const override { return 10 + static_cast<double>(radius_); }

  void move(const Image& image, std::uint64_t& random, std::size_t slot, float* out) const override {
    const std::size_t height = image.height(), width = image.width(), row = 2 * stride_;
    float* const memory = memory_.data() + slot * room_;
    float* const noise = memory + row * radius_;
    float* const smoothed = noise + row * (height + radius_);
    float* const field = smoothed + row;
    float* const extended = field + row + radius_;
    draw_noise(height, width, random, noise);
    extend(height, radius_, [=](std::ptrdiff_t from, std::ptrdiff_t to) {
      const auto length = static_cast<std::ptrdiff_t>(row);
      std::copy_n(noise + from * length, row, noise + to * length);
    });
    for (std::size_t y = 0; y < height; ++y) {
      smooth(noise + y * row, row, row, smoothed);
      for (const std::size_t axis : {std::size_t{0}, stride_}) {
        std::copy_n(smoothed + axis, width, extended);
        extend(width, radius_, [=](std::ptrdiff_t from, std::ptrdiff_t to) { extended[to] = extended[from]; });
        smooth(extended, 1, stride_, field + axis);
      }
      for (std::size_t x = 0; x < width; ++x, out += image.channels())
        image.read(static_cast<double>(y) + static_cast<double>(field[x]),
                   static_cast<double>(x) + static_cast<double>(field[stride_ + x]), out);
    }
  }

 private:
  // A row of noise has displacements down, then those to the right: two odd numbers of 24 bits and a sign in one draw.
  void draw_noise(std::size_t height, std::size_t width, std::uint64_t& random, float* noise) const {
    const auto number = [this](std::uint64_t bits) {
      return static_cast<float>(static_cast<std::int32_t>((bits >> 39) | 1) - (1 << 24)) * unit_;
    };
    for (std::size_t y = 0; y < height; ++y, noise += 2 * stride_)
      for (std::size_t x = 0; x < width; ++x) {
        const std::uint64_t bits = next_random(random);
        noise[x] = number(bits);
        noise[stride_ + x] = number(bits << 32);
      }
  }

  // out = sum_k weight_k (middle[-k step] + middle[k step]), over whole vectors.
  void smooth(const float* middle, std::size_t step, std::size_t size, float* out) const {
    std::fill_n(out, size, 0.0f);
    for (std::size_t k = 0; k <= radius_; ++k) {
      const float *const before = middle - k * step, *const after = middle + k * step;
      for (std::size_t at = 0; at < size; at += kLanes) {
        const Four sum = load(out + at) + weights_[k] * (load(before + at) + load(after + at));
        std::memcpy(out + at, &sum, sizeof sum);
      }
    }
  }

  const float unit_;  // of the noise
  const std::size_t radius_, stride_;
  const std::span<float> weights_;
  const std::size_t room_;  // numbers of scratch memory for a slot
  const std::span<float> memory_;
};

}  // namespace

std::unique_ptr<Mover> make_mover(const ElasticMap& map, const Images& images, const Context& context) {
  return std::make_unique<ElasticMover>(map, images, context);
}

}  // namespace genmi::perturbations
