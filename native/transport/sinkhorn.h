// First potentials for the matrix minimum rule, by a few steps of Sinkhorn's algorithm in float32.
//
// Entropic regularisation solves a smoothed problem by matrix products. The smoothing falls from the scale of the costs
// to below the scale of the nearest neighbours. Its potentials then tell which arcs will be in the optimal basis: with
// them, the simplex needs a third to a sixth of the pivots. They are a hint, whose quality cannot change the optimum.
// Sources: Cuturi, "Sinkhorn distances", 2013; Schmitzer, "Stabilized sparse scaling algorithms for entropy regularized
// transport problems", 2019, sections 3.1 (absorption) and 3.2 (epsilon scaling); Thibault, Chizat, Dossal, Papadakis,
// "Overrelaxed Sinkhorn-Knopp algorithm for regularized optimal transport", 2021.
#pragma once

#include <vector>

#include "genmi/aligned_vector.h"
#include "genmi/job.h"
#include "transport/problem.h"

namespace genmi::transport {

// A price for each row and each (padded) column. On the best arcs, cost_ij is about rows[i] + columns[j].
struct FirstPotentials {
  std::vector<float> rows;
  AlignedVector<float> columns;
};

class Sinkhorn {
 public:
  // Returns false when cancelled. The potentials are finite. Cost: twenty to fifty passes over the costs.
  bool approximate(const Problem& problem, const Job* job, FirstPotentials& potentials);

 private:
  void begin(const Problem& problem, FirstPotentials& potentials);
  double choose_smoothing(const CostBlock& costs);
  void make_kernel(const CostBlock& costs, const FirstPotentials& potentials);
  void scale(std::size_t iterations);
  bool is_in_range() const;
  void absorb(FirstPotentials& potentials);
  void halve_smoothing(std::size_t rows);

  const simd::TransportKernels* kernels_ = nullptr;
  const Job* job_ = nullptr;     // passes over the costs stop early when it is cancelled
  double smoothing_ = 0;         // epsilon
  std::vector<float> sample_;    // a sample of the costs
  std::vector<float> supplies_;  // shares of the total, padded with zeros
  AlignedVector<float> demands_;
  AlignedVector<float> kernel_;    // exp((row + column - cost) / epsilon), with the potentials absorbed last
  std::vector<float> row_scales_;  // Sinkhorn's scalings since the last absorption
  AlignedVector<float> column_scales_, column_weights_, column_sums_;
};

}  // namespace genmi::transport
