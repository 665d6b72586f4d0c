#include "networks/initial_values.h"

#include <cmath>
#include <numbers>

#include "genmi/random_bits.h"

namespace genmi::networks {
namespace {

// Uniform in (0, 1).
double uniform(std::uint64_t& random) { return (static_cast<double>(next_random(random) >> 11) + 0.5) * 0x1p-53; }

// The method of Box and Muller.
double normal(std::uint64_t& random) {
  const double radius = std::sqrt(-2 * std::log(uniform(random)));
  return radius * std::cos(2 * std::numbers::pi * uniform(random));
}

}  // namespace

template <class T>
void draw(Dense<T>& layer, InitialValues values, double factor, std::uint64_t& random) {
  const auto inputs = static_cast<double>(layer.inputs());
  const auto next = [&](double largest, double deviation) {
    const double value =
        values == InitialValues::kHe ? deviation * normal(random) : largest * (2 * uniform(random) - 1);
    return static_cast<T>(factor * value);
  };
  Parameter<T>&weights = *layer.parameters()[0], &bias = *layer.parameters()[1];
  for (std::size_t input = 0; input < layer.inputs(); ++input)
    for (std::size_t output = 0; output < layer.outputs(); ++output)
      weights.values[weights.place(input, output)] = next(1 / std::sqrt(inputs), std::sqrt(2 / inputs));
  for (std::size_t output = 0; output < layer.outputs(); ++output) bias.values[output] = next(1 / std::sqrt(inputs), 0);
}

template void draw(Dense<float>&, InitialValues, double, std::uint64_t&);
template void draw(Dense<double>&, InitialValues, double, std::uint64_t&);

}  // namespace genmi::networks
