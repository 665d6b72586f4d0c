#include "backend/device_steps.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "networks/watch.h"

namespace genmi {
namespace {

using networks::Form;
using networks::Learner;
using networks::Parameter;
using networks::Steps;
using networks::Watch;

// Launches take the same time for any work, so that small networks are expected to be faster on the CPU. No card has
// measured the border.
constexpr std::size_t kLeastParameters = std::size_t{1} << 17;
// About the numbers of samples that are copied at a time.
constexpr std::size_t kPart = std::size_t{1} << 20;

using TrainingPtr = HandlePtr<GenmiTraining, &GenmiDeviceTable::release_training>;

bool is_identity(const Form& form) { return form.activation == simd::Activation::kIdentity; }

template <class T>
bool has_kernels(const Learner<T>& learner) {
  const auto& layers = learner.network.layers();
  const auto is_dense = [](const Form& form, bool bias) {
    return form.kind == Form::Kind::kDense && form.has_bias == bias;
  };
  const auto known = [&](const auto& layer) {
    return layer->form().kind == Form::Kind::kNormalization || is_dense(layer->form(), true);
  };
  const networks::Layer<T>* const skip = learner.network.skip();
  const bool known_skip = skip == nullptr || (is_dense(skip->form(), false) && is_identity(skip->form()) &&
                                              is_identity(layers.back()->form()));
  return learner.samples_stay && learner.penalties.empty() && known_skip &&
         std::all_of(layers.begin(), layers.end(), known);
}

template <class T>
std::size_t parameters_of(networks::Network<T>& network) {
  std::size_t count = 0;
  for (const Parameter<T>* each : network.parameters()) count += each->rows * each->columns;
  return count;
}

// The numbers of an activation or a rule in genmi/device_table.h are those of its enumeration.
template <class T>
std::vector<GenmiLayer> layers_of(const networks::Network<T>& network) {
  std::vector<GenmiLayer> layers;
  for (const auto& layer : network.layers()) {
    const Form form = layer->form();
    layers.push_back({form.kind == Form::Kind::kNormalization, static_cast<int>(form.activation), layer->inputs(),
                      layer->outputs()});
  }
  return layers;
}

template <class T>
GenmiLearner describe(const Learner<T>& learner, const std::vector<GenmiLayer>& layers) {
  const networks::OptimizerOptions& rule = learner.optimizer.options();
  const networks::AdversarialOptions& vat = learner.vat;
  return {sizeof(T),
          learner.samples.rows(),
          layers.data(),
          layers.size(),
          learner.network.skip() != nullptr,
          static_cast<int>(rule.rule),
          rule.first,
          rule.second,
          2 * rule.decay,
          rule.largest_norm,
          vat.weight,
          vat.epsilon,
          vat.epsilons.empty() ? nullptr : vat.epsilons.data(),
          vat.xi,
          vat.power,
          vat.normalization == networks::AdversarialOptions::Normalization::kExact};
}

// Numbers that a training changes, and the order that they have in memory: panels of a parameter, or as they are.
template <class T>
struct Piece {
  std::span<T> numbers;
  const Parameter<T>* order;

  std::size_t count() const { return order == nullptr ? numbers.size() : order->rows * order->columns; }
  // The place of number `at`, row by row.
  std::size_t place(std::size_t at) const {
    return order == nullptr ? at : order->place(at / order->columns, at % order->columns);
  }
};

template <class T>
class DeviceSteps final : public Steps<T> {
 public:
  using typename Steps<T>::Loss, typename Steps<T>::Report;

  DeviceSteps(DevicePtr device, const Learner<T>& learner)
      : device_(std::move(device)), learner_(learner), training_(nullptr, {&device_->table}) {
    for (Parameter<T>* each : learner.network.parameters()) pieces_.push_back({each->values, each});
    for (const auto& statistic : learner.network.statistics()) pieces_.push_back({statistic.numbers, nullptr});
    const std::vector<std::span<T>> moments = learner.optimizer.moments();
    const std::vector<Parameter<T>*> parameters = learner.network.parameters();
    const std::size_t each = moments.size() / parameters.size();
    for (std::size_t m = 0; m < moments.size(); ++m) pieces_.push_back({moments[m], parameters[m / each]});
    std::size_t count = 0;
    for (const Piece<T>& piece : pieces_) count += piece.count();
    numbers_.resize(count);
  }

  // Copies the samples.
  GenmiFailure create() {
    const std::vector<GenmiLayer> layers = layers_of(learner_.network);
    const GenmiLearner learner = describe(learner_, layers);
    GenmiTraining* made = nullptr;
    GenmiFailure failure = table().create_training(device_->handle, &learner, &made);
    training_.reset(made);
    const std::size_t samples = learner_.samples.rows(), columns = learner_.samples.columns();
    const std::size_t part = std::max<std::size_t>(1, kPart / columns);
    std::vector<std::int32_t> rows;
    std::vector<T> features;
    for (std::size_t first = 0; first < samples && failure.call == nullptr; first += part) {
      rows.resize(std::min(part, samples - first));
      std::iota(rows.begin(), rows.end(), static_cast<std::int32_t>(first));
      features.resize(rows.size() * columns);
      learner_.samples.gather({rows.data(), rows.size()}, features.data());
      failure = table().write_samples(training_.get(), first, rows.size(), features.data());
    }
    return failure;
  }

  void open() override {
    if (near_) return near_->open();
    auto to = numbers_.begin();
    for (const Piece<T>& piece : pieces_)
      for (std::size_t at = 0; at < piece.count(); ++at) *to++ = piece.numbers[piece.place(at)];
    taken_ = learner_.optimizer.steps();
    const GenmiFailure failure = table().write_numbers(training_.get(), numbers_.data());
    if (failure.call == nullptr) return;
    if (!falls_back(*device_, failure)) throw DeviceFailure(device_failure(failure));
    stay_on_cpu();
  }

  bool close() override {
    if (near_) return near_->close();
    if (table().read_numbers(training_.get(), numbers_.data()).call != nullptr) return false;
    auto from = numbers_.begin();
    for (const Piece<T>& piece : pieces_)
      for (std::size_t at = 0; at < piece.count(); ++at) piece.numbers[piece.place(at)] = *from++;
    learner_.optimizer.set_steps(taken_);
    return true;
  }

  // Where the device's memory is too small for so many samples, the CPU goes on.
  Status take(Rows rows, std::uint64_t step, double share, const Context& context, Loss& loss,
              Report& report) override {
    if (near_) return near_->take(rows, step, share, context, loss, report);
    Failure failed;
    const Status status = take_on_device(rows, step, share, context, loss, report, failed);
    if (failed.call == nullptr) return status;
    if (!falls_back(*device_, failed) || !close()) return device_failure(failed);
    stay_on_cpu();
    return near_->take(rows, step, share, context, loss, report);
  }

 private:
  using Failure = GenmiFailure;

  const GenmiDeviceTable& table() const { return device_->table; }

  void stay_on_cpu() {
    near_ = networks::make_steps(learner_);
    near_->open();
    training_.reset();
  }

  // Where `failed` has a call, network and optimiser are as they were; or it is the update's, and close() fails.
  Status take_on_device(Rows rows, std::uint64_t step, double share, const Context& context, Loss& loss, Report& report,
                        Failure& failed) {
    Watch watch;
    const std::size_t n = rows.count, k = learner_.network.outputs();
    const std::span<std::int32_t> numbers = context.workspace.take<std::int32_t>(n);
    for (std::size_t i = 0; i < n; ++i) numbers[i] = static_cast<std::int32_t>(rows[i]);
    const std::span<T> logits = context.workspace.take<T>(n * k), gradient = context.workspace.take<T>(n * k);
    failed = table().forward(training_.get(), numbers.data(), n, logits.data());
    watch.add_to(report.network_seconds);
    if (failed.call != nullptr) return Status::ok();
    if (Status status = loss.differentiate({logits.data(), n, k}, context, gradient); !status) return status;

    watch.skip();
    failed = table().backward(training_.get(), gradient.data(), learner_.vat.seed, step, &report.lds);
    watch.add_to(report.network_seconds);
    if (failed.call != nullptr) return Status::ok();
    if (Status status = networks::check_smoothness(report.lds); !status) return status;
    const auto [rate, epsilon] = learner_.optimizer.corrected(taken_ + 1, share);
    failed = table().update(training_.get(), rate, epsilon);
    watch.add_to(report.update_seconds);
    if (failed.call == nullptr) taken_ += 1;
    return Status::ok();
  }

  DevicePtr device_;
  Learner<T> learner_;
  TrainingPtr training_;
  std::vector<Piece<T>> pieces_;    // in the order of genmi/device_table.h
  std::vector<T> numbers_;          // the same, row by row
  std::size_t taken_ = 0;           // the steps of the optimiser
  std::unique_ptr<Steps<T>> near_;  // once the device's memory was too small
};

}  // namespace

template <class T>
std::unique_ptr<Steps<T>> make_steps(const DevicePtr& device, const Learner<T>& learner) {
  const bool small = parameters_of(learner.network) < kLeastParameters;
  if (!has_kernels(learner) || (device->falls_back && small)) return networks::make_steps(learner);
  auto steps = std::make_unique<DeviceSteps<T>>(device, learner);
  const GenmiFailure failure = steps->create();
  if (failure.call == nullptr) return steps;
  if (!falls_back(*device, failure)) throw DeviceFailure(device_failure(failure));
  return networks::make_steps(learner);
}

template std::unique_ptr<Steps<float>> make_steps(const DevicePtr&, const Learner<float>&);
template std::unique_ptr<Steps<double>> make_steps(const DevicePtr&, const Learner<double>&);

}  // namespace genmi
