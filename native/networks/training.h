// The training loop: shuffled mini-batches, a forward pass, an objective, a backward pass and an update. It knows
// nothing of the layers' insides, and no objective by its name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "genmi/objective.h"
#include "networks/adversarial.h"
#include "networks/network.h"
#include "networks/optimizer.h"
#include "networks/penalties.h"
#include "networks/samples.h"

namespace genmi::networks {

enum class Schedule {
  kConstant,
  kLinear,  // the learning rate falls linearly, to 0 after the last step
};

struct TrainingOptions {
  std::size_t epochs = 1;
  std::size_t batch_size = 0;  // the last batch of an epoch may be smaller; 0: all samples
  std::uint64_t seed = 0;      // of the order of samples, and of vat's directions
  Schedule schedule = Schedule::kConstant;
  OptimizerOptions optimizer;
  AdversarialOptions vat;  // its seed is not used
};

// What an epoch did.
struct Epoch {
  std::size_t number = 0;          // 1, 2, …
  double objective = 0;            // the mean of the batches' values, weighted by their samples
  double vat = 0;                  // the same of LDS, without its weight; 0 without virtual adversarial training
  double penalty = 0;              // the sum of all penalties after the last step
  std::size_t clusters = 0;        // that are the likeliest one for some sample
  double proportions_entropy = 0;  // in nats, of the mean prediction
  double predictions_entropy = 0;  // in nats, the mean over samples
  struct Seconds {
    double network = 0, objective = 0, update = 0;
  } seconds;
};

enum class Stop { kFinished, kAborted, kCallback, kNonFinite };

template <class T>
class Training {
 public:
  // The objective's affinity, if it has one, is over these samples. All references must outlive this object.
  Training(Network<T>& network, const Samples& samples, const Objective& objective, const TrainingOptions& options);

  // Adds a penalty to the loss. The reference must outlive this object.
  void add(Penalty<T>& penalty) { penalties_.push_back(&penalty); }

  // Trains until all epochs are done, on_epoch returns false, or the context's job is cancelled: the network then keeps
  // what it has learned. kNonFinite: the network is as it was when the epoch began, and the status names epoch and
  // step. Other errors of the objective leave the network as the step found it.
  Status run(const Context& context, const std::function<bool(const Epoch&)>& on_epoch, Stop& stop);

 private:
  // The sums over an epoch's samples.
  struct Sums {
    double objective = 0, vat = 0, entropy = 0;
    std::vector<double> predictions;       // of each cluster
    std::vector<std::size_t> assignments;  // how many samples each cluster is the likeliest one of
  };

  void shuffle();
  Status take_step(Rows rows, const Context& context, Epoch& epoch, Sums& sums);
  void count(MatrixView<T> logits, Sums& sums) const;
  Status add_adversarial_gradient(MatrixView<T> x, MatrixView<T> logits, Rows rows, const Context& context, Sums& sums);
  void update(const Context& context);
  Epoch& summarise(const Sums& sums, const Context& context, Epoch& epoch) const;
  std::size_t batch_size() const;
  double rate_share() const;

  Network<T>& network_;
  const Samples& samples_;
  const Objective& objective_;
  TrainingOptions options_;
  Optimizer<T> optimizer_;
  std::vector<Penalty<T>*> penalties_;
  std::vector<std::int32_t> order_;  // of the samples in this epoch
  std::size_t epoch_ = 0;            // how many epochs are finished
  std::size_t steps_ = 0;            // in all epochs
};

}  // namespace genmi::networks
