// The training loop: shuffled mini-batches, a forward pass, an objective, a backward pass and an update. It knows
// nothing of the layers' insides, and no objective by its name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "genmi/objective.h"
#include "networks/adversarial.h"
#include "networks/bytes.h"
#include "networks/network.h"
#include "networks/optimizer.h"
#include "networks/penalties.h"
#include "networks/samples.h"
#include "networks/steps.h"

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

// What an epoch did. Means are over its samples.
struct Epoch {
  std::size_t number = 0;          // 1, 2, …
  double loss = 0;                 // minus objective, plus penalty, plus vat with its weight
  double objective = 0;            // the mean of the batches' values
  double vat = 0;                  // the mean LDS, without its weight; 0 without virtual adversarial training
  double penalty = 0;              // the sum of all penalties after the last step, L2 among them
  std::size_t clusters = 0;        // that are the likeliest one for some sample
  double proportions_entropy = 0;  // in nats, of the mean prediction
  double predictions_entropy = 0;  // in nats, the mean over samples
  struct Seconds {
    double network = 0, objective = 0, update = 0;
  } seconds;
};

enum class Stop { kFinished, kAborted, kCallback, kNonFinite };

// The order of an epoch's samples, 0 to order.size() - 1 at random: each order is as likely as any other. It depends on
// the seed and the epoch's number alone.
void draw_order(std::uint64_t seed, std::size_t epoch, std::span<std::int32_t> order);

template <class T>
class Training {
 public:
  // The objective's affinity, if it has one, is over these samples. All references must outlive this object.
  Training(Network<T>& network, const Samples& samples, const Objective& objective, const TrainingOptions& options);
  ~Training();

  // Adds a penalty to the loss. The reference must outlive this object.
  void add(Penalty<T>& penalty) { penalties_.push_back(&penalty); }

  // Whether network, samples, objective and options fit together. To be asked before run().
  Status check() const;

  // Reports its steps, those before a snapshot among them, to the context's job.
  // Trains until all epochs are done, on_epoch returns false, or the context's job is cancelled: the network then keeps
  // what it has learned, and a further call goes on from there. kNonFinite: network and training are as they were when
  // the epoch began, and the status names epoch and step. Other errors of the objective leave them as the step found
  // them. A device that cannot give its numbers back leaves them as the epoch found them. The backend is the context's.
  Status run(const Context& context, const std::function<bool(const Epoch&)>& on_epoch, Stop& stop);

  // All that the run has learned: a training of the same network, samples, objective and options that restores it goes
  // on with the same bits. Not while run() runs, except in on_epoch.
  std::vector<std::byte> snapshot() const;
  // Replaces the network's numbers, the optimiser's state, the seed and the place in the run. kOutOfRange, and nothing
  // is changed, unless the bytes are a snapshot of a training with such a network, optimiser, batches and samples.
  Status restore(std::span<const std::byte> snapshot);

  std::size_t epochs_done() const { return place_.epoch; }

 private:
  // Sums over the samples of the epoch so far.
  struct Sums {
    double objective = 0, vat = 0, entropy = 0;
    Epoch::Seconds seconds;
    std::vector<double> predictions;         // of each cluster
    std::vector<std::uint64_t> assignments;  // how many samples each cluster is the likeliest one of
  };
  // Where a run is.
  struct Place {
    std::uint64_t epoch = 0;    // how many epochs are finished
    std::uint64_t samples = 0;  // that this epoch has seen
    std::uint64_t steps = 0;    // of all epochs
  };

  void begin_epoch();
  Status take_steps(const Context& context);
  void report_steps(const Context& context) const;
  Status take_step(Rows rows, const Context& context);
  void count(MatrixView<T> logits, const Context& context);
  void clear_sums();
  Epoch finish_epoch(const Context& context);
  Status go_back(const Status& status);
  void restart_epoch();
  bool is_finite() const;
  // A number that a snapshot and the training that restores it must agree in.
  struct Fact {
    const char* difference;  // how to call a snapshot whose number is another one
    std::uint64_t number;
  };
  std::vector<Fact> facts() const;
  std::size_t batch_size() const;
  std::size_t batches() const;
  double rate_share() const;

  Network<T>& network_;
  const Samples& samples_;
  const Objective& objective_;
  TrainingOptions options_;
  Optimizer<T> optimizer_;
  std::vector<Penalty<T>*> penalties_;
  std::vector<std::span<T>> numbers_;  // that training changes: the network's memory and the optimiser's moments
  AlignedVector<T> before_;            // the same when the epoch began
  std::vector<std::int32_t> order_;    // of the samples in this epoch
  Place place_;
  Sums sums_;
  const Backend* backend_ = nullptr;  // of the last run, which has made the steps
  std::unique_ptr<Steps<T>> steps_;
};

}  // namespace genmi::networks
