// Sinkhorn's iteration between two images, with bounds on their Wasserstein-2 distance.
//
// P_pq = a_p b_q exp((f_p + g_q - C_pq) / epsilon), with C_pq = |p - q|^2 and in turn
//   f_p = -epsilon log sum_q b_q exp((g_q - C_pq) / epsilon),   g_q = -epsilon log sum_p a_p exp((f_p - C_pq) /
//   epsilon).
// epsilon falls by halves: each time that the mass that P leaves behind costs less than P's entropy.
//
// Upper bound: the mass of P goes as far as b wants it; the rest moves to near pixels that want mass, in rounds of
// growing distance. Lower bound: v_q = min_p C_pq - f_p and u_p = min_q C_pq - v_q are feasible potentials.
//
// Sources: Peyre, Cuturi, "Computational Optimal Transport", 2019, sections 4.2 to 4.4; Solomon et al., "Convolutional
// Wasserstein distances", 2015; Altschuler, Weed, Rigollet, "Near-linear time approximation algorithms for optimal
// transport via Sinkhorn iteration", 2017, algorithm 2; Thibault, Chizat, Dossal, Papadakis, "Overrelaxed
// Sinkhorn-Knopp algorithm for regularized optimal transport", 2021; Schmitzer, "Stabilized sparse scaling algorithms
// for entropy regularized transport problems", 2019, section 3.2.
#pragma once

#include <cstddef>

#include "genmi/image_transport.h"
#include "perturbations/grid.h"

namespace genmi {

struct ImagePair {
  std::size_t height, width;
  const double *a, *b;  // masses whose sum is 1

  std::size_t size() const { return height * width; }
};

class EntropicTransport {
 public:
  static std::size_t room(std::size_t height, std::size_t width) {
    return Grid::room(height, width) + kPlanes * Grid::plane(height, width);
  }

  // Takes room() numbers of memory.
  EntropicTransport(const ImagePair& pair, const Context& context, double* memory);

  // The numbers of a result: two bounds and the iterations.
  void solve(const EntropicLimits& limits, double* numbers);
  // The feasible potentials of b that give the lower bound.
  const double* potentials() const { return best_; }

 private:
  static constexpr std::size_t kPlanes = 15;

  void iterate(std::size_t count);
  void move(const double* log_mass, const double* from, double factor, double* to);
  void transform(const double* log_mass, const double* potentials, double* out, double* costs = nullptr);
  double upper_bound();
  double send(const double* log_b, const double* f, const double* g);
  double rest() const;
  double lower_bound();

  const ImagePair& pair_;
  const Context& context_;
  Grid grid_;
  double epsilon_;
  double sent_cost_ = 0;  // what of the upper bound P itself costs
  bool has_begun_ = false;
  double *log_a_, *log_b_, *f_, *g_, *u_, *v_, *best_;
  // Scratch memory: a transform's exponents, its result, its costs. Of the upper bound: the mass that pixels have left
  // and want, logarithms of these, and potentials of 0.
  double *exponents_, *moved_, *costs_, *left_, *wanted_, *logs_, *log_wanted_, *zeros_;
};

}  // namespace genmi
