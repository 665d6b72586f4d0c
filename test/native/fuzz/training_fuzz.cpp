// libFuzzer on the training loop's native entry. Bytes become a network, data, options and an objective; the run is
// aborted at some step, and goes on from its snapshot, damaged or whole. Every answer must be a documented error or
// leave finite numbers, and a run from a whole snapshot must have the bits of one that was not interrupted.
#include <fuzzer/FuzzedDataProvider.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "genmi/objective.h"
#include "networks/bytes.h"
#include "networks/description.h"
#include "networks/training.h"

namespace genmi::networks {
namespace {

constexpr std::size_t kMostSamples = 40, kMostFeatures = 20, kMostWidth = 40, kMostLayers = 3, kMostClusters = 20;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::abort();
}

std::size_t draw_size(FuzzedDataProvider& data, std::size_t most) {
  return data.ConsumeIntegralInRange<std::size_t>(1, most);
}

double draw_number(FuzzedDataProvider& data) {
  if (data.ConsumeBool()) return data.ConsumeIntegral<std::int8_t>() / 64.0;
  return std::ldexp(data.ConsumeIntegral<std::int8_t>(), data.ConsumeIntegralInRange(-160, 130));
}

Description draw_description(FuzzedDataProvider& data, std::size_t samples) {
  Description description;
  description.inputs = draw_size(data, kMostFeatures);
  description.outputs = draw_size(data, kMostClusters);
  for (std::size_t layers = data.ConsumeIntegralInRange<std::size_t>(0, kMostLayers); layers > 0; --layers)
    description.hidden.push_back({draw_size(data, kMostWidth),
                                  static_cast<simd::Activation>(data.ConsumeIntegralInRange(0, 2)),
                                  data.ConsumeBool()});
  description.skip = data.ConsumeBool();
  if (data.ConsumeIntegralInRange(0, 7) == 0) description.samples = samples;
  description.initial = static_cast<InitialValues>(data.ConsumeIntegralInRange(0, 2));
  description.head_scale = draw_number(data);
  description.seed = data.ConsumeIntegral<std::uint64_t>();
  return description;
}

TrainingOptions draw_options(FuzzedDataProvider& data, bool table) {
  TrainingOptions options;
  options.epochs = data.ConsumeIntegralInRange<std::size_t>(0, 3);
  options.batch_size = data.ConsumeIntegralInRange<std::size_t>(0, kMostSamples + 3);
  options.seed = data.ConsumeIntegral<std::uint64_t>();
  options.schedule = data.ConsumeBool() ? Schedule::kLinear : Schedule::kConstant;
  options.optimizer.rule = static_cast<OptimizerOptions::Rule>(data.ConsumeIntegralInRange(0, 2));
  options.optimizer.rate = std::abs(draw_number(data));
  options.optimizer.decay = data.ConsumeBool() ? std::abs(draw_number(data)) : 0;
  options.optimizer.largest_norm = data.ConsumeBool() ? std::abs(draw_number(data)) : 0;
  if (!table && data.ConsumeBool()) options.vat.weight = std::abs(draw_number(data));
  options.vat.power = data.ConsumeIntegralInRange<std::size_t>(1, 2);
  return options;
}

ObjectivePtr draw_objective(FuzzedDataProvider& data) {
  static constexpr const char* kNames[] = {"tv", "kl", "hellinger", "pearson"};
  Parameters parameters;
  parameters.set("f", std::string(kNames[data.ConsumeIntegralInRange(0, 3)]));
  parameters.set("mode", std::string(data.ConsumeBool() ? "ova" : "ovo"));
  ObjectivePtr objective;
  if (const Status status = ObjectiveFactory::make("f-divergence", parameters, objective); !status)
    fail(status.message());
  return objective;
}

// Cancels a job before one of its evaluations.
class Stopping final : public Objective {
 public:
  Stopping(ObjectivePtr objective, Job& job, std::size_t left) : objective_(objective), job_(job), left_(left) {}

  Status evaluate(const Batch<float>& batch, const Context& context, double factor,
                  Totals<float>& totals) const override {
    if (left_-- == 0) job_.cancel();
    return objective_->evaluate(batch, context, factor, totals);
  }
  Status evaluate(const Batch<double>& batch, const Context& context, double factor,
                  Totals<double>& totals) const override {
    if (left_-- == 0) job_.cancel();
    return objective_->evaluate(batch, context, factor, totals);
  }
  Cost cost(std::size_t n, std::size_t k) const override { return objective_->cost(n, k); }

 private:
  ObjectivePtr objective_;
  Job& job_;
  mutable std::size_t left_;
};

template <class T>
std::vector<std::byte> bits(Network<T>& network, bool finite) {
  std::vector<std::byte> all;
  for (const std::span<T> numbers : network.memory()) {
    for (const T number : numbers)
      if (finite && !std::isfinite(number)) fail("a number that is not finite");
    const auto bytes = std::as_bytes(numbers);
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  return all;
}

template <class T>
std::unique_ptr<Network<T>> make(const Description& description) {
  std::unique_ptr<Network<T>> network;
  const Status status = make_network(description, network);
  if (!status && status.code() != Code::kOutOfRange) fail(status.message());
  return network;
}

template <class T>
void run(Training<T>& training, Context context, Stop& stop) {
  const Status status = training.run(context, [](const Epoch&) { return true; }, stop);
  if (!status && (status.code() != Code::kOutOfRange || stop != Stop::kNonFinite)) fail(status.message());
}

// Whatever a snapshot holds, a training refuses it or goes on.
template <class T>
void restore_damaged(std::vector<std::byte> snapshot, Training<T>& training, const Context& context,
                     FuzzedDataProvider& data) {
  for (int bytes = data.ConsumeIntegralInRange(1, 8); bytes > 0; --bytes)
    snapshot[data.ConsumeIntegralInRange<std::size_t>(0, snapshot.size() - 1)] =
        std::byte(data.ConsumeIntegral<std::uint8_t>());
  const std::size_t body =
      data.ConsumeBool() ? snapshot.size() - 8 : data.ConsumeIntegralInRange<std::size_t>(0, snapshot.size() - 8);
  snapshot.resize(body + 8);
  const std::uint64_t sum = checksum(std::span(snapshot).first(body));
  std::memcpy(snapshot.data() + body, &sum, sizeof sum);
  const Status status = training.restore(snapshot);
  if (!status && status.code() != Code::kOutOfRange) fail(status.message());
  Stop stop;
  run(training, context, stop);
}

template <class T>
void train(FuzzedDataProvider& data) {
  const std::size_t n = draw_size(data, kMostSamples);
  const Description description = draw_description(data, n);
  const auto whole = make<T>(description), part = make<T>(description);
  if (whole == nullptr) return;
  if (description.head_scale != 0 && std::abs(description.head_scale) > 1e30) return;  // initial values may overflow
  std::vector<double> x(n * description.inputs);
  std::vector<double> palette(draw_size(data, 8));
  for (double& colour : palette) colour = draw_number(data);
  for (double& number : x) number = palette[data.ConsumeIntegralInRange<std::size_t>(0, palette.size() - 1)];
  const Samples samples(MatrixView<double>{x.data(), n, description.inputs});
  const TrainingOptions options = draw_options(data, description.samples > 0);
  const ObjectivePtr objective = draw_objective(data);

  Workspace workspace;
  const Context context{workspace};
  Training<T> uninterrupted(*whole, samples, *objective, options);
  if (const Status status = uninterrupted.check(); !status) fail(status.message());
  Stop expected, stop;
  run(uninterrupted, context, expected);

  Job job;
  const Stopping stopping(objective, job, data.ConsumeIntegralInRange<std::size_t>(0, 20));
  Training<T> interrupted(*part, samples, stopping, options);
  run(interrupted, {workspace, nullptr, 1, &job}, stop);
  const std::vector<std::byte> snapshot = interrupted.snapshot();
  bits(*part, true);
  const auto rest = make<T>(description);
  Training<T> resumed(*rest, samples, *objective, options);
  if (data.ConsumeBool()) return restore_damaged(snapshot, resumed, context, data);
  if (const Status status = resumed.restore(snapshot); !status) fail(status.message());
  run(resumed, context, stop);
  if (stop != expected) fail("another end");
  if (bits(*rest, true) != bits(*whole, true)) fail("other bits than those of the uninterrupted run");
}

}  // namespace
}  // namespace genmi::networks

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  FuzzedDataProvider data(bytes, count);
  if (data.ConsumeBool()) genmi::networks::train<float>(data);
  else genmi::networks::train<double>(data);
  return 0;
}
