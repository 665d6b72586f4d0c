#include "networks/steps.h"

#include <algorithm>

#include "networks/watch.h"

namespace genmi::networks {
namespace {

// Gives a network its statistics back, unless a step that changed them is kept.
template <class T>
class Undo {
 public:
  Undo(Network<T>& network, Workspace& workspace) : statistics_(network.statistics()) {
    for (const Statistic<T>& statistic : statistics_) {
      copies_.push_back(workspace.take<T>(statistic.numbers.size()));
      std::copy(statistic.numbers.begin(), statistic.numbers.end(), copies_.back().begin());
    }
  }
  ~Undo() {
    for (std::size_t s = 0; s < copies_.size(); ++s)
      std::copy(copies_[s].begin(), copies_[s].end(), statistics_[s].numbers.begin());
  }
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  void keep() { copies_.clear(); }

 private:
  std::vector<Statistic<T>> statistics_;
  std::vector<std::span<T>> copies_;
};

template <class T>
class CpuSteps final : public Steps<T> {
 public:
  using typename Steps<T>::Loss, typename Steps<T>::Report;

  explicit CpuSteps(const Learner<T>& learner) : learner_(learner) {}

  void open() override {}
  bool close() override { return true; }

  Status take(Rows rows, std::uint64_t step, double share, const Context& context, Loss& loss,
              Report& report) override {
    Undo<T> undo(learner_.network, context.workspace);
    if (Status status = find_gradients(rows, step, context, loss, report); !status) return status;
    Watch watch;
    for (Penalty<T>* penalty : learner_.penalties) penalty->add_gradient(context);
    learner_.optimizer.step(context, share);
    for (Penalty<T>* penalty : learner_.penalties) penalty->shrink(learner_.optimizer.last_rate(), context);
    undo.keep();
    watch.add_to(report.update_seconds);
    return Status::ok();
  }

 private:
  Status find_gradients(Rows rows, std::uint64_t step, const Context& context, Loss& loss, Report& report) {
    Watch watch;
    Network<T>& network = learner_.network;
    const std::size_t columns = network.inputs();
    const std::span<T> features = context.workspace.take<T>(rows.count * columns);
    if (columns > 0) learner_.samples.gather(rows, context, features.data());
    const MatrixView<T> x{features.data(), rows.count, columns};
    const auto pass = network.forward(x, Mode::kTraining, context, rows);
    const MatrixView<T> logits{pass.logits.data(), rows.count, network.outputs()};
    const std::span<T> gradient = context.workspace.take<T>(pass.logits.size());
    watch.add_to(report.network_seconds);
    if (Status status = loss.differentiate(logits, context, gradient); !status) return status;

    watch.skip();
    network.forget_gradients();
    network.backward(pass, gradient, true, context);
    if (learner_.vat.weight != 0) {
      const AdversarialBatch<T> batch{x, logits, rows, step};
      if (Status status = train_adversarially(network, batch, learner_.vat, context, report.lds); !status)
        return status;
    }
    watch.add_to(report.network_seconds);
    return Status::ok();
  }

  Learner<T> learner_;
};

}  // namespace

template <class T>
std::unique_ptr<Steps<T>> make_steps(const Learner<T>& learner) {
  return std::make_unique<CpuSteps<T>>(learner);
}

template std::unique_ptr<Steps<float>> make_steps(const Learner<float>&);
template std::unique_ptr<Steps<double>> make_steps(const Learner<double>&);

}  // namespace genmi::networks
