// Optimisers change a network's parameters along the gradients of a loss, which is minimised.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "networks/layer.h"

namespace genmi::networks {

// The rules, for the gradient g of step t = 1, 2, …:
//   Adam      m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps)
//             (Kingma, Ba, 2015, section 2, with epsilon as in scikit-learn; torch's is eps sqrt(1 - b2^t))
//   SGD       u = b1 u - rate g, w += b1 u - rate g (Nesterov's momentum b1), or w -= rate g for b1 = 0
//   RMSprop   v = b2 v + (1 - b2) g^2, w -= rate g / (sqrt(v) + eps)
struct OptimizerOptions {
  enum class Rule { kAdam, kSgd, kRmsprop };

  Rule rule = Rule::kAdam;
  double rate = 1e-3;
  double first = 0.9;     // b1
  double second = 0.999;  // b2
  double epsilon = 1e-8;
  bool corrected_epsilon = false;  // torch's epsilon
  double decay = 0;                // L2: adds decay |W|^2 to the loss, for weights
  double largest_norm = 0;         // longer gradients are shortened to this norm; 0: never
};

template <class T>
class Optimizer {
 public:
  Optimizer(const OptimizerOptions& options, const std::vector<Parameter<T>*>& parameters);

  const OptimizerOptions& options() const { return options_; }
  // Learning rate and epsilon of step t, with Adam's corrections.
  struct Corrected {
    double rate, epsilon;
  };
  Corrected corrected(std::size_t t, double share) const;
  // One step with the learning rate share * options.rate; share falls from 1 to 0 in a linear schedule.
  void step(const Context& context, double share = 1);
  // The learning rate that the last step multiplied the moments' quotient with: proximal steps use it too.
  double last_rate() const { return last_rate_; }
  // The value of the L2 penalty.
  double penalty() const;

  // All that an optimiser remembers: the moments of each parameter, and how many steps it has taken.
  std::vector<std::span<T>> moments();
  std::size_t steps() const { return steps_; }
  void set_steps(std::size_t steps) { steps_ = steps; }

 private:
  double norm(const Context& context) const;

  OptimizerOptions options_;
  std::vector<Parameter<T>*> parameters_;
  struct State {
    AlignedVector<T> first, second;
  };
  std::vector<State> states_;  // one for each parameter
  std::size_t steps_ = 0;
  double last_rate_ = 0;
};

}  // namespace genmi::networks
