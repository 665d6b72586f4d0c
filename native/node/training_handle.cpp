#include "node/training_handle.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "networks/neighbor_lengths.h"
#include "networks/penalties.h"
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
  double epoch, loss, objective, vat, penalty, clusters, proportions, predictions;
  double network_seconds, objective_seconds, update_seconds;
};
constexpr std::array kEpochNames = {
    "epoch",       "loss",           "objective",        "vat",          "penalty", "clusters", "proportions",
    "predictions", "networkSeconds", "objectiveSeconds", "updateSeconds"};
static_assert(sizeof(EpochNumbers) == kEpochNames.size() * sizeof(double));

// The penalties that JavaScript asks for; a factor of 0 stands for none.
struct PenaltyOptions {
  double group_lasso = 0, hierarchical = 0, kernel = 0;
  double m = 0;  // of the hierarchical penalty
  std::vector<std::vector<std::int32_t>> groups;
};

PenaltyOptions read_penalties(const Napi::Object& object) {
  PenaltyOptions options;
  options.group_lasso = number_option(object, "groupLasso").value_or(0);
  options.hierarchical = number_option(object, "hierarchical").value_or(0);
  options.kernel = number_option(object, "kernel").value_or(0);
  options.m = number_option(object, "m").value_or(0);
  const Napi::Value lists = object.Get("groups");
  const std::uint32_t count = lists.IsArray() ? lists.As<Napi::Array>().Length() : 0;
  for (std::uint32_t g = 0; g < count; ++g) {
    const RowsArgument features(lists.As<Napi::Array>().Get(g));
    options.groups.emplace_back(features.view().index, features.view().index + features.view().count);
  }
  return options;
}

networks::AdversarialOptions read_vat(const Napi::Object& object, std::vector<double>& epsilons) {
  using Normalization = networks::AdversarialOptions::Normalization;
  networks::AdversarialOptions options;
  options.weight = number_option(object, "weight").value_or(0);
  options.epsilon = number_option(object, "epsilon").value_or(options.epsilon);
  options.xi = number_option(object, "xi").value_or(options.xi);
  options.power = size_argument(object.Get("power"), "power");
  if (text_option(object, "normalization") == "exact") options.normalization = Normalization::kExact;
  const Napi::Value each = object.Get("epsilons");
  if (!each.IsTypedArray()) return options;
  const ArrayArgument array(each, "epsilons");
  if (array.type() != ArrayArgument::Type::kFloat64)
    throw to_error(object.Env(), {Code::kInvalidType, explain("epsilons", "a Float64Array", "another array")});
  const auto* const numbers = static_cast<const double*>(array.data());
  epsilons.assign(numbers, numbers + array.length());
  options.epsilons = epsilons;
  return options;
}

std::optional<std::vector<std::byte>> bytes_argument(const Napi::Value& value) {
  if (value.IsNull() || value.IsUndefined()) return std::nullopt;
  const ArrayArgument array(value, "resume");
  if (array.type() != ArrayArgument::Type::kBytes)
    throw to_error(value.Env(), {Code::kInvalidType, explain("resume", "a Uint8Array", "another array")});
  const auto* const bytes = static_cast<const std::byte*>(array.data());
  return std::vector(bytes, bytes + array.length());
}

// A training, and the penalties that it has references to.
template <class T>
struct TrainingParts {
  std::vector<std::unique_ptr<networks::Penalty<T>>> penalties;
  std::unique_ptr<networks::Training<T>> training;  // null before the first call and after the last use
};

// A training and all that it needs, shared by the handle and its running call. JavaScript's thread and the call's take
// turns.
struct TrainingState final : LastTraining {
  // info: the arguments of the handle
  TrainingState(const Napi::CallbackInfo& info, NetworkStatePtr of)
      : network(std::move(of)),
        objective(unwrap<ObjectiveHandle>(info[1], "objective").objective()),
        terms(unwrap<ObjectiveHandle>(info[1], "objective").terms()),
        resume(bytes_argument(info[3])),
        charge(Environment::of(info.Env()).memory) {
    const Napi::Object object = object_argument(info[2], "options");
    options.epochs = size_argument(object.Get("epochs"), "epochs");
    options.batch_size = size_argument(object.Get("batchSize"), "batchSize");
    options.seed = static_cast<std::uint64_t>(size_argument(object.Get("seed"), "seed"));
    options.optimizer = read_optimizer(object_argument(object.Get("optimizer"), "optimizer"));
    if (text_option(object, "schedule") == "linear") options.schedule = networks::Schedule::kLinear;
    const Napi::Value penalty = object.Get("penalty"), vat = object.Get("vat"), wanted = object.Get("threads");
    if (penalty.IsObject()) penalties = read_penalties(penalty.As<Napi::Object>());
    if (vat.IsObject()) {
      options.vat = read_vat(vat.As<Napi::Object>(), epsilons);
      from_neighbors = flag_option(vat.As<Napi::Object>(), "fromNeighbors");
    }
    if (!wanted.IsUndefined()) threads = threads_argument(wanted);
  }

  NetworkStatePtr network;
  ObjectivePtr objective;
  ChargedObjectives terms;
  std::optional<std::vector<std::byte>> resume;  // a snapshot to begin with
  networks::TrainingOptions options;
  PenaltyOptions penalties;
  std::vector<double> epsilons;
  bool from_neighbors = false;  // epsilons are still to be found
  std::size_t threads = 0;      // 0: the number that the environment has set
  OwnedSamplesPtr samples;      // from the first run on
  std::variant<TrainingParts<float>, TrainingParts<double>> parts;
  std::vector<EpochNumbers> epochs;  // that JavaScript has not read
  networks::Stop stop = networks::Stop::kFinished;
  std::string message;                             // of kNonFinite
  bool running = false;                            // a call is
  std::optional<std::vector<std::byte>> snapshot;  // of a training whose network has changed since
  Charge charge;

  bool has_begun() const {
    return snapshot || std::visit([](const auto& all) { return all.training != nullptr; }, parts);
  }
  // Keeps a snapshot in place of the training.
  void keep_snapshot() override {
    const auto keep = [this](auto& all) {
      if (all.training == nullptr) return;
      snapshot = all.training->snapshot();
      all.training.reset();
    };
    std::visit(keep, parts);
    samples.reset();
    charge.set(snapshot ? snapshot->size() : 0);
  }
};
using TrainingStatePtr = std::shared_ptr<TrainingState>;

// Makes the penalties of a training and adds them. `kernel`: the samples, where they are a kernel's rows.
template <class T>
Status add_penalties(networks::Network<T>& network, const networks::Samples& kernel, const PenaltyOptions& options,
                     TrainingParts<T>& parts) {
  const std::vector<networks::Parameter<T>*> parameters = network.parameters();
  networks::Parameter<T>& first = *parameters.front();
  const auto find = [&](const std::string& name) {
    const auto found =
        std::find_if(parameters.begin(), parameters.end(), [&](const auto* p) { return p->name == name; });
    return found == parameters.end() ? nullptr : *found;
  };
  const auto keep = [&](std::unique_ptr<networks::Penalty<T>> penalty) {
    parts.training->add(*penalty);
    parts.penalties.push_back(std::move(penalty));
  };
  networks::Groups groups;
  if (options.group_lasso != 0 || options.hierarchical != 0)
    if (Status status = networks::make_groups(options.groups, network.inputs(), groups); !status) return status;
  if (options.group_lasso != 0) keep(std::make_unique<networks::GroupLasso<T>>(first, groups, options.group_lasso));
  if (options.hierarchical != 0) {
    networks::Parameter<T>*const skip = find("skip.weights"), *const hidden = find("hidden1.weights");
    if (skip == nullptr || hidden == nullptr)
      return {Code::kOutOfRange, explain("penalty.hierarchical", "a network with hidden layers and a skip connection",
                                         "another network", "Network.lassoNet makes one")};
    keep(std::make_unique<networks::HierarchicalLasso<T>>(*skip, *hidden, groups, options.hierarchical, options.m));
  }
  if (options.kernel != 0) {
    if (kernel.rows() != kernel.columns() || first.rows != kernel.rows())
      return {Code::kOutOfRange, explain("penalty.kernel", "the rows of a kernel between all samples as data",
                                         std::to_string(kernel.rows()) + " x " + std::to_string(kernel.columns()))};
    keep(std::make_unique<networks::KernelNorm<T>>(first, kernel, options.kernel));
  }
  return Status::ok();
}

// While it lives, a call changes the network.
class Changing {
 public:
  Changing(Napi::Env env, TrainingStatePtr training) : training_(std::move(training)) {
    training_->network->check_trainable(env);
    training_->network->forget_pass();
    training_->network->changing = training_->running = true;
    last_ = std::exchange(training_->network->last_training, {});
  }
  ~Changing() {
    training_->network->changing = training_->running = false;
    if (!begun_) training_->network->last_training = std::move(last_);
  }
  Changing(const Changing&) = delete;
  Changing& operator=(const Changing&) = delete;

  // On the call's thread, before the first change: an earlier training keeps its snapshot.
  void begin() {
    if (const auto last = last_.lock()) last->keep_snapshot();
    begun_ = true;
  }

 private:
  TrainingStatePtr training_;
  std::weak_ptr<LastTraining> last_;
  bool begun_ = false;
};

// run(samples, epochs, job): trains for so many epochs at most
class RunTask final : public Task {
 public:
  static constexpr int kArguments = 2;

  RunTask(const Napi::CallbackInfo& info, TrainingStatePtr state)
      : state_(std::move(state)), epochs_(size_argument(info[1], "epochs")), changing_(info.Env(), state_) {
    OwnedSamplesPtr samples = SamplesHandle::complete(info[0]);
    if (state_->samples == nullptr) state_->samples = std::move(samples);
    // Of each parameter two moments, and all three numbers as they were when the epoch began.
    state_->charge.set(state_->network->bytes / 2 * 5 + 4 * state_->samples->samples.rows());
  }

  Status run(Context& context) override {
    if (state_->threads > 0) context.threads = state_->threads;
    changing_.begin();
    return std::visit([&](auto& all) { return train(*all.network, context); }, state_->network->parts);
  }
  Napi::Value finish(Napi::Env env) override { return env.Undefined(); }
  void charge() override {
    for (const auto& each : state_->terms) each->charge.set(each->objective->kept_bytes());
  }

 private:
  template <class T>
  Status begin(networks::Network<T>& network, TrainingParts<T>& parts, const Context& context) {
    const networks::Samples& samples = state_->samples->samples;
    if (state_->from_neighbors) {
      if (Status status = samples.check<T>(context); !status) return status;
      if (Status status = networks::neighbor_lengths(samples, context, state_->epsilons); !status) return status;
      state_->options.vat.epsilons = state_->epsilons;
      state_->from_neighbors = false;
    }
    auto training = std::make_unique<networks::Training<T>>(network, samples, *state_->objective, state_->options);
    if (Status status = training->check(); !status) return status;
    if (Status status = samples.check<T>(context); !status) return status;
    parts.training = std::move(training);
    Status status = add_penalties(network, samples, state_->penalties, parts);
    if (status && state_->resume) status = parts.training->restore(*state_->resume);
    if (!status) parts = {};
    state_->resume.reset();
    return status;
  }

  template <class T>
  Status train(networks::Network<T>& network, const Context& context) {
    if (!std::holds_alternative<TrainingParts<T>>(state_->parts)) state_->parts.template emplace<TrainingParts<T>>();
    auto& parts = std::get<TrainingParts<T>>(state_->parts);
    if (parts.training == nullptr)
      if (Status status = begin(network, parts, context); !status) return status;
    std::size_t left = epochs_;
    const auto keep = [&](const networks::Epoch& epoch) {
      state_->epochs.push_back({static_cast<double>(epoch.number), epoch.loss, epoch.objective, epoch.vat,
                                epoch.penalty, static_cast<double>(epoch.clusters), epoch.proportions_entropy,
                                epoch.predictions_entropy, epoch.seconds.network, epoch.seconds.objective,
                                epoch.seconds.update});
      left -= 1;
      return left > 0;
    };
    Status status = parts.training->run(context, keep, state_->stop);
    network.clear_gradients();  // a loop of the caller's own begins with none
    if (state_->stop != networks::Stop::kNonFinite) return status;
    state_->message = status.message();
    return Status::ok();
  }

  TrainingStatePtr state_;
  std::size_t epochs_;
  Changing changing_;
};

// An array that JavaScript makes for so many numbers, by a function that it passes.
template <class Array>
Array room_for(const Napi::Value& make, std::size_t length, napi_typedarray_type type) {
  const Napi::Env env = make.Env();
  if (!make.IsFunction()) throw to_error(env, {Code::kInvalidType, explain("room", "a function", "another value")});
  const Napi::Value room = make.As<Napi::Function>().Call({Napi::Number::New(env, static_cast<double>(length))});
  const bool right = room.IsTypedArray() && room.As<Napi::TypedArray>().TypedArrayType() == type &&
                     room.As<Napi::TypedArray>().ElementLength() == length;
  if (!right) throw to_error(env, {Code::kInvalidType, explain("room", "an array of that length", "another value")});
  return room.As<Array>();
}

// new Training(network, objective, options, resume): the network stays in training until end()
class TrainingHandle final : public Handle {
 public:
  static constexpr HandleClass kClass = HandleClass::kTraining;
  static constexpr const char* kName = "Training";
  static constexpr const char* kExpected = "a Training of this copy of genmi";

  explicit TrainingHandle(const Napi::CallbackInfo& info)
      : state_(std::make_shared<TrainingState>(info, NetworkHandle::state(info[0]))) {
    state_->network->check_open(info.Env());
    state_->network->begin_training(info.Env());
    in_training_ = true;
  }
  ~TrainingHandle() override { leave(); }

  Napi::Value run(const Napi::CallbackInfo& info) {
    if (!in_training_)
      throw to_error(info.Env(), {Code::kBusy, explain("training", "one that has not ended", "one that has")});
    return run_async(info.Env(), std::make_unique<RunTask>(info, state_), info[RunTask::kArguments]);
  }

  // results(room): the numbers of the epochs since the last call, in the order of epochNumbers
  Napi::Value results(const Napi::CallbackInfo& info) {
    check_quiet(info.Env());
    const std::vector<EpochNumbers> epochs = std::exchange(state_->epochs, {});
    auto out = room_for<Napi::Float64Array>(info[0], epochs.size() * kEpochNames.size(), napi_float64_array);
    if (!epochs.empty()) std::memcpy(out.Data(), epochs.data(), epochs.size() * sizeof(EpochNumbers));
    return out;
  }

  // failure(): where a number was not finite; undefined if all were
  Napi::Value failure(const Napi::CallbackInfo& info) {
    check_quiet(info.Env());
    if (state_->stop != networks::Stop::kNonFinite) return info.Env().Undefined();
    return Napi::String::New(info.Env(), state_->message);
  }

  // snapshot(room): all that the training has learned; undefined before it has begun
  Napi::Value snapshot(const Napi::CallbackInfo& info) {
    check_quiet(info.Env());
    if (!state_->has_begun()) return info.Env().Undefined();
    const auto take = [](const auto& all) {
      return all.training == nullptr ? std::vector<std::byte>() : all.training->snapshot();
    };
    const std::vector<std::byte> bytes = state_->snapshot ? *state_->snapshot : std::visit(take, state_->parts);
    auto out = room_for<Napi::Uint8Array>(info[0], bytes.size(), napi_uint8_array);
    std::memcpy(out.Data(), bytes.data(), bytes.size());
    return out;
  }

  void end(const Napi::CallbackInfo&) { leave(); }

 private:
  // Another training may be keeping this one's snapshot.
  void check_quiet(Napi::Env env) const {
    if (state_->network->changing) state_->network->check_readable(env);
  }
  // From now on others may change the network: a snapshot is kept before the first of them does.
  void leave() {
    if (!std::exchange(in_training_, false)) return;
    state_->network->in_training = false;
    state_->network->last_training = state_;
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
  exports.Set("Training", define_class<Class>(
                              env, {method<Class, &Class::run>("run"), method<Class, &Class::results>("results"),
                                    method<Class, &Class::failure>("failure"),
                                    method<Class, &Class::snapshot>("snapshot"), method<Class, &Class::end>("end")}));
}

}  // namespace genmi::node
