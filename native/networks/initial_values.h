// The values that parameters have before training.
#pragma once

#include <cstdint>

#include "networks/dense.h"
#include "networks/table.h"

namespace genmi::networks {

enum class InitialValues {
  kUniform,  // weights and biases uniform in +-1 / sqrt(inputs), as in torch and gemclus; tables in +-1
  kHe,       // weights normal with variance 2 / inputs, biases 0 (He et al., 2015, eq. 10)
  kNormal,   // for tables: standard normal
};

// Draws a layer's values, times `factor`, from the random state, which it advances. A weight has the same value in both
// precisions, up to rounding.
template <class T>
void draw(Dense<T>& layer, InitialValues values, double factor, std::uint64_t& random);
template <class T>
void draw(Table<T>& table, InitialValues values, double factor, std::uint64_t& random);

}  // namespace genmi::networks
