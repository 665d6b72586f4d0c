// Predictions as density ratios r = tau / pi = p(x | k) / p(x): in float64, row-major.
#pragma once

#include <cstddef>

#include "genmi/evaluation.h"
#include "objectives/predictions.h"

namespace genmi {

// Refers to memory of the workspace until its frame ends, and to the batch.
class DensityRatios {
 public:
  template <class T>
  DensityRatios(const Batch<T>& batch, Workspace& workspace);

  std::size_t n() const { return n_; }
  std::size_t k() const { return k_; }
  const double* tau() const { return tau_; }
  const double* ratio() const { return ratio_; }
  const double* pi() const { return pi_; }
  Rows rows() const { return rows_; }
  const EvaluationOptions& options() const { return options_; }

 private:
  std::size_t n_, k_;
  double *tau_, *ratio_;
  const double* pi_;
  Rows rows_;
  const EvaluationOptions& options_;
};

}  // namespace genmi
