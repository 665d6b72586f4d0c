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
#include "networks/predict.h"
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

// The numbers of an epoch, in the order in which they go to JavaScript; those from `value` on, of each head.
constexpr std::array kEpochNames = {"epoch",   "loss",           "objective",        "vat",
                                    "penalty", "networkSeconds", "objectiveSeconds", "updateSeconds",
                                    "value",   "clusters",       "proportions",      "predictions"};

void append(const networks::Epoch& epoch, std::vector<double>& numbers) {
  for (const double own : {static_cast<double>(epoch.number), epoch.loss, epoch.objective, epoch.vat, epoch.penalty,
                           epoch.seconds.network, epoch.seconds.objective, epoch.seconds.update})
    numbers.push_back(own);
  for (const networks::HeadEpoch& head : epoch.heads)
    for (const double each :
         {head.value, static_cast<double>(head.clusters), head.proportions_entropy, head.predictions_entropy})
      numbers.push_back(each);
}

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

// { loss, parameter, samples, copies, heads }: of each head its columns and its weight
networks::Pairs read_pairs(const Napi::Object& object) {
  networks::Pairs pairs;
  pairs.loss = {text_option(object, "loss"), number_option(object, "parameter").value_or(0)};
  pairs.samples = size_argument(object.Get("samples"), "samples");
  pairs.copies = size_argument(object.Get("copies"), "copies");
  const ArrayArgument heads(object.Get("heads"), "heads");
  if (heads.type() != ArrayArgument::Type::kFloat64 || heads.length() % 2 != 0)
    throw to_error(object.Env(), {Code::kInvalidType, explain("heads", "a Float64Array of pairs", "another array")});
  const auto* const numbers = static_cast<const double*>(heads.data());
  for (std::size_t at = 0; at < heads.length(); at += 2)
    pairs.heads.push_back({static_cast<std::size_t>(numbers[at]), numbers[at + 1]});
  return pairs;
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
      : network(std::move(of)), resume(bytes_argument(info[3])), charge(Environment::of(info.Env()).memory) {
    const Napi::Object object = object_argument(info[2], "options");
    if (const Napi::Value of_pairs = object.Get("pairs"); of_pairs.IsObject()) {
      pairs = read_pairs(of_pairs.As<Napi::Object>());
    } else {
      const auto& handle = unwrap<ObjectiveHandle>(info[1], "objective");
      objective = handle.objective();
      terms = handle.terms();
    }
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
  ObjectivePtr objective;  // null: a training on pairs
  ChargedObjectives terms;
  std::optional<networks::Pairs> pairs;
  std::optional<std::vector<std::byte>> resume;  // a snapshot to begin with
  networks::TrainingOptions options;
  PenaltyOptions penalties;
  std::vector<double> epsilons;
  bool from_neighbors = false;                   // epsilons are still to be found
  std::size_t threads = 0;                       // 0: the number that the environment has set
  OwnedSamplesPtr samples;                       // from the first run on; of pairs, the views of this step
  networks::Samples views{MatrixView<float>{}};  // the same
  std::variant<TrainingParts<float>, TrainingParts<double>> parts;
  std::vector<double> epochs;  // the numbers of epochs that JavaScript has not read
  std::vector<double> next;    // the seeds and the samples of the next step on pairs
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
  void leave_device() {
    const auto leave = [](auto& all) {
      if (all.training != nullptr) all.training->leave_device();
    };
    std::visit(leave, parts);
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

// run(samples, epochs, job): trains for so many epochs at most. On pairs: takes one step, for its views as samples;
// the first call begins a training, without samples.
class RunTask final : public Task {
 public:
  static constexpr int kArguments = 2;

  RunTask(const Napi::CallbackInfo& info, TrainingStatePtr state)
      : state_(std::move(state)), epochs_(size_argument(info[1], "epochs")), changing_(info.Env(), state_) {
    if (!state_->pairs || !info[0].IsNull()) take(SamplesHandle::complete(info[0]));
    // Of each parameter two moments, and all three numbers as they were when the epoch began.
    const std::size_t rows = state_->pairs ? state_->pairs->samples : state_->views.rows();
    state_->charge.set(state_->network->bytes / 2 * 5 + 4 * rows);
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
  void take(OwnedSamplesPtr samples) {
    if (state_->samples != nullptr && !state_->pairs) return;
    state_->samples = std::move(samples);
    state_->views = state_->samples->samples;
  }

  static Status wrong_views() {
    return {Code::kOutOfRange, explain("samples", "the views of the next step", "others")};
  }

  // The views are those of the next step, and finite.
  template <class T>
  Status check_views(const networks::Network<T>& network, networks::Training<T>& training, const Context& context) {
    if (Status status = networks::check_samples(network, state_->views); !status) return status;
    if (state_->views.rows() == 2 * state_->pairs->copies * training.next().rows.count)
      return state_->views.template check<T>(context);
    return wrong_views();
  }

  template <class T>
  Status begin(networks::Network<T>& network, TrainingParts<T>& parts, const Context& context) {
    const networks::Samples& samples = state_->views;
    if (state_->from_neighbors) {
      if (Status status = samples.check<T>(context); !status) return status;
      if (Status status = networks::neighbor_lengths(samples, context, state_->epsilons); !status) return status;
      state_->options.vat.epsilons = state_->epsilons;
      state_->from_neighbors = false;
    }
    const networks::Target target =
        state_->pairs ? networks::Target(*state_->pairs) : networks::Target(*state_->objective);
    auto training = std::make_unique<networks::Training<T>>(network, samples, target, state_->options);
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
    if (state_->pairs) {
      if (state_->samples == nullptr) {
        announce(*parts.training, context);
        return Status::ok();
      }
      if (Status status = check_views(network, *parts.training, context); !status) return status;
    }
    std::size_t left = epochs_;
    const auto keep = [&](const networks::Epoch& epoch) {
      append(epoch, state_->epochs);
      left -= 1;
      return left > 0;
    };
    Status status = parts.training->run(context, keep, state_->stop);
    // Not on JavaScript's thread, which would wait for the device.
    const bool goes_on = state_->stop == networks::Stop::kCallback && !parts.training->is_done();
    if (!state_->pairs && !(status && goes_on)) parts.training->leave_device();
    network.clear_gradients();  // a loop of the caller's own begins with none
    if (state_->pairs) {
      state_->samples.reset();
      state_->views = networks::Samples(MatrixView<float>{});
      announce(*parts.training, context);
    }
    if (state_->stop != networks::Stop::kNonFinite) return status;
    state_->message = status.message();
    return Status::ok();
  }

  // Keeps what JavaScript needs for the next step on pairs.
  void keep(const networks::NextStep& next) {
    state_->next.resize(2 + next.rows.count);
    double* const to = std::copy(std::begin(next.seeds), std::end(next.seeds), state_->next.data());
    std::copy_n(next.rows.index, next.rows.count, to);
  }

  template <class T>
  void announce(networks::Training<T>& training, const Context& context) {
    keep(training.next());
    training.report_steps(context);
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
    const std::vector<double> epochs = std::exchange(state_->epochs, {});
    auto out = room_for<Napi::Float64Array>(info[0], epochs.size(), napi_float64_array);
    std::copy(epochs.begin(), epochs.end(), out.Data());
    return out;
  }

  // next(room): the seeds of both views of the next step on pairs, and its samples, none after the last step
  Napi::Value next(const Napi::CallbackInfo& info) {
    check_quiet(info.Env());
    const std::vector<double>& next = state_->next;
    auto out = room_for<Napi::Float64Array>(info[0], next.size(), napi_float64_array);
    std::copy(next.begin(), next.end(), out.Data());
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
    // Where a callback has ended the training.
    if (!state_->network->changing) state_->leave_device();
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
                                    method<Class, &Class::next>("next"), method<Class, &Class::failure>("failure"),
                                    method<Class, &Class::snapshot>("snapshot"), method<Class, &Class::end>("end")}));
}

}  // namespace genmi::node
