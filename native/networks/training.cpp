#include "networks/training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <utility>

#include "genmi/evaluation.h"
#include "genmi/random_bits.h"

namespace genmi::networks {
namespace {

// Adds the time since the last call, or since its construction, to one total after the other.
class Watch {
 public:
  void add_to(double& seconds) {
    const auto now = std::chrono::steady_clock::now();
    seconds += std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

double entropy_term(double p) { return p > 0 ? -p * std::log(p) : 0; }

}  // namespace

template <class T>
Training<T>::Training(Network<T>& network, const Samples& samples, const Objective& objective,
                      const TrainingOptions& options)
    : network_(network),
      samples_(samples),
      objective_(objective),
      options_(options),
      optimizer_(options.optimizer, network.parameters()),
      order_(samples.rows()) {
  options_.vat.seed = options.seed;
}

template <class T>
std::size_t Training<T>::batch_size() const {
  return options_.batch_size == 0 ? samples_.rows() : std::min(options_.batch_size, samples_.rows());
}

template <class T>
double Training<T>::rate_share() const {
  if (options_.schedule == Schedule::kConstant) return 1;
  const std::size_t steps = options_.epochs * ((samples_.rows() + batch_size() - 1) / batch_size());
  return 1 - static_cast<double>(steps_) / static_cast<double>(steps);
}

// The order of an epoch depends on the seed and on the epoch's number alone (Fisher and Yates' method).
template <class T>
void Training<T>::shuffle() {
  std::uint64_t random = options_.seed;
  random = next_random(random) ^ (epoch_ + 1);
  std::iota(order_.begin(), order_.end(), 0);
  for (std::size_t left = order_.size(); left > 1; --left)
    std::swap(order_[left - 1], order_[next_random(random) % left]);
}

template <class T>
Status Training<T>::run(const Context& context, const std::function<bool(const Epoch&)>& on_epoch, Stop& stop) {
  std::vector<std::vector<T>> before;  // what the network knew when the epoch began
  for (stop = Stop::kFinished; epoch_ < options_.epochs;) {
    shuffle();
    before.clear();
    for (const std::span<T> numbers : network_.memory()) before.emplace_back(numbers.begin(), numbers.end());
    Epoch epoch;
    epoch.number = epoch_ + 1;
    Sums sums;
    sums.predictions.resize(network_.outputs());
    sums.assignments.resize(network_.outputs());
    for (std::size_t first = 0; first < order_.size(); first += batch_size()) {
      if (context.cancelled()) {
        stop = Stop::kAborted;
        return Status::ok();
      }
      const Rows rows{order_.data() + first, std::min(batch_size(), order_.size() - first)};
      Status status = take_step(rows, context, epoch, sums);
      if (status) continue;
      if (status.code() != Code::kOutOfRange) return status;
      stop = Stop::kNonFinite;
      std::size_t at = 0;
      for (const std::span<T> numbers : network_.memory())
        std::copy_n(before[at++].begin(), numbers.size(), numbers.begin());
      return {Code::kOutOfRange, "step " + std::to_string(first / batch_size() + 1) + " of epoch " +
                                     std::to_string(epoch.number) + ": " + status.message()};
    }
    epoch_ += 1;
    if (!on_epoch(summarise(sums, context, epoch))) {
      stop = Stop::kCallback;
      return Status::ok();
    }
  }
  return Status::ok();
}

template <class T>
Status Training<T>::take_step(Rows rows, const Context& context, Epoch& epoch, Sums& sums) {
  const Workspace::Frame frame(context.workspace);
  Watch watch;
  const std::size_t n = rows.count, k = network_.outputs();
  const std::span<T> x = context.workspace.take<T>(n * samples_.columns());
  samples_.gather(rows, x.data());
  const MatrixView<T> features{x.data(), n, samples_.columns()};
  const auto pass = network_.forward(features, Mode::kTraining, context);
  const MatrixView<T> logits{pass.logits.data(), n, k};
  watch.add_to(epoch.seconds.network);

  EvaluationOptions options;
  options.from = From::kLogits;
  options.rows = rows;
  options.draw = steps_;
  const std::span<T> gradient = context.workspace.take<T>(n * k);
  double value = 0;
  if (Status status = evaluate(objective_, logits, options, context, value, gradient); !status) return status;
  // The loss is the negative objective.
  for (T& each : gradient) each = -each;
  count(logits, sums);
  sums.objective += value * static_cast<double>(n);
  watch.add_to(epoch.seconds.objective);

  network_.clear_gradients();
  network_.backward(pass, gradient, true, context);
  if (Status status = add_adversarial_gradient(features, logits, rows, context, sums); !status) return status;
  watch.add_to(epoch.seconds.network);
  update(context);
  watch.add_to(epoch.seconds.update);
  return Status::ok();
}

template <class T>
Status Training<T>::add_adversarial_gradient(MatrixView<T> x, MatrixView<T> logits, Rows rows, const Context& context,
                                             Sums& sums) {
  if (options_.vat.weight == 0) return Status::ok();
  double lds = 0;
  Status status = train_adversarially(network_, {x, logits, rows, steps_}, options_.vat, context, lds);
  sums.vat += lds * static_cast<double>(rows.count);
  return status;
}

template <class T>
void Training<T>::update(const Context& context) {
  for (Penalty<T>* penalty : penalties_) penalty->add_gradient(context);
  optimizer_.step(context, rate_share());
  for (Penalty<T>* penalty : penalties_) penalty->shrink(optimizer_.last_rate(), context);
  steps_ += 1;
}

template <class T>
void Training<T>::count(MatrixView<T> logits, Sums& sums) const {
  std::vector<double> p(logits.columns);
  for (std::size_t i = 0; i < logits.rows; ++i) {
    const T* row = logits.row(i);
    const std::size_t likeliest = static_cast<std::size_t>(std::max_element(row, row + p.size()) - row);
    double total = 0;
    for (std::size_t k = 0; k < p.size(); ++k) total += p[k] = std::exp(static_cast<double>(row[k] - row[likeliest]));
    for (std::size_t k = 0; k < p.size(); ++k) {
      sums.predictions[k] += p[k] / total;
      sums.entropy += entropy_term(p[k] / total);
    }
    sums.assignments[likeliest] += 1;
  }
}

template <class T>
Epoch& Training<T>::summarise(const Sums& sums, const Context& context, Epoch& epoch) const {
  const auto n = static_cast<double>(samples_.rows());
  epoch.objective = sums.objective / n;
  epoch.vat = sums.vat / n;
  for (const Penalty<T>* penalty : penalties_) epoch.penalty += penalty->value(context);
  epoch.predictions_entropy = sums.entropy / n;
  for (const double sum : sums.predictions) epoch.proportions_entropy += entropy_term(sum / n);
  for (const std::size_t samples : sums.assignments) epoch.clusters += samples > 0;
  return epoch;
}

template class Training<float>;
template class Training<double>;

}  // namespace genmi::networks
