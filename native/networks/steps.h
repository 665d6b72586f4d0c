// The steps of a training, where a backend computes them. Training chooses the samples, evaluates the objective and
// counts; network, optimiser and penalties change in here alone.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "networks/adversarial.h"
#include "networks/network.h"
#include "networks/optimizer.h"
#include "networks/penalties.h"
#include "networks/samples.h"

namespace genmi::networks {

// What steps need of a training, which outlives them.
template <class T>
struct Learner {
  Network<T>& network;
  const Samples& samples;
  Optimizer<T>& optimizer;
  const std::vector<Penalty<T>*>& penalties;
  const AdversarialOptions& vat;
  bool samples_stay;  // whether their features are the same in each step
};

template <class T>
class Steps {
 public:
  virtual ~Steps() = default;

  // From open() to close() the numbers of network and optimiser may be on a device; nobody reads their own memory then.
  // close() returns whether it has brought them back. If not, that memory has the numbers of open().
  virtual void open() = 0;
  virtual bool close() = 0;

  // What a step asks of the training.
  class Loss {
   public:
    // Writes the loss's gradient with respect to the logits of this step, which live in the caller's frame of the
    // workspace.
    virtual Status differentiate(MatrixView<T> logits, const Context& context, std::span<T> gradient) = 0;

   protected:
    ~Loss() = default;
  };
  struct Report {
    double lds = 0;  // of virtual adversarial training
    double network_seconds = 0, update_seconds = 0;
  };
  // Step number `step` of a run, for these samples: makes their logits, asks for the gradient, and changes network and
  // optimiser by `share` of the learning rate. Where anything fails they are as they were.
  virtual Status take(Rows rows, std::uint64_t step, double share, const Context& context, Loss& loss,
                      Report& report) = 0;
};

// On the CPU, in the own memory of network and optimiser.
template <class T>
std::unique_ptr<Steps<T>> make_steps(const Learner<T>& learner);

}  // namespace genmi::networks
