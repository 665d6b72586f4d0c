#include "networks/initial_values.h"

#include <cmath>
#include <numbers>

#include "genmi/random_bits.h"

namespace genmi::networks {
namespace {

// The method of Box and Muller.
double normal(std::uint64_t& random) {
  const double radius = std::sqrt(-2 * std::log(uniform(random)));
  return radius * std::cos(2 * std::numbers::pi * uniform(random));
}

// Draws all entries of a parameter, row by row.
template <class T, class Next>
void fill(Parameter<T>& parameter, const Next& next) {
  for (std::size_t row = 0; row < parameter.rows; ++row)
    for (std::size_t column = 0; column < parameter.columns; ++column)
      parameter.values[parameter.place(row, column)] = static_cast<T>(next());
}

}  // namespace

template <class T>
void draw(Dense<T>& layer, InitialValues values, double factor, std::uint64_t& random) {
  const double inputs = static_cast<double>(layer.inputs()), largest = factor / std::sqrt(inputs);
  const bool he = values == InitialValues::kHe;
  for (Parameter<T>* parameter : layer.parameters()) {
    const bool weights = parameter->kind == Parameter<T>::Kind::kWeights;
    const double deviation = weights ? factor * std::sqrt(2 / inputs) : 0;
    fill(*parameter, [&] { return he ? deviation * normal(random) : largest * (2 * uniform(random) - 1); });
  }
}

template <class T>
void draw(Table<T>& table, InitialValues values, double factor, std::uint64_t& random) {
  const bool gaussian = values == InitialValues::kNormal;
  fill(*table.parameters()[0], [&] { return factor * (gaussian ? normal(random) : 2 * uniform(random) - 1); });
}

template void draw(Dense<float>&, InitialValues, double, std::uint64_t&);
template void draw(Dense<double>&, InitialValues, double, std::uint64_t&);
template void draw(Table<float>&, InitialValues, double, std::uint64_t&);
template void draw(Table<double>&, InitialValues, double, std::uint64_t&);

}  // namespace genmi::networks
