// Affine maps. With y down and x to the right, from the centre of the image, a pixel at p moves to q:
//
//   q = s R K p + t,   K = (1 k; 0 1) on (x, y),   R = (cos r, sin r; -sin r, cos r),   k = tan(shear)
//
// The new intensity at q is the old one at p = K^-1 R' (q - t) / s.
#include <cmath>
#include <numbers>

#include "genmi/random_bits.h"
#include "perturbations/movers.h"

namespace genmi::perturbations {
namespace {

constexpr double kDegree = std::numbers::pi / 180;

struct Turn {
  double cosine, sine;
};

// Exact for multiples of 90 degrees.
Turn turn(double degrees) {
  const double quarters = std::round(degrees / 90), rest = (degrees - 90 * quarters) * kDegree;
  Turn turn{std::cos(rest), std::sin(rest)};
  for (int left = static_cast<int>(quarters) & 3; left > 0; --left) turn = {-turn.sine, turn.cosine};
  return turn;
}

double draw(const RandomRange& range, std::uint64_t& random) {
  const double share = uniform(random);
  return range.least == range.largest ? range.least : range.least + share * (range.largest - range.least);
}

double middle(std::size_t size) { return static_cast<double>(size - 1) / 2; }

class AffineMover final : public Mover {
 public:
  explicit AffineMover(const AffineMap& map) : map_(map) {}

  double cost() const override { return 6; }

  void move(const Image& image, std::uint64_t& random, std::size_t, float* out) const override {
    const std::size_t height = image.height(), width = image.width();
    const auto [cosine, sine] = turn(draw(map_.rotation, random));
    const double scale = draw(map_.scale, random), tangent = std::tan(draw(map_.shear, random) * kDegree);
    const double middle_y = middle(height), middle_x = middle(width);
    const double to_y = middle_y + draw(map_.shift, random) * static_cast<double>(height);
    const double to_x = middle_x + draw(map_.shift, random) * static_cast<double>(width);
    const double y_by_y = cosine / scale, y_by_x = sine / scale;
    const double x_by_y = (-sine - tangent * cosine) / scale, x_by_x = (cosine - tangent * sine) / scale;
    for (std::size_t row = 0; row < height; ++row) {
      const double down = static_cast<double>(row) - to_y;
      const double y = middle_y + y_by_y * down, x = middle_x + x_by_y * down;
      for (std::size_t column = 0; column < width; ++column, out += image.channels()) {
        const double right = static_cast<double>(column) - to_x;
        image.read(y + y_by_x * right, x + x_by_x * right, out);
      }
    }
  }

 private:
  AffineMap map_;
};

}  // namespace

std::unique_ptr<Mover> make_mover(const AffineMap& map) { return std::make_unique<AffineMover>(map); }

}  // namespace genmi::perturbations
