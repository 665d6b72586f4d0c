// The losses on pairs of views, each a function. Those whose scores may have any size are in float64 only.
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

// The normalised, temperature-scaled cross-entropy; the parameter is the temperature.
template <class T>
Status nt_xent(const Call<T>& call, double& value);

// InfoNCE of global features a, n x U, and local features b, n x U x P; the parameter is the score that stands for
// those of a sample's own locations among its negatives, -infinity for none.
Status info_nce(const Call<double>& call, double& value);

// Deep InfoMax, over such views of at least two samples. fenchel: the parameter is the number of the measure.
Status fenchel(const Call<double>& call, double& value);
Status donsker_varadhan(const Call<double>& call, double& value);

}  // namespace genmi::pairs
