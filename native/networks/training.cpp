#include "networks/training.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "genmi/backend.h"
#include "genmi/evaluation.h"
#include "genmi/random_bits.h"
#include "networks/predict.h"
#include "networks/watch.h"
#include "simd/kernels.h"
#include "simd/panels.h"

namespace genmi::networks {
namespace {

double entropy_term(double p) { return p > 0 ? -p * std::log(p) : 0; }

// A number below `bound`, each one as likely as any other: 32 random bits times the bound have it in their upper half,
// and lower halves that some numbers have more often than others are drawn again.
// Source: Lemire, "Fast random integer generation in an interval", 2019, algorithm 5.
std::uint32_t draw_below(std::uint32_t bound, std::uint64_t& random) {
  const std::uint32_t rejected = (0 - bound) % bound;
  std::uint64_t product;
  do product = (next_random(random) >> 32) * bound;
  while (static_cast<std::uint32_t>(product) < rejected);
  return static_cast<std::uint32_t>(product >> 32);
}

// The loss is minimised. Steps add LDS with its weight.
template <class T>
struct NegativeObjective final : Steps<T>::Loss {
  explicit NegativeObjective(const Objective& of) : objective(of) { options.from = From::kLogits; }

  Status differentiate(MatrixView<T> of, const Context& context, std::span<T> gradient) override {
    Watch watch;
    logits = of;
    if (Status status = evaluate(objective, logits, options, context, value, gradient); !status) return status;
    for (T& each : gradient) each = -each;
    watch.add_to(seconds);
    return Status::ok();
  }

  const Objective& objective;
  EvaluationOptions options;
  MatrixView<T> logits;
  double value = 0, seconds = 0;
};

constexpr std::uint64_t kFormat = 0x0100'696d6e6567;  // "genmi", 0, 1

// (std::to_string would be compiled into each caller, 700 bytes each time.)
std::string count_text(std::uint64_t count) { return format(static_cast<double>(count)); }

Status no_samples() { return {Code::kOutOfRange, explain("data", "at least one sample", "none")}; }

// table: whether the network is one.
Status check_fit(std::size_t samples, bool table, const Objective& objective, const AdversarialOptions& vat) {
  if (table && vat.weight != 0)
    return {Code::kOutOfRange, explain("vat", "a network of features", "a table of logits")};
  if (objective.named_samples() > samples)
    return {Code::kOutOfRange,
            explain("data", "at least " + count_text(objective.named_samples()) + " samples, which the objective names",
                    count_text(samples))};
  if (!vat.epsilons.empty() && vat.epsilons.size() != samples)
    return {Code::kOutOfRange,
            explain("the number of lengths of vat.epsilon", count_text(samples), count_text(vat.epsilons.size()))};
  const std::size_t size = objective.affinity_size();
  if (size != 0 && size != samples)
    return {Code::kOutOfRange,
            explain("the number of samples of the objective's affinity", count_text(samples), count_text(size))};
  return Status::ok();
}

Status at_step(std::uint64_t step, std::uint64_t epoch, const Status& status) {
  return {Code::kOutOfRange, "step " + count_text(step) + " of epoch " + count_text(epoch) + ": " + status.message()};
}

Status refused_snapshot(const std::string& received) {
  return {Code::kOutOfRange,
          explain("resume", "a snapshot of a training with this network, optimizer, batchSize and number of samples",
                  received)};
}

}  // namespace

// Fisher and Yates' method.
void draw_order(std::uint64_t seed, std::size_t epoch, std::span<std::int32_t> order) {
  std::uint64_t random = seed;
  random = next_random(random) ^ (epoch + 1);
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t left = order.size(); left > 1; --left)
    std::swap(order[left - 1], order[draw_below(static_cast<std::uint32_t>(left), random)]);
}

template <class T>
Training<T>::Training(Network<T>& network, const Samples& samples, const Objective& objective,
                      const TrainingOptions& options)
    : network_(network),
      samples_(samples),
      objective_(objective),
      options_(options),
      optimizer_(options.optimizer, network.parameters()),
      numbers_(network.memory()),
      order_(samples.rows()) {
  options_.vat.seed = options.seed;
  for (const std::span<T> numbers : optimizer_.moments()) numbers_.push_back(numbers);
  std::size_t count = 0;
  for (const std::span<T> numbers : numbers_) count += numbers.size();
  before_.resize(count);
  sums_.predictions.resize(network.outputs());
  sums_.assignments.resize(network.outputs());
}

template <class T>
Training<T>::~Training() = default;

template <class T>
Status Training<T>::check() const {
  if (samples_.rows() == 0) return no_samples();
  if (Status status = check_samples(network_, samples_); !status) return status;
  return check_fit(samples_.rows(), network_.samples() != 0, objective_, options_.vat);
}

template <class T>
std::size_t Training<T>::batch_size() const {
  return options_.batch_size == 0 ? samples_.rows() : std::min(options_.batch_size, samples_.rows());
}

template <class T>
std::size_t Training<T>::batches() const {
  return (samples_.rows() + batch_size() - 1) / batch_size();
}

template <class T>
double Training<T>::rate_share() const {
  if (options_.schedule == Schedule::kConstant) return 1;
  return 1 - static_cast<double>(place_.steps) / static_cast<double>(options_.epochs * batches());
}

template <class T>
Status Training<T>::run(const Context& context, const std::function<bool(const Epoch&)>& on_epoch, Stop& stop) {
  if (const Backend* const before = std::exchange(backend_, &context.backend); before != backend_)
    steps_ = backend_->steps({network_, samples_, optimizer_, penalties_, options_.vat});
  stop = Stop::kFinished;
  while (stop == Stop::kFinished && place_.epoch < options_.epochs) {
    begin_epoch();
    Status status = take_steps(context);
    const bool stopped = status.code() == Code::kAborted;
    if ((status || stopped) && !is_finite()) status = {Code::kOutOfRange, "parameters are not finite after this step"};
    if (status.code() == Code::kOutOfRange) {
      stop = Stop::kNonFinite;
      status = go_back(status);
      report_steps(context);
      return status;
    }
    if (!status && !stopped) return status;
    if (stopped) stop = Stop::kAborted;
    else if (!on_epoch(finish_epoch(context))) stop = Stop::kCallback;
  }
  return Status::ok();
}

template <class T>
void Training<T>::begin_epoch() {
  draw_order(options_.seed, place_.epoch, order_);
  if (place_.samples > 0) return;
  T* to = before_.data();
  for (const std::span<T> numbers : numbers_) to = std::copy(numbers.begin(), numbers.end(), to);
}

template <class T>
void Training<T>::clear_sums() {
  sums_.objective = sums_.vat = sums_.entropy = 0;
  sums_.seconds = {};
  std::fill(sums_.predictions.begin(), sums_.predictions.end(), 0);
  std::fill(sums_.assignments.begin(), sums_.assignments.end(), 0);
}

// The steps of this epoch that are left.
template <class T>
Status Training<T>::take_steps(const Context& context) {
  steps_->open();
  Status status;
  try {
    while (status && place_.samples < order_.size()) {
      report_steps(context);
      const std::size_t first = place_.samples, size = std::min(batch_size(), order_.size() - first);
      status = context.cancelled() ? aborted() : take_step({order_.data() + first, size}, context);
      if (status) place_.samples += size;
    }
  } catch (...) {
    if (!steps_->close()) restart_epoch();
    throw;
  }
  if (!steps_->close()) {
    restart_epoch();
    status = {Code::kUnavailable, "the device has lost the numbers of this epoch"};
  }
  report_steps(context);
  return status;
}

template <class T>
void Training<T>::report_steps(const Context& context) const {
  if (context.job != nullptr) context.job->report_steps(place_.steps);
}

template <class T>
Status Training<T>::take_step(Rows rows, const Context& context) {
  const Workspace::Frame frame(context.workspace);
  NegativeObjective<T> loss(objective_);
  loss.options.rows = rows;
  loss.options.draw = place_.steps;
  typename Steps<T>::Report report;
  if (Status status = steps_->take(rows, place_.steps, rate_share(), context, loss, report); !status) return status;
  place_.steps += 1;
  Watch watch;
  count(loss.logits, context);
  const auto n = static_cast<double>(rows.count);
  sums_.objective += loss.value * n;
  sums_.vat += report.lds * n;
  sums_.seconds.network += report.network_seconds;
  sums_.seconds.update += report.update_seconds;
  sums_.seconds.objective += loss.seconds;
  watch.add_to(sums_.seconds.objective);
  return Status::ok();
}

template <class T>
void Training<T>::count(MatrixView<T> logits, const Context& context) {
  const Workspace::Frame frame(context.workspace);
  const std::size_t n = logits.rows, k = logits.columns;
  const std::span<T> log_p = context.workspace.take<T>(simd::panel_size(n, k));
  const std::span<T> p = context.workspace.take<T>(log_p.size());
  context.kernels.panel<T>().read_logits(logits.data, n, k, log_p.data(), p.data());
  for (std::size_t first = 0; first < n; first += simd::kPanel)
    for (std::size_t c = 0; c < k; ++c) {
      const std::size_t begin = simd::place_in_panels(first, c, k), end = begin + std::min(simd::kPanel, n - first);
      double sum = 0, entropy = 0;
      for (std::size_t at = begin; at < end; ++at) {
        sum += static_cast<double>(p[at]);
        entropy -= static_cast<double>(p[at]) * static_cast<double>(log_p[at]);
      }
      sums_.predictions[c] += sum;
      sums_.entropy += entropy;
    }
  for (std::size_t i = 0; i < n; ++i)
    sums_.assignments[static_cast<std::size_t>(std::max_element(logits.row(i), logits.row(i) + k) - logits.row(i))] +=
        1;
}

template <class T>
Epoch Training<T>::finish_epoch(const Context& context) {
  place_.epoch += 1;
  place_.samples = 0;
  const auto n = static_cast<double>(samples_.rows());
  Epoch epoch;
  epoch.number = place_.epoch;
  epoch.objective = sums_.objective / n;
  epoch.vat = sums_.vat / n;
  epoch.penalty = optimizer_.penalty();
  for (const Penalty<T>* penalty : penalties_) epoch.penalty += penalty->value(context);
  epoch.loss = epoch.penalty + options_.vat.weight * epoch.vat - epoch.objective;
  // Rounding could leave the range of entropies.
  const double highest = std::log(static_cast<double>(network_.outputs()));
  epoch.predictions_entropy = std::clamp(sums_.entropy / n, 0.0, highest);
  for (const double sum : sums_.predictions) epoch.proportions_entropy += entropy_term(sum / n);
  epoch.proportions_entropy = std::clamp(epoch.proportions_entropy, 0.0, highest);
  for (const std::uint64_t samples : sums_.assignments) epoch.clusters += samples > 0;
  epoch.seconds = sums_.seconds;
  clear_sums();
  return epoch;
}

// Back to the beginning of the epoch: `status` says why.
template <class T>
Status Training<T>::go_back(const Status& status) {
  const std::uint64_t done = (place_.samples + batch_size() - 1) / batch_size();
  const std::uint64_t step = std::min<std::uint64_t>(done + 1, batches());
  restart_epoch();
  return at_step(step, place_.epoch + 1, status);
}

template <class T>
void Training<T>::restart_epoch() {
  const T* from = before_.data();
  for (const std::span<T> numbers : numbers_) {
    std::copy_n(from, numbers.size(), numbers.begin());
    from += numbers.size();
  }
  place_ = {place_.epoch, 0, place_.epoch * batches()};
  optimizer_.set_steps(place_.steps);
  clear_sums();
}

template <class T>
bool Training<T>::is_finite() const {
  bool finite = true;
  for (const std::span<T> numbers : numbers_)
    for (const T number : numbers) finite &= std::abs(number) <= std::numeric_limits<T>::max();
  return finite;
}

template <class T>
std::vector<std::byte> Training<T>::snapshot() const {
  ByteWriter writer;
  writer.put(kFormat);
  for (const Fact& fact : facts()) writer.put(fact.number);
  writer.put(options_.seed);
  writer.put(place_);
  for (const double number : {sums_.objective, sums_.vat, sums_.entropy}) writer.put(number);
  writer.put(sums_.seconds);
  writer.put(std::span<const double>(sums_.predictions));
  writer.put(std::span<const std::uint64_t>(sums_.assignments));
  for (const std::span<T> numbers : numbers_) writer.put(std::span<const T>(numbers));
  if (place_.samples > 0) writer.put(std::span<const T>(before_));
  return std::move(writer).finish();
}

template <class T>
Status Training<T>::restore(std::span<const std::byte> snapshot) {
  const std::string damaged = "bytes that are no snapshot, or not all of one";
  ByteReader reader(snapshot);
  if (!reader.check() || reader.get<std::uint64_t>() != kFormat) return refused_snapshot(damaged);
  for (const Fact& fact : facts())
    if (reader.get<std::uint64_t>() != fact.number) return refused_snapshot(fact.difference);
  const auto seed = reader.get<std::uint64_t>();
  const auto place = reader.get<Place>();
  Sums sums = sums_;
  for (double* number : {&sums.objective, &sums.vat, &sums.entropy}) *number = reader.get<double>();
  sums.seconds = reader.get<Epoch::Seconds>();
  reader.get(std::span(sums.predictions));
  reader.get(std::span(sums.assignments));
  const bool between_epochs = place.samples == 0;
  if (place.samples >= order_.size() || place.samples % batch_size() != 0 ||
      place.steps != place.epoch * batches() + place.samples / batch_size() ||
      reader.left() != (between_epochs ? 1 : 2) * before_.size() * sizeof(T))
    return refused_snapshot(damaged);

  for (const std::span<T> numbers : numbers_) reader.get(numbers);
  if (!between_epochs) reader.get(std::span<T>(before_));
  options_.seed = options_.vat.seed = seed;
  optimizer_.set_steps(place.steps);
  place_ = place;
  sums_ = std::move(sums);
  return Status::ok();
}

template <class T>
std::vector<typename Training<T>::Fact> Training<T>::facts() const {
  std::vector<Fact> facts{{"one of another precision", sizeof(T)},
                          {"one of another optimizer", static_cast<std::uint64_t>(options_.optimizer.rule)},
                          {"one of another number of samples", samples_.rows()},
                          {"one of another batchSize", batch_size()},
                          {"one of another number of clusters", network_.outputs()},
                          {"one of a network with other layers", numbers_.size()}};
  for (const std::span<T> numbers : numbers_) facts.push_back({"one of a network with other layers", numbers.size()});
  return facts;
}

template class Training<float>;
template class Training<double>;

}  // namespace genmi::networks
