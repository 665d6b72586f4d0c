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

// Consecutive columns of a matrix; a copy in the caller's frame, unless they are all.
template <class T>
MatrixView<T> columns_of(MatrixView<T> of, std::size_t first, std::size_t count, Workspace& workspace) {
  if (count == of.columns) return of;
  const std::span<T> copy = workspace.take<T>(of.rows * count);
  for (std::size_t i = 0; i < of.rows; ++i) std::copy_n(of.row(i) + first, count, copy.data() + i * count);
  return {copy.data(), of.rows, count};
}

// The loss is minimised. Steps add LDS with its weight.
template <class T>
struct LossOfTarget final : Steps<T>::Loss {
  LossOfTarget(const Target& of, double* values_of_heads) : target(of), values(values_of_heads) {
    options.from = From::kLogits;
  }

  Status differentiate(MatrixView<T> of, const Context& context, std::span<T> gradient) override {
    Watch watch;
    logits = of;
    Status status;
    if (target.pairs == nullptr) {
      status = evaluate(*target.objective, logits, options, context, *values, gradient);
      for (T& each : gradient) each = -each;
    } else {
      std::size_t first = 0;
      for (std::size_t h = 0; status && h < target.pairs->heads.size(); first += target.pairs->heads[h++].columns)
        status = differentiate_head(target.pairs->heads[h], first, context, values[h], gradient);
    }
    watch.add_to(seconds);
    return status;
  }

  // Both views are the two halves of a batch.
  Status differentiate_head(const Head& head, std::size_t first, const Context& context, double& value,
                            std::span<T> gradient) {
    const Workspace::Frame frame(context.workspace);
    const std::size_t n = logits.rows / 2, k = head.columns;
    const MatrixView<T> own = columns_of(logits, first, k, context.workspace);
    const std::span<T> by_own = context.workspace.take<T>(2 * n * k);
    const Views views{MatrixView<T>{own.data, n, k}, MatrixView<T>{own.row(n), n, k}, From::kLogits};
    const ViewGradients gradients{by_own.first(n * k), by_own.subspan(n * k)};
    if (Status status = evaluate(target.pairs->loss, views, context, value, gradients); !status) return status;
    const auto weight = static_cast<T>(head.weight);
    for (std::size_t i = 0; i < 2 * n; ++i)
      for (std::size_t c = 0; c < k; ++c) gradient[i * logits.columns + first + c] = weight * by_own[i * k + c];
    return Status::ok();
  }

  const Target& target;
  double* values;
  EvaluationOptions options;
  MatrixView<T> logits;
  double seconds = 0;
};

constexpr std::uint64_t kFormat = 0x0200'696d6e6567;       // "genmi", 0, 2
constexpr std::uint64_t kFormatPairs = 0x0201'696d6e6567;  // of a training on pairs

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

Status check_pairs(const Pairs& pairs, std::size_t outputs) {
  std::size_t columns = 0;
  for (const Head& head : pairs.heads) columns += head.columns;
  if (columns == outputs && pairs.copies > 0) return Status::ok();
  return {Code::kOutOfRange, explain("heads", "as many columns as the logits have", "others")};
}

Status at_step(std::uint64_t step, std::uint64_t epoch, const Status& status) {
  return {Code::kOutOfRange, "step " + count_text(step) + " of epoch " + count_text(epoch) + ": " + status.message()};
}

Status refused_snapshot(const char* received) {
  return {Code::kOutOfRange,
          explain("resume", "a snapshot of a training with this network, optimizer, batchSize and number of samples",
                  received)};
}

// (push_back would be compiled into each caller.)
void add_fact(const char* difference, std::uint64_t number, std::vector<Fact>& facts) {
  facts.push_back({difference, number});
}

void add_facts(const Pairs& pairs, std::vector<Fact>& facts) {
  add_fact("one of another number of copies", pairs.copies, facts);
  for (const Head& head : pairs.heads) add_fact("one of other heads", head.columns, facts);
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

void EpochSums::clear() {
  vat = 0;
  seconds = {};
  std::fill(numbers.begin(), numbers.end(), 0);
  std::fill(assignments.begin(), assignments.end(), 0);
}

HeadEpoch EpochSums::finish_head(std::size_t h, std::size_t first, std::size_t columns, double samples, double seen) {
  // Rounding could leave the range of entropies.
  const double highest = std::log(static_cast<double>(columns));
  HeadEpoch head;
  head.value = values()[h] / samples;
  head.predictions_entropy = std::clamp(entropies()[h] / seen, 0.0, highest);
  for (std::size_t c = first; c < first + columns; ++c) {
    head.proportions_entropy += entropy_term(predictions()[c] / seen);
    head.clusters += assignments[c] > 0;
  }
  head.proportions_entropy = std::clamp(head.proportions_entropy, 0.0, highest);
  return head;
}

template <class T>
Training<T>::Training(Network<T>& network, const Samples& samples, const Target& target, const TrainingOptions& options)
    : network_(network),
      samples_(samples),
      target_(target),
      whole_{network.outputs(), -1},
      heads_(target.pairs == nullptr ? std::span<const Head>(&whole_, 1) : std::span<const Head>(target.pairs->heads)),
      options_(options),
      optimizer_(options.optimizer, network.parameters()),
      numbers_(network.memory()),
      order_(target.pairs == nullptr ? samples.rows() : target.pairs->samples),
      sums_(heads_.size(), network.outputs()) {
  options_.vat.seed = options.seed;
  for (const std::span<T> numbers : optimizer_.moments()) numbers_.push_back(numbers);
  std::size_t count = 0;
  for (const std::span<T> numbers : numbers_) count += numbers.size();
  before_.resize(count);
}

template <class T>
Training<T>::~Training() = default;

template <class T>
Status Training<T>::check() const {
  if (order_.empty()) return no_samples();
  if (target_.pairs != nullptr) return check_pairs(*target_.pairs, network_.outputs());
  if (Status status = check_samples(network_, samples_); !status) return status;
  return check_fit(order_.size(), network_.samples() != 0, *target_.objective, options_.vat);
}

template <class T>
std::size_t Training<T>::batch_size() const {
  return options_.batch_size == 0 ? order_.size() : std::min(options_.batch_size, order_.size());
}

template <class T>
std::size_t Training<T>::batches() const {
  return (order_.size() + batch_size() - 1) / batch_size();
}

template <class T>
double Training<T>::rate_share() const {
  if (options_.schedule == Schedule::kConstant) return 1;
  return 1 - static_cast<double>(place_.steps) / static_cast<double>(options_.epochs * batches());
}

template <class T>
Status Training<T>::run(const Context& context, const std::function<bool(const Epoch&)>& on_epoch, Stop& stop) {
  if (backend_ != &context.backend) {
    steps_ =
        context.backend.steps({network_, samples_, optimizer_, penalties_, options_.vat, target_.pairs == nullptr});
    backend_ = &context.backend;
  }
  stop = Stop::kFinished;
  while (stop == Stop::kFinished && place_.epoch < options_.epochs) {
    begin_epoch();
    Status status = take_steps(context);
    const bool stopped = status.code() == Code::kAborted;
    std::uint64_t step = (place_.samples + batch_size() - 1) / batch_size() + 1;  // the one that has failed
    if ((status || stopped) && !is_finite()) {
      status = {Code::kOutOfRange, "parameters are not finite after this step"};
      step = std::max<std::uint64_t>(step - 1, 1);
    }
    if (status.code() == Code::kOutOfRange) {
      stop = Stop::kNonFinite;
      restart_epoch();
      status = at_step(step, place_.epoch + 1, status);
      report_steps(context);
      return status;
    }
    if (!status && !stopped) return status;
    if (stopped) stop = Stop::kAborted;
    else if (place_.samples == order_.size() && !on_epoch(finish_epoch(context))) stop = Stop::kCallback;
    if (target_.pairs != nullptr) break;  // the views are those of one step
  }
  return Status::ok();
}

template <class T>
void Training<T>::leave_device() {
  steps_.reset();
  backend_ = nullptr;
}

template <class T>
NextStep Training<T>::next() {
  if (place_.epoch >= options_.epochs) return {};
  draw_samples();
  std::uint64_t random = options_.seed;
  random = next_random(random) ^ (place_.steps + 1);
  constexpr int kSurplus = 64 - 53;
  const std::uint64_t first = next_random(random) >> kSurplus, second = next_random(random) >> kSurplus;
  return {{order_.data() + place_.samples, step_size()}, {first, second}};
}

template <class T>
std::size_t Training<T>::step_size() const {
  return std::min<std::size_t>(batch_size(), order_.size() - place_.samples);
}

template <class T>
void Training<T>::draw_samples() {
  if (std::exchange(drawn_, place_.epoch + 1) != place_.epoch + 1) draw_order(options_.seed, place_.epoch, order_);
}

template <class T>
void Training<T>::begin_epoch() {
  draw_samples();
  if (place_.samples > 0) return;
  T* to = before_.data();
  for (const std::span<T> numbers : numbers_) to = std::copy(numbers.begin(), numbers.end(), to);
}

// The steps of this epoch that are left; on pairs, the next one.
template <class T>
Status Training<T>::take_steps(const Context& context) {
  steps_->open();
  Status status;
  try {
    while (status && place_.samples < order_.size()) {
      report_steps(context);
      const Rows rows{order_.data() + place_.samples, step_size()};
      status = context.cancelled() ? aborted() : take_step(rows, context);
      if (status) place_.samples += rows.count;
      if (target_.pairs != nullptr) break;
    }
  } catch (...) {
    if (!steps_->close()) restart_epoch();
    throw;
  }
  if (!steps_->close()) {
    restart_epoch();
    const bool failed = !status && status.code() != Code::kAborted;
    status = {failed ? status.code() : Code::kUnavailable,
              failed ? status.message() + "; the network is as it was when this epoch began"
                     : "the device has lost the numbers of this epoch"};
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
  const std::span<double> values = context.workspace.take<double>(heads_.size());
  LossOfTarget<T> loss(target_, values.data());
  loss.options.rows = rows;
  loss.options.draw = place_.steps;
  typename Steps<T>::Report report;
  const Rows learned = target_.pairs == nullptr ? rows : Rows{nullptr, samples_.rows()};
  if (Status status = steps_->take(learned, place_.steps, rate_share(), context, loss, report); !status) return status;
  place_.steps += 1;
  Watch watch;
  const auto n = static_cast<double>(rows.count);
  std::size_t first = 0;
  for (std::size_t h = 0; h < heads_.size(); first += heads_[h++].columns) {
    count(loss.logits, h, first, context);
    sums_.values()[h] += values[h] * n;
  }
  sums_.vat += report.lds * n;
  sums_.seconds.network += report.network_seconds;
  sums_.seconds.update += report.update_seconds;
  sums_.seconds.objective += loss.seconds;
  watch.add_to(sums_.seconds.objective);
  return Status::ok();
}

// The predictions of a head, whose logits are columns from the first one on.
template <class T>
void Training<T>::count(MatrixView<T> all, std::size_t head, std::size_t first_column, const Context& context) {
  const Workspace::Frame frame(context.workspace);
  const MatrixView<T> logits = columns_of(all, first_column, heads_[head].columns, context.workspace);
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
      sums_.predictions()[first_column + c] += sum;
      sums_.entropies()[head] += entropy;
    }
  std::uint64_t* const assignments = sums_.assignments.data() + first_column;
  for (std::size_t i = 0; i < n; ++i)
    assignments[std::max_element(logits.row(i), logits.row(i) + k) - logits.row(i)] += 1;
}

template <class T>
Epoch Training<T>::finish_epoch(const Context& context) {
  place_.epoch += 1;
  place_.samples = 0;
  const auto n = static_cast<double>(order_.size());
  const double seen = target_.pairs == nullptr ? n : n * 2 * static_cast<double>(target_.pairs->copies);
  Epoch epoch;
  epoch.number = place_.epoch;
  std::size_t first = 0;
  for (std::size_t h = 0; h < heads_.size(); first += heads_[h++].columns) {
    epoch.heads.push_back(sums_.finish_head(h, first, heads_[h].columns, n, seen));
    epoch.objective -= heads_[h].weight * epoch.heads[h].value;
  }
  epoch.vat = sums_.vat / n;
  epoch.penalty = optimizer_.penalty();
  for (const Penalty<T>* penalty : penalties_) epoch.penalty += penalty->value(context);
  epoch.loss = epoch.penalty + options_.vat.weight * epoch.vat - epoch.objective;
  epoch.seconds = sums_.seconds;
  sums_.clear();
  return epoch;
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
  sums_.clear();
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
  writer.put(target_.pairs == nullptr ? kFormat : kFormatPairs);
  for (const Fact& fact : facts()) writer.put(fact.number);
  writer.put(options_.seed);
  writer.put(place_);
  writer.put(sums_.vat);
  writer.put(sums_.seconds);
  writer.put(std::span<const double>(sums_.numbers));
  writer.put(std::span<const std::uint64_t>(sums_.assignments));
  for (const std::span<T> numbers : numbers_) writer.put(std::span<const T>(numbers));
  if (place_.samples > 0) writer.put(std::span<const T>(before_));
  return std::move(writer).finish();
}

template <class T>
Status Training<T>::restore(std::span<const std::byte> snapshot) {
  constexpr const char* damaged = "bytes that are no snapshot, or not all of one";
  ByteReader reader(snapshot);
  const std::uint64_t format = reader.check() ? reader.get<std::uint64_t>() : 0;
  if (format != kFormat && format != kFormatPairs) return refused_snapshot(damaged);
  if ((format == kFormatPairs) != (target_.pairs != nullptr))
    return refused_snapshot(target_.pairs == nullptr ? "one of a training on pairs"
                                                     : "one of a training without pairs");
  for (const Fact& fact : facts())
    if (reader.get<std::uint64_t>() != fact.number) return refused_snapshot(fact.difference);
  const auto seed = reader.get<std::uint64_t>();
  const auto place = reader.get<Place>();
  EpochSums sums = sums_;
  sums.vat = reader.get<double>();
  sums.seconds = reader.get<Epoch::Seconds>();
  reader.get(std::span(sums.numbers));
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
  drawn_ = 0;
  sums_ = std::move(sums);
  return Status::ok();
}

template <class T>
std::vector<Fact> Training<T>::facts() const {
  std::vector<Fact> facts;
  add_fact("one of another precision", sizeof(T), facts);
  add_fact("one of another optimizer", static_cast<std::uint64_t>(options_.optimizer.rule), facts);
  add_fact("one of another number of samples", order_.size(), facts);
  add_fact("one of another batchSize", batch_size(), facts);
  add_fact("one of another number of clusters", network_.outputs(), facts);
  constexpr const char* kOtherLayers = "one of a network with other layers";
  add_fact(kOtherLayers, numbers_.size(), facts);
  for (const std::span<T> numbers : numbers_) add_fact(kOtherLayers, numbers.size(), facts);
  if (target_.pairs != nullptr) add_facts(*target_.pairs, facts);
  return facts;
}

template class Training<float>;
template class Training<double>;

}  // namespace genmi::networks
