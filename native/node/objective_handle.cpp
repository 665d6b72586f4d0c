#include "node/objective_handle.h"

#include "genmi/evaluation.h"
#include "node/affinity_handle.h"
#include "node/environment.h"
#include "node/errors.h"
#include "node/task.h"

namespace genmi::node {
namespace {

std::vector<Parameters::Term> read_terms(const Napi::Array& array, ChargedObjectives& charged) {
  std::vector<Parameters::Term> terms;
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const auto term = object_argument(array.Get(i), "terms");
    const ObjectiveHandle& handle = unwrap<ObjectiveHandle>(term.Get("objective"), "objective");
    const ChargedObjectives& theirs = handle.terms();
    charged.insert(charged.end(), theirs.begin(), theirs.end());
    terms.push_back({handle.objective(), number_option(term, "factor").value_or(1)});
  }
  return terms;
}

// The arguments of an objective's constructor, by name; the binding knows no objective. `charged` receives the
// objectives of its terms.
Parameters read_parameters(const Napi::Object& object, ChargedObjectives& charged) {
  Parameters parameters;
  const Napi::Array names = object.GetPropertyNames();
  for (std::uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).As<Napi::String>();
    const Napi::Value value = object.Get(name);
    if (value.IsNumber()) parameters.set(name, value.As<Napi::Number>().DoubleValue());
    else if (value.IsBoolean()) parameters.set(name, value.As<Napi::Boolean>().Value() ? 1.0 : 0.0);
    else if (value.IsString()) parameters.set(name, value.As<Napi::String>().Utf8Value());
    else if (value.IsArray()) parameters.set(name, read_terms(value.As<Napi::Array>(), charged));
    else if (value.IsTypedArray()) {
      const RowsArgument argument(value);
      const Rows numbers = argument.view();
      parameters.set(name, std::vector<std::int32_t>(numbers.index, numbers.index + numbers.count));
    } else if (value.IsObject()) parameters.set(name, AffinityHandle::shared(value));
  }
  return parameters;
}

// The arguments that all evaluations begin with: predictions, n, k, logits, mask, epsilon, rows.
struct EvaluationArguments {
  static constexpr int kCount = 7;

  EvaluationArguments(const Napi::CallbackInfo& info, Access access)
      : n(size_argument(info[1], "n")),
        k(size_argument(info[2], "k")),
        predictions(info[0], n, k, "predictions", access),
        rows(info[6]) {
    if (n == 0 || k == 0)
      throw to_error(info.Env(), {Code::kOutOfRange, explain("predictions", "at least one row and one column",
                                                             std::to_string(n) + " x " + std::to_string(k))});
    options.from = info[3].ToBoolean() ? From::kLogits : From::kProbabilities;
    options.clip = info[4].ToBoolean() ? Clip::kMask : Clip::kFused;
    options.epsilon = info[5].IsNumber() ? info[5].As<Napi::Number>().DoubleValue() : 0;
    if (!(options.epsilon > 0 && options.epsilon < 0.5))
      throw to_error(info.Env(),
                     {Code::kOutOfRange, explain("epsilon", "a number in (0, 0.5)", format(options.epsilon))});
    options.rows = rows.view();
  }

  // No input is ever written to: `out` must not share memory with one, through any JavaScript object.
  void check_apart(Napi::Env env, const Output& out) const {
    node::check_apart(env, out, predictions.memory(), "that of the predictions");
    node::check_apart(env, out, rows.memory(), "that of the rows");
  }

  std::size_t n, k;
  MatrixArgument predictions;
  RowsArgument rows;
  EvaluationOptions options;
};

// evaluate(…, gradient): returns the value, and writes the gradient into the array if there is one
// evaluateAsync(…, gradient, out, job): `out` is where JavaScript copies the gradient afterwards
class EvaluateTask final : public Task {
 public:
  EvaluateTask(const Napi::CallbackInfo& info, Access access, ObjectivePtr objective, ChargedObjectives charged,
               std::uint64_t draw, bool rehearsal = false)
      : objective_(std::move(objective)),
        terms_(std::move(charged)),
        arguments_(info, access),
        gradient_(info[EvaluationArguments::kCount], arguments_.n * arguments_.k, "out", Presence::kOptional, access) {
    arguments_.options.draw = draw;
    arguments_.options.rehearsal = rehearsal;
    arguments_.check_apart(info.Env(), gradient_);
    if (access == Access::kView) return;
    const Output out(info[EvaluationArguments::kCount + 1], arguments_.n * arguments_.k, "out", Presence::kOptional,
                     Access::kView);
    arguments_.check_apart(info.Env(), out);
  }

  Status run(Context& context) override {
    return genmi::evaluate(*objective_, arguments_.predictions.view(), arguments_.options, context, value_,
                           gradient_.numbers());
  }
  void drop_inputs() override { arguments_.predictions.drop(); }
  Napi::Value finish(Napi::Env env) override { return Napi::Number::New(env, value_); }

  void charge() override {
    for (const auto& each : terms_) each->charge.set(each->objective->kept_bytes());
  }

 private:
  ObjectivePtr objective_;
  ChargedObjectives terms_;
  EvaluationArguments arguments_;
  Output gradient_;
  double value_ = 0;
};

// affinityGradient(…, out)
class AffinityGradientTask final : public Task {
 public:
  AffinityGradientTask(const Napi::CallbackInfo& info, ObjectivePtr objective, std::uint64_t draw)
      : objective_(std::move(objective)),
        arguments_(info, Access::kView),
        out_(info[EvaluationArguments::kCount], arguments_.n * arguments_.n, "out", Presence::kRequired,
             Access::kView) {
    arguments_.options.draw = draw;
    arguments_.check_apart(info.Env(), out_);
  }

  Status run(Context& context) override {
    return evaluate_affinity_gradient(*objective_, arguments_.predictions.view(), arguments_.options, context,
                                      out_.numbers());
  }

  Napi::Value finish(Napi::Env env) override { return env.Undefined(); }

 private:
  ObjectivePtr objective_;
  EvaluationArguments arguments_;
  Output out_;
};

}  // namespace

ObjectiveHandle::ObjectiveHandle(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString() || !info[1].IsObject())
    throw to_error(env, {Code::kInvalidType, explain("Objective", "a name and parameters", "other values")});
  const std::string name = info[0].As<Napi::String>();
  const Parameters parameters = read_parameters(info[1].As<Napi::Object>(), terms_);
  check(env, ObjectiveFactory::make(name, parameters, objective_));
  if (terms_.empty()) terms_.push_back(std::make_shared<ChargedObjective>(objective_, Environment::of(env).memory));
}

Napi::Value ObjectiveHandle::evaluate(const Napi::CallbackInfo& info) {
  EvaluateTask task(info, Access::kView, objective_, terms_, draws_++);
  return run_now(info.Env(), task);
}

// A trial run of evaluate, for timing.
Napi::Value ObjectiveHandle::rehearse(const Napi::CallbackInfo& info) {
  EvaluateTask task(info, Access::kView, objective_, terms_, 0, true);
  return run_now(info.Env(), task);
}

Napi::Value ObjectiveHandle::evaluate_async(const Napi::CallbackInfo& info) {
  return run_async(info.Env(), std::make_unique<EvaluateTask>(info, Access::kCopy, objective_, terms_, draws_++),
                   info[EvaluationArguments::kCount + 2]);
}

Napi::Value ObjectiveHandle::affinity_gradient(const Napi::CallbackInfo& info) {
  AffinityGradientTask task(info, objective_, draws_++);
  return run_now(info.Env(), task);
}

// cost(n, k): { operations, bytes }
Napi::Value ObjectiveHandle::cost(const Napi::CallbackInfo& info) {
  const std::size_t n = size_argument(info[0], "n"), size = objective_->affinity_size();
  if (size != 0 && n > size)
    throw to_error(info.Env(),
                   {Code::kOutOfRange,
                    explain("n", "at most the affinity's " + std::to_string(size) + " samples", std::to_string(n))});
  const Cost cost = objective_->cost(n, size_argument(info[1], "k"));
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("operations", cost.operations);
  result.Set("bytes", cost.bytes);
  return result;
}

void define_objective(Napi::Env env, Napi::Object exports) {
  using Class = ObjectiveHandle;
  exports.Set("Objective", define_class<Class>(env, {method<Class, &Class::evaluate>("evaluate"),
                                                     method<Class, &Class::rehearse>("rehearse"),
                                                     method<Class, &Class::evaluate_async>("evaluateAsync"),
                                                     method<Class, &Class::affinity_gradient>("affinityGradient"),
                                                     method<Class, &Class::cost>("cost")}));
}

}  // namespace genmi::node
