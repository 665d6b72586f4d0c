#include "node/network_handle.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "networks/description.h"
#include "networks/predict.h"
#include "node/environment.h"
#include "node/errors.h"
#include "node/samples_handle.h"
#include "node/task.h"

namespace genmi::node {
namespace {

using networks::Mode;

Status busy(const char* received, const char* remedy) {
  return {Code::kBusy, explain("network", "one at rest", received, remedy)};
}

// The numbers of a network by name: a matrix in the panels of its layer, or a row of statistics.
template <class T>
struct NamedMatrix {
  std::string name;
  std::size_t rows, columns, panel;
  T* values;
  T* gradient;  // null for statistics

  std::size_t size() const { return rows * columns; }
  std::size_t place(std::size_t row, std::size_t column) const {
    return (column / panel * rows + row) * panel + column % panel;
  }
};

template <class T>
std::vector<NamedMatrix<T>> named_matrices(networks::Network<T>& network) {
  std::vector<NamedMatrix<T>> all;
  for (networks::Parameter<T>* each : network.parameters())
    all.push_back({each->name, each->rows, each->columns, each->panel, each->values.data(), each->gradient.data()});
  for (const networks::Statistic<T>& each : network.statistics())
    all.push_back({each.name, 1, each.numbers.size(), each.numbers.size(), each.numbers.data(), nullptr});
  return all;
}

template <class T>
std::size_t bytes_of(networks::Network<T>& network) {
  std::size_t numbers = 0;
  for (const networks::Parameter<T>* each : network.parameters()) numbers += 2 * each->values.size();
  for (const networks::Statistic<T>& each : network.statistics()) numbers += each.numbers.size();
  return numbers * sizeof(T);
}

template <class T>
std::size_t bytes_of(const typename networks::Network<T>::Pass& pass) {
  std::size_t numbers = pass.logits.size();
  for (const auto& each : pass.passages) numbers += each.x.rows * each.x.columns + each.notes.size();
  return numbers * sizeof(T);
}

// A typed array of JavaScript that a call fills with numbers of one type.
template <class T>
class Filled {
 public:
  Filled(const Napi::Value& value, std::size_t length, const char* argument, Access access) {
    const bool right = value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == kType;
    if (!right) throw to_error(value.Env(), {Code::kInvalidType, explain(argument, kExpected, "another value")});
    auto array = value.As<Napi::TypedArrayOf<T>>();
    check_length(value.Env(), array.ElementLength(), length, argument);
    numbers_ = std::span<T>(array.Data(), length);
    if (access == Access::kCopy) kept_ = Napi::Persistent(value.As<Napi::Object>());
  }
  std::span<T> numbers() const { return numbers_; }

 private:
  static constexpr napi_typedarray_type kType = std::is_same_v<T, float>    ? napi_float32_array
                                                : std::is_same_v<T, double> ? napi_float64_array
                                                                            : napi_int32_array;
  static constexpr const char* kExpected = std::is_same_v<T, float>    ? "a Float32Array"
                                           : std::is_same_v<T, double> ? "a Float64Array"
                                                                       : "an Int32Array";
  std::span<T> numbers_;
  Napi::ObjectReference kept_;  // keeps the array alive during an asynchronous call
};

enum class Answer { kLogits, kProbabilities, kLabels };

Answer answer_argument(const Napi::Value& value) {
  const std::string name = value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
  if (name == "logits") return Answer::kLogits;
  if (name == "probabilities") return Answer::kProbabilities;
  if (name == "labels") return Answer::kLabels;
  throw to_error(value.Env(),
                 {Code::kInvalidType, explain("answer", "'logits', 'probabilities' or 'labels'", quote(name))});
}

// While it lives, the network is not changed.
class Reading {
 public:
  explicit Reading(NetworkStatePtr state) : state_(std::move(state)) { state_->readers += 1; }
  ~Reading() { state_->readers -= 1; }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  NetworkStatePtr state_;
};

template <class T>
class PredictTask final : public Task {
 public:
  PredictTask(NetworkStatePtr state, networks::Network<T>& network, Answer answer, networks::Samples samples,
              OwnedSamplesPtr owned, const Napi::Value& out, Access access)
      : reading_(std::move(state)), network_(network), answer_(answer), samples_(samples), owned_(std::move(owned)) {
    check(out.Env(), networks::check_samples(network, samples));
    if (answer == Answer::kLabels) labels_.emplace(out, samples.rows(), "out", access);
    else out_.emplace(out, samples.rows() * network.outputs(), "out", access);
  }

  Status run(Context& context) override {
    if (Status status = samples_.check<T>(context); !status) return status;
    if (answer_ == Answer::kLabels)
      return networks::predict_clusters(network_, samples_, context, labels_->numbers().data());
    const auto predict = answer_ == Answer::kLogits ? networks::predict_logits<T> : networks::predict_probabilities<T>;
    return predict(network_, samples_, context, out_->numbers().data());
  }
  void drop_inputs() override { owned_.reset(); }
  Napi::Value finish(Napi::Env env) override { return env.Undefined(); }

 private:
  Reading reading_;
  networks::Network<T>& network_;
  Answer answer_;
  networks::Samples samples_;
  OwnedSamplesPtr owned_;  // the memory of the samples, in an asynchronous call
  std::optional<Filled<T>> out_;
  std::optional<Filled<std::int32_t>> labels_;
};

Mode mode_argument(const Napi::Value& value) {
  const std::string name = value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
  if (name == "training") return Mode::kTraining;
  if (name == "frozen") return Mode::kFrozen;
  if (name == "prediction") return Mode::kPrediction;
  throw to_error(value.Env(),
                 {Code::kInvalidType, explain("mode", "'training', 'frozen' or 'prediction'", quote(name))});
}

Context context_of(Napi::Env env, Workspace& workspace) {
  const Environment& environment = Environment::of(env);
  return {workspace, environment.pool.get(), environment.threads, nullptr, simd::kernels(environment.isa)};
}

// Copies the entries of all matrices, one after the other, row by row; of gradients of a loss, those of its negative.
template <class T>
void read_all(networks::Network<T>& network, bool gradients, std::span<T> out) {
  T* to = out.data();
  for (const NamedMatrix<T>& matrix : named_matrices(network)) {
    const T* const from = gradients ? matrix.gradient : matrix.values;
    if (from == nullptr) continue;
    for (std::size_t i = 0; i < matrix.rows; ++i)
      for (std::size_t j = 0; j < matrix.columns; ++j)
        *to++ = gradients ? 0 - from[matrix.place(i, j)] : from[matrix.place(i, j)];
  }
}

template <class T>
void write_all(networks::Network<T>& network, std::span<const T> values) {
  const T* from = values.data();
  for (const NamedMatrix<T>& matrix : named_matrices(network))
    for (std::size_t i = 0; i < matrix.rows; ++i)
      for (std::size_t j = 0; j < matrix.columns; ++j) matrix.values[matrix.place(i, j)] = *from++;
}

template <class T>
std::size_t count_numbers(networks::Network<T>& network, bool gradients) {
  std::size_t numbers = 0;
  for (const NamedMatrix<T>& matrix : named_matrices(network))
    if (!gradients || matrix.gradient != nullptr) numbers += matrix.size();
  return numbers;
}

template <class T>
T* look_at(const Napi::Value& value, std::size_t length, const char* argument) {
  return Filled<T>(value, length, argument, Access::kView).numbers().data();
}

networks::Description read_description(const Napi::Object& object) {
  networks::Description description;
  description.inputs = size_argument(object.Get("inputs"), "inputs");
  description.outputs = size_argument(object.Get("outputs"), "outputs");
  description.samples = size_argument(object.Get("samples"), "samples");
  description.skip = flag_option(object, "skip");
  const std::string initial = text_option(object, "init");
  if (initial == "he") description.initial = networks::InitialValues::kHe;
  if (initial == "normal") description.initial = networks::InitialValues::kNormal;
  description.head_scale = number_option(object, "headScale").value_or(1);
  description.seed = static_cast<std::uint64_t>(size_argument(object.Get("seed"), "seed"));
  const Napi::Value list = object.Get("layers");
  const std::uint32_t layers = list.IsArray() ? list.As<Napi::Array>().Length() : 0;
  for (std::uint32_t l = 0; l < layers; ++l) {
    const Napi::Object layer = object_argument(list.As<Napi::Array>().Get(l), "layers");
    const std::string activation = text_option(layer, "activation");
    description.hidden.push_back({size_argument(layer.Get("width"), "width"),
                                  activation == "relu"   ? simd::Activation::kRelu
                                  : activation == "tanh" ? simd::Activation::kTanh
                                                         : simd::Activation::kIdentity,
                                  flag_option(layer, "normalization")});
  }
  return description;
}

// The data, rows, columns, scale and offset of a synchronous call, from its third argument on.
FeaturesArgument features_argument(const Napi::CallbackInfo& info) {
  const SamplesShape shape(info[3], info[4], number_argument(info[5], "scale"), number_argument(info[6], "offset"));
  return {info[2], shape, "data", ArrayArgument::Access::kView};
}

}  // namespace

void NetworkState::check_open(Napi::Env env) const {
  const bool open = std::visit([](const auto& all) { return all.network != nullptr; }, parts);
  if (!open)
    throw to_error(env, {Code::kDisposed, explain("network", "one that is in use", "one that was disposed of",
                                                  "call dispose() after its last use")});
}

void NetworkState::check_readable(Napi::Env env) const {
  check_open(env);
  if (changing)
    throw to_error(env, busy("one that is being trained", "call this in onEpoch, or when train() has ended"));
}

void NetworkState::begin_change(Napi::Env env) {
  check_readable(env);
  if (in_training) throw to_error(env, busy("one that is being trained", "wait until train() has ended"));
  check_trainable(env);
  if (const auto last = last_training.lock()) last->keep_snapshot();
  last_training.reset();
}

void NetworkState::begin_training(Napi::Env env) {
  check_readable(env);
  if (in_training) throw to_error(env, busy("one that is being trained", "wait until train() has ended"));
  in_training = true;
}

void NetworkState::check_trainable(Napi::Env env) const {
  check_readable(env);
  if (readers > 0) throw to_error(env, busy("one whose predictions are being made", "wait for them first"));
}

void NetworkState::forget_pass() {
  std::visit([](auto& all) { all.forget_pass(); }, parts);
  charge.set(bytes);
}

void NetworkState::dispose() {
  const auto free = [&]<class T>(NetworkParts<T>& all) {
    all.forget_pass();
    all.network.reset();
    all.workspace = Workspace();
  };
  std::visit(free, parts);
  bytes = 0;
  charge.set(0);
}

NetworkHandle::NetworkHandle(const Napi::CallbackInfo& info)
    : state_(std::make_shared<NetworkState>(Environment::of(info.Env()).memory)) {
  const Napi::Object object = object_argument(info[0], "description");
  const networks::Description description = read_description(object);
  const auto build = [&]<class T>(std::in_place_type_t<T>) {
    auto& all = state_->parts.emplace<NetworkParts<T>>();
    check(info.Env(), networks::make_network(description, all.network));
    state_->bytes = bytes_of(*all.network);
  };
  if (text_option(object, "precision") == "float64") build(std::in_place_type<double>);
  else build(std::in_place_type<float>);
  state_->charge.set(state_->bytes);
}

NetworkStatePtr NetworkHandle::state(const Napi::Value& value) {
  return unwrap<NetworkHandle>(value, "network").state_;
}

Napi::Value NetworkHandle::bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(state_->bytes));
}

// arrays(): { name, rows, columns, learned } of each matrix, in the order of read() and write()
Napi::Value NetworkHandle::arrays(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  state_->check_open(env);
  const auto list = [&](auto& all) -> Napi::Value {
    Napi::Array result = Napi::Array::New(env);
    for (const auto& matrix : named_matrices(*all.network)) {
      Napi::Object each = Napi::Object::New(env);
      each.Set("name", matrix.name);
      each.Set("rows", static_cast<double>(matrix.rows));
      each.Set("columns", static_cast<double>(matrix.columns));
      each.Set("learned", Napi::Boolean::New(env, matrix.gradient != nullptr));
      result.Set(result.Length(), each);
    }
    return result;
  };
  return std::visit(list, state_->parts);
}

// read(gradients, out): the values of all arrays, or the gradients of those that are learned
void NetworkHandle::read(const Napi::CallbackInfo& info) {
  state_->check_readable(info.Env());
  const bool gradients = info[0].ToBoolean();
  const auto copy = [&]<class T>(NetworkParts<T>& all) {
    const std::size_t length = count_numbers(*all.network, gradients);
    read_all<T>(*all.network, gradients, {look_at<T>(info[1], length, "out"), length});
  };
  std::visit(copy, state_->parts);
}

// write(values)
void NetworkHandle::write(const Napi::CallbackInfo& info) {
  state_->begin_change(info.Env());
  const auto copy = [&]<class T>(NetworkParts<T>& all) {
    const std::size_t length = count_numbers(*all.network, false);
    write_all<T>(*all.network, {look_at<T>(info[0], length, "parameters"), length});
  };
  std::visit(copy, state_->parts);
  state_->forget_pass();
}

// predict(answer, out, data, rows, columns, scale, offset)
Napi::Value NetworkHandle::predict(const Napi::CallbackInfo& info) {
  const Answer answer = answer_argument(info[0]);
  const FeaturesArgument data = features_argument(info);
  state_->check_readable(info.Env());
  const auto run = [&]<class T>(NetworkParts<T>& all) {
    PredictTask<T> task(state_, *all.network, answer, data.samples(), nullptr, info[1], Access::kView);
    return run_now(info.Env(), task);
  };
  return std::visit(run, state_->parts);
}

// predictAsync(answer, out, samples, job)
Napi::Value NetworkHandle::predict_async(const Napi::CallbackInfo& info) {
  const Answer answer = answer_argument(info[0]);
  const OwnedSamplesPtr samples = SamplesHandle::complete(info[2]);
  state_->check_readable(info.Env());
  const auto run = [&]<class T>(NetworkParts<T>& all) {
    auto task = std::make_unique<PredictTask<T>>(state_, *all.network, answer, samples->samples, samples, info[1],
                                                 Access::kCopy);
    return run_async(info.Env(), std::move(task), info[3]);
  };
  return std::visit(run, state_->parts);
}

// forward(mode, out, data, rows, columns, scale, offset, numbers): keeps the pass for backward(); numbers: of the
// samples of a table of logits
void NetworkHandle::forward(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Mode mode = mode_argument(info[0]);
  const FeaturesArgument data = features_argument(info);
  state_->begin_change(env);
  const networks::Samples& samples = data.samples();
  const std::size_t n = samples.rows(), d = samples.columns();
  const auto pass = [&]<class T>(NetworkParts<T>& all) {
    const RowsArgument rows(info[7]);
    if (all.network->samples() > 0) {
      if (rows.view().index == nullptr)
        throw to_error(env, {Code::kInvalidType, explain("numbers", "the numbers of the samples", "none")});
      check(env, check_rows(rows.view(), n, all.network->samples()));
      if (d != 0) check(env, {Code::kOutOfRange, explain("data", "no features", "some")});
    } else check(env, networks::check_samples(*all.network, samples));
    const Filled<T> out(info[1], n * all.network->outputs(), "out", Access::kView);
    const Context context = context_of(env, all.workspace);
    check(env, samples.check<T>(context));
    state_->forget_pass();
    all.frame.emplace(all.workspace);
    const std::span<T> x = all.workspace.template take<T>(n * d);
    samples.gather(Rows{nullptr, n}, x.data());
    const std::span<std::int32_t> numbers = all.workspace.template take<std::int32_t>(rows.view().count);
    std::copy_n(rows.view().index, numbers.size(), numbers.begin());
    all.pass = all.network->forward({x.data(), n, d}, mode, context, Rows{numbers.data(), numbers.size()});
    std::copy(all.pass->logits.begin(), all.pass->logits.end(), out.numbers().begin());
    state_->charge.set(state_->bytes + bytes_of<T>(*all.pass));
  };
  std::visit(pass, state_->parts);
}

// backward(gradient, learn, byInput): from dI/dlogits of the last pass. Adds -dI/dparameters, the gradients of a loss,
// and writes dI/dx into an array.
void NetworkHandle::backward(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  state_->begin_change(env);
  const bool learn = info[1].ToBoolean();
  const auto go_back = [&]<class T>(NetworkParts<T>& all) {
    if (!all.pass)
      throw to_error(env, {Code::kOutOfRange, explain("backward", "a forward pass since the last change", "none",
                                                      "call forward() first")});
    const MatrixView<T> x = all.pass->passages[0].x;
    const MatrixArgument gradient(info[0], x.rows, all.network->outputs(), "gradient", Access::kView);
    const bool wanted = !info[2].IsNull() && !info[2].IsUndefined();
    std::optional<Filled<T>> by_input;
    if (wanted) by_input.emplace(info[2], x.rows * x.columns, "out", Access::kView);
    const Workspace::Frame frame(all.workspace);
    const std::span<T> by_logits = all.workspace.template take<T>(all.pass->logits.size());
    const auto negate = [&](const auto& given) {
      std::transform(given.data, given.data + by_logits.size(), by_logits.begin(),
                     [](auto each) { return static_cast<T>(-each); });
    };
    std::visit(negate, gradient.view());
    for (std::size_t at = 0; at < by_logits.size(); ++at)
      if (!std::isfinite(by_logits[at]))
        throw to_error(env, {Code::kOutOfRange, explain("gradient", "finite numbers",
                                                        format(-static_cast<double>(by_logits[at])) + " at row " +
                                                            std::to_string(at / all.network->outputs()) + ", column " +
                                                            std::to_string(at % all.network->outputs()))});
    all.network->backward(*all.pass, by_logits, learn, context_of(env, all.workspace),
                          wanted ? by_input->numbers().data() : nullptr);
    if (wanted)
      for (T& each : by_input->numbers()) each = -each;
  };
  std::visit(go_back, state_->parts);
}

void NetworkHandle::dispose(const Napi::CallbackInfo& info) {
  const bool open = std::visit([](const auto& all) { return all.network != nullptr; }, state_->parts);
  if (!open) return;
  state_->begin_change(info.Env());
  state_->dispose();
}

void define_network(Napi::Env env, Napi::Object exports) {
  using Class = NetworkHandle;
  exports.Set("Network",
              define_class<Class>(
                  env, {getter<Class, &Class::bytes>("bytes"), method<Class, &Class::arrays>("arrays"),
                        method<Class, &Class::read>("read"), method<Class, &Class::write>("write"),
                        method<Class, &Class::predict>("predict"), method<Class, &Class::predict_async>("predictAsync"),
                        method<Class, &Class::forward>("forward"), method<Class, &Class::backward>("backward"),
                        method<Class, &Class::dispose>("dispose")}));
}

}  // namespace genmi::node
