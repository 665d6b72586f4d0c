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
#include "networks/pairs.h"
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

// What the predictions of one head were like during an epoch: the only one, unless a training is on pairs.
struct HeadEpoch {
  double value = 0;                // the mean of the batches' values: of the objective, or of the head's loss
  std::size_t clusters = 0;        // that are the likeliest one for some sample
  double proportions_entropy = 0;  // in nats, of the mean prediction
  double predictions_entropy = 0;  // in nats, the mean over samples
};

// What an epoch did. Means are over its samples.
struct Epoch {
  std::size_t number = 0;  // 1, 2, …
  double loss = 0;         // minus objective, plus penalty, plus vat with its weight
  double objective = 0;    // the mean of the batches' values; minus the loss of all heads
  double vat = 0;          // the mean LDS, without its weight; 0 without virtual adversarial training
  double penalty = 0;      // the sum of all penalties after the last step, L2 among them
  std::vector<HeadEpoch> heads;
  struct Seconds {
    double network = 0, objective = 0, update = 0;
  } seconds;
};

enum class Stop { kFinished, kAborted, kCallback, kNonFinite };

// The order of an epoch's samples, 0 to order.size() - 1 at random: each order is as likely as any other. It depends on
// the seed and the epoch's number alone.
void draw_order(std::uint64_t seed, std::size_t epoch, std::span<std::int32_t> order);

// What is learned from: an objective of the samples, or pairs. References must outlive the training.
struct Target {
  Target(const Objective& of) : objective(&of) {}  // NOLINT(google-explicit-constructor)
  Target(const Pairs& of) : pairs(&of) {}          // NOLINT(google-explicit-constructor)

  const Objective* objective = nullptr;  // null: pairs
  const Pairs* pairs = nullptr;
};

// The next step on pairs.
struct NextStep {
  Rows rows;  // its samples, none after the last step: copies of sample rows[0] come first, those of rows[1] then
  std::uint64_t seeds[2];  // of the perturbations of both views, below 2^53
};

// A number that a snapshot and the training that restores it must agree in.
struct Fact {
  const char* difference;  // how to call a snapshot whose number is another one
  std::uint64_t number;
};

// Sums over the samples of an epoch so far.
struct EpochSums {
  EpochSums(std::size_t head_count, std::size_t columns)
      : heads(head_count), numbers(2 * head_count + columns), assignments(columns) {}

  double* values() { return numbers.data(); }             // of each head
  double* entropies() { return numbers.data() + heads; }  // the same, of the predictions
  double* predictions() { return entropies() + heads; }   // of each column
  void clear();
  // The head with `columns` from the first one on. `samples`: of the epoch; `seen`: predictions of them.
  HeadEpoch finish_head(std::size_t h, std::size_t first, std::size_t columns, double samples, double seen);

  double vat = 0;
  Epoch::Seconds seconds;
  std::size_t heads;
  std::vector<double> numbers;
  std::vector<std::uint64_t> assignments;  // how many samples each column is the largest one of
};

template <class T>
class Training {
 public:
  // An objective's affinity, if it has one, is over these samples. On pairs, the caller puts the views that next() asks
  // for into the samples before each run(), which takes one step. All references must outlive this object.
  Training(Network<T>& network, const Samples& samples, const Target& target, const TrainingOptions& options);
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

  // Gives the memory of a device back, until a further run.
  void leave_device();

  // Views are the first views of all pairs, and then the second ones. Rows live until the next call. The first call of
  // an epoch takes O(N) for N samples.
  NextStep next();

  // All that the run has learned: a training of the same network, samples, objective and options that restores it goes
  // on with the same bits. Not while run() runs, except in on_epoch.
  std::vector<std::byte> snapshot() const;
  // Replaces the network's numbers, the optimiser's state, the seed and the place in the run. kOutOfRange, and nothing
  // is changed, unless the bytes are a snapshot of a training with such a network, optimiser, batches and samples.
  Status restore(std::span<const std::byte> snapshot);

  std::size_t epochs_done() const { return place_.epoch; }
  bool is_done() const { return place_.epoch >= options_.epochs; }
  // Tells the context's job how many steps are done.
  void report_steps(const Context& context) const;

 private:
  // Where a run is.
  struct Place {
    std::uint64_t epoch = 0;    // how many epochs are finished
    std::uint64_t samples = 0;  // that this epoch has seen
    std::uint64_t steps = 0;    // of all epochs
  };

  void draw_samples();
  void begin_epoch();
  Status take_steps(const Context& context);
  Status take_step(Rows rows, const Context& context);
  void count(MatrixView<T> all, std::size_t head, std::size_t first_column, const Context& context);
  Epoch finish_epoch(const Context& context);
  void restart_epoch();
  bool is_finite() const;
  std::vector<Fact> facts() const;
  std::size_t batch_size() const;
  std::size_t batches() const;
  std::size_t step_size() const;
  double rate_share() const;

  Network<T>& network_;
  const Samples& samples_;
  Target target_;
  Head whole_;  // of an objective: all columns
  std::span<const Head> heads_;
  TrainingOptions options_;
  Optimizer<T> optimizer_;
  std::vector<Penalty<T>*> penalties_;
  std::vector<std::span<T>> numbers_;  // that training changes: the network's memory and the optimiser's moments
  AlignedVector<T> before_;            // the same when the epoch began
  std::vector<std::int32_t> order_;    // of the samples in an epoch
  std::uint64_t drawn_ = 0;            // the number of this epoch; 0: none
  Place place_;
  EpochSums sums_;
  const Backend* backend_ = nullptr;  // of the last run, which has made the steps
  std::unique_ptr<Steps<T>> steps_;
};

}  // namespace genmi::networks
