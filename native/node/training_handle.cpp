#include "node/training_handle.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "networks/training.h"
#include "node/environment.h"
#include "node/errors.h"
#include "node/network_handle.h"
#include "node/objective_handle.h"
#include "node/optimizer_handle.h"
#include "node/samples_handle.h"
#include "node/task.h"

namespace genmi::node {
namespace {

// The numbers of an epoch, in the order in which they go to JavaScript, one epoch after the other.
struct EpochNumbers {
  double epoch, objective, clusters, proportions, predictions, network, loss, update;
};
constexpr std::array kEpochNames = {"epoch",       "objective", "clusters", "proportions",
                                    "predictions", "network",   "loss",     "update"};
static_assert(sizeof(EpochNumbers) == kEpochNames.size() * sizeof(double));

// A training and all that it needs, shared by the handle and its running call. JavaScript's thread and the call's take
// turns.
struct TrainingState {
  TrainingState(Napi::Env env, NetworkStatePtr of, const ObjectiveHandle& handle, const Napi::Object& object)
      : network(std::move(of)),
        objective(handle.objective()),
        terms(handle.terms()),
        charge(Environment::of(env).memory) {
    options.epochs = size_argument(object.Get("epochs"), "epochs");
    options.batch_size = size_argument(object.Get("batchSize"), "batchSize");
    options.seed = static_cast<std::uint64_t>(size_argument(object.Get("seed"), "seed"));
    options.optimizer = read_optimizer(object_argument(object.Get("optimizer"), "optimizer"));
    if (text_option(object, "schedule") == "linear") options.schedule = networks::Schedule::kLinear;
    const Napi::Value wanted = object.Get("threads");
    if (!wanted.IsUndefined()) threads = threads_argument(wanted);
  }

  NetworkStatePtr network;
  ObjectivePtr objective;
  ChargedObjectives terms;
  networks::TrainingOptions options;
  std::size_t threads = 0;  // 0: the number that the environment has set
  OwnedSamplesPtr samples;  // from the first run on
  std::variant<std::unique_ptr<networks::Training<float>>, std::unique_ptr<networks::Training<double>>> training;
  std::vector<EpochNumbers> epochs;  // that JavaScript has not read
  networks::Stop stop = networks::Stop::kFinished;
  std::string message;   // of kNonFinite
  bool running = false;  // a call is
  Charge charge;
};
using TrainingStatePtr = std::shared_ptr<TrainingState>;

// While it lives, a call changes the network.
class Changing {
 public:
  Changing(Napi::Env env, TrainingStatePtr training) : training_(std::move(training)) {
    training_->network->check_trainable(env);
    training_->network->forget_pass();
    training_->network->changing = training_->running = true;
  }
  ~Changing() { training_->network->changing = training_->running = false; }
  Changing(const Changing&) = delete;
  Changing& operator=(const Changing&) = delete;

 private:
  TrainingStatePtr training_;
};

// run(samples, epochs, job): trains for so many epochs at most
class RunTask final : public Task {
 public:
  static constexpr int kArguments = 2;

  RunTask(const Napi::CallbackInfo& info, TrainingStatePtr state)
      : state_(std::move(state)), epochs_(size_argument(info[1], "epochs")), changing_(info.Env(), state_) {
    OwnedSamplesPtr samples = SamplesHandle::complete(info[0]);
    if (state_->samples == nullptr) state_->samples = std::move(samples);
    state_->charge.set(state_->network->bytes + 4 * state_->samples->samples.rows());
  }

  Status run(Context& context) override {
    if (state_->threads > 0) context.threads = state_->threads;
    return std::visit([&](auto& all) { return train(*all.network, context); }, state_->network->parts);
  }
  Napi::Value finish(Napi::Env env) override { return env.Undefined(); }
  void charge() override {
    for (const auto& each : state_->terms) each->charge.set(each->objective->kept_bytes());
  }

 private:
  template <class T>
  Status begin(networks::Network<T>& network, const Context& context) {
    const networks::Samples& samples = state_->samples->samples;
    const auto refuse = [](std::size_t expected, const char* what, std::size_t received) {
      return Status{Code::kOutOfRange, explain("data", std::to_string(expected) + what, std::to_string(received))};
    };
    if (samples.columns() != network.inputs())
      return refuse(network.inputs(), " columns, as the network has inputs", samples.columns());
    const std::size_t size = state_->objective->affinity_size();
    if (size != 0 && samples.rows() != size)
      return refuse(size, " rows, as the objective's affinity has samples", samples.rows());
    if (samples.rows() == 0) return {Code::kOutOfRange, explain("data", "at least one row", "none")};
    if (Status status = samples.check<T>(context); !status) return status;
    state_->training = std::make_unique<networks::Training<T>>(network, samples, *state_->objective, state_->options);
    return Status::ok();
  }

  template <class T>
  Status train(networks::Network<T>& network, const Context& context) {
    using TrainingPtr = std::unique_ptr<networks::Training<T>>;
    const TrainingPtr* training = std::get_if<TrainingPtr>(&state_->training);
    if (training == nullptr || *training == nullptr) {
      if (Status status = begin(network, context); !status) return status;
      training = &std::get<TrainingPtr>(state_->training);
    }
    std::size_t left = epochs_;
    const auto keep = [&](const networks::Epoch& epoch) {
      state_->epochs.push_back({static_cast<double>(epoch.number), epoch.objective, static_cast<double>(epoch.clusters),
                                epoch.proportions_entropy, epoch.predictions_entropy, epoch.seconds.network,
                                epoch.seconds.objective, epoch.seconds.update});
      left -= 1;
      return left > 0;
    };
    Status status = (*training)->run(context, keep, state_->stop);
    network.clear_gradients();  // a loop of the caller's own begins with none
    if (state_->stop != networks::Stop::kNonFinite) return status;
    state_->message = status.message();
    return Status::ok();
  }

  TrainingStatePtr state_;
  std::size_t epochs_;
  Changing changing_;
};

// new Training(network, objective, options): the network stays in training until end()
class TrainingHandle final : public Handle {
 public:
  static constexpr HandleClass kClass = HandleClass::kTraining;
  static constexpr const char* kName = "Training";
  static constexpr const char* kExpected = "a Training of this copy of genmi";

  explicit TrainingHandle(const Napi::CallbackInfo& info) {
    const NetworkStatePtr network = NetworkHandle::state(info[0]);
    const auto& objective = unwrap<ObjectiveHandle>(info[1], "objective");
    state_ = std::make_shared<TrainingState>(info.Env(), network, objective, object_argument(info[2], "options"));
    if (network->in_training) network->check_changeable(info.Env());
    network->check_open(info.Env());
    network->in_training = in_training_ = true;
  }
  ~TrainingHandle() override { leave(); }

  Napi::Value run(const Napi::CallbackInfo& info) {
    if (!in_training_)
      throw to_error(info.Env(), {Code::kBusy, explain("training", "one that has not ended", "one that has")});
    return run_async(info.Env(), std::make_unique<RunTask>(info, state_), info[RunTask::kArguments]);
  }

  // results(): the numbers of the epochs since the last call, in the order of epochNumbers
  Napi::Value results(const Napi::CallbackInfo& info) {
    check_quiet(info.Env());
    const std::vector<EpochNumbers> epochs = std::exchange(state_->epochs, {});
    auto numbers = Napi::Float64Array::New(info.Env(), epochs.size() * kEpochNames.size());
    if (!epochs.empty()) std::memcpy(numbers.Data(), epochs.data(), epochs.size() * sizeof(EpochNumbers));
    return numbers;
  }

  // failure(): where a number was not finite; undefined if all were
  Napi::Value failure(const Napi::CallbackInfo& info) {
    check_quiet(info.Env());
    if (state_->stop != networks::Stop::kNonFinite) return info.Env().Undefined();
    return Napi::String::New(info.Env(), state_->message);
  }

  void end(const Napi::CallbackInfo&) { leave(); }

 private:
  void check_quiet(Napi::Env env) const {
    if (state_->running) state_->network->check_readable(env);
  }
  void leave() {
    if (std::exchange(in_training_, false)) state_->network->in_training = false;
  }

  TrainingStatePtr state_;
  bool in_training_ = false;
};

}  // namespace

void define_training(Napi::Env env, Napi::Object exports) {
  using Class = TrainingHandle;
  Napi::Array names = Napi::Array::New(env, kEpochNames.size());
  for (std::uint32_t k = 0; k < kEpochNames.size(); ++k) names.Set(k, Napi::String::New(env, kEpochNames[k]));
  exports.Set("epochNumbers", names);
  exports.Set("Training",
              define_class<Class>(env, {method<Class, &Class::run>("run"), method<Class, &Class::results>("results"),
                                        method<Class, &Class::failure>("failure"), method<Class, &Class::end>("end")}));
}

}  // namespace genmi::node
