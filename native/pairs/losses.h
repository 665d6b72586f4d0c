// The losses on pairs of views, each a function in both precisions.
#pragma once

#include <cstddef>

#include "genmi/context.h"
#include "genmi/evaluation.h"
#include "genmi/matrix.h"
#include "genmi/status.h"

namespace genmi::pairs {

// One call, as a loss sees it: two views of the sizes that it asks for.
template <class T>
struct Call {
  MatrixView<T> a, b;
  From from;
  double parameter;
  const Context& context;
  T *by_a, *by_b;  // receive dL/da and dL/db, row-major; null where they are not wanted
};

// Invariant information clustering; the parameter is lambda.
template <class T>
Status iic(const Call<T>& call, double& value);

}  // namespace genmi::pairs
