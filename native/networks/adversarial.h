// Virtual adversarial training: predictions shall not change where a sample moves a little, in the direction that
// changes them most. The penalty is the local distributional smoothness of a batch,
//
//   LDS = 1/N sum_i KL(p(x_i) || p(x_i + r_i)),
//
// with perturbations r_i and predictions p(x_i) that count as constants.
// Source: Miyato et al., "Virtual adversarial training", 2018, eq. (5) to (12); the additive form: Hu et al., "Learning
// discrete representations via information maximizing self-augmented training", 2017.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "genmi/context.h"
#include "genmi/rows.h"
#include "genmi/status.h"
#include "networks/network.h"

namespace genmi::networks {

struct AdversarialOptions {
  enum class Normalization {
    kAdditive,  // d / (|d| + 1e-8): a probe so short that |d| is near 1e-8 gives shorter perturbations
    kExact,     // d / |d|, and 0 for d = 0
  };

  double weight = 0;                 // the loss gets weight LDS; 0: no such training
  double epsilon = 1;                // the length of perturbations
  std::span<const double> epsilons;  // a length for each sample of the data instead, unless empty
  double xi = 10;                    // the length of the probes
  std::size_t power = 1;             // steps of the power iteration
  Normalization normalization = Normalization::kAdditive;
  std::uint64_t seed = 0;  // of the random directions that power iterations begin with
};

// The samples of one step, and the network's logits for them.
template <class T>
struct AdversarialBatch {
  MatrixView<T> x;       // n x d
  MatrixView<T> logits;  // n x K
  Rows rows;             // the numbers of the samples in the data: default 0 to n - 1
  std::uint64_t step;    // the number of this step
};

// Writes a random direction for each sample, n x d: numbers uniform in (-1/2, 1/2), which depend on the seed, the step
// and the sample's number alone.
template <class T>
void draw_directions(const AdversarialBatch<T>& batch, std::uint64_t seed, const Context& context, T* directions);

// Makes perturbations of directions, in place. Cost: `power` forward passes, and backward passes to the inputs.
template <class T>
void make_perturbations(Network<T>& network, const AdversarialBatch<T>& batch, const AdversarialOptions& options,
                        const Context& context, T* directions);

// LDS for these perturbations; adds weight times its gradient to the gradients of the network's parameters. Cost: a
// forward pass and a backward pass.
template <class T>
double add_smoothness(Network<T>& network, const AdversarialBatch<T>& batch, const T* perturbations, double weight,
                      const Context& context);

// kOutOfRange: LDS is not finite.
Status check_smoothness(double lds);

// All in one: draws directions, makes perturbations of them, and adds the gradient of weight LDS. kOutOfRange: LDS is
// not finite. Batch normalisations use the statistics of each perturbed batch, and do not remember them.
template <class T>
Status train_adversarially(Network<T>& network, const AdversarialBatch<T>& batch, const AdversarialOptions& options,
                           const Context& context, double& lds);

}  // namespace genmi::networks
