// A pass over the samples of a mixture of Gaussians: which component is responsible for which sample, and the sums over
// the samples that the parameters of components follow from.
#pragma once

#include <cstddef>
#include <span>

#include "genmi/context.h"
#include "genmi/matrix.h"
#include "genmi/status.h"

namespace genmi {

// The component of index k gives a sample x the logarithm constants[k] - |F_k (x - m_k)|^2 / 2.
struct Components {
  std::size_t count, features;
  std::span<const double> means;    // count x features
  std::span<const double> factors;  // F_k: count x features diagonals, or count x features x features lower triangles
  std::span<const double> constants;

  bool diagonal() const { return factors.size() == means.size(); }
};

// Responsibilities r, samples x count: those that are given, or the softmax of the logarithms, which is written unless
// `numbers` is empty.
struct Responsibilities {
  std::span<double> numbers;
  bool given;
};

struct MixtureSums {
  // For each component: sum r, sum r (x - m), and sum r (x - m)^2 or all entries of sum r (x - m) (x - m)'. Empty where
  // they are not wanted.
  std::span<double> components;
  double log_density = 0;  // the sum over samples of log sum_k exp(logarithm)
  double entropy = 0;      // the sum of r log r
};

// Numbers that are not finite make results that are not. Errors: kAborted.
Status pass_over_samples(const AnyMatrix& samples, const Components& components,
                         const Responsibilities& responsibilities, const Context& context, MixtureSums& sums);

}  // namespace genmi
