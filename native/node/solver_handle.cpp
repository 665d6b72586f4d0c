#include "node/solver_handle.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "genmi/transport.h"
#include "node/affinity_handle.h"
#include "node/environment.h"
#include "node/errors.h"
#include "node/handle.h"
#include "node/held_memory.h"
#include "node/task.h"
#include "transport/owned_costs.h"

namespace genmi::node {
namespace {

// Costs are shared by the calls that use them.
using CostsPtr = std::shared_ptr<const transport::OwnedCosts>;

// A solver's state between calls: the costs, null after dispose(), and the bases of the last warm call, one for each
// of its problems. A call takes the bases when it starts and puts its own back at its end, both on JavaScript's thread.
// A call that runs meanwhile finds no bases, and starts from nothing.
struct SolverState {
  explicit SolverState(HeldMemoryPtr memory) : charge_of_bases(std::move(memory)) {}

  CostsPtr costs;  // charged
  std::vector<transport::Basis> bases;
  Charge charge_of_bases;

  void charge() {
    std::size_t bytes = 0;
    for (const transport::Basis& basis : bases) bytes += basis.bytes();
    charge_of_bases.set(bytes);
  }
  void give_back() {
    costs.reset();
    std::vector<transport::Basis>().swap(bases);
    charge();
  }
};

// The numbers of one result, in the order in which they go to JavaScript, one problem after the other.
struct ResultNumbers {
  double cost, outcome, pivots, gap, infeasibility, slackness, plan_entries;
};
constexpr std::array kNumberNames = {"cost", "outcome", "pivots", "gap", "infeasibility", "slackness", "planEntries"};
static_assert(sizeof(ResultNumbers) == kNumberNames.size() * sizeof(double));

// Names of outcomes, indexed by Outcome.
constexpr std::array kOutcomeNames = {"optimal", "iteration-limit", "unproven"};
static_assert(kOutcomeNames.size() == static_cast<std::size_t>(transport::Outcome::kUnproven) + 1);

// An array of JavaScript for results in float64.
class ResultArray {
 public:
  ResultArray(const Napi::Value& value, std::size_t length, const char* argument, Access access)
      : output_(value, length, argument, Presence::kOptional, access) {
    if (!output_.wanted()) return;
    const AnyOutput numbers = output_.numbers();
    if (std::holds_alternative<std::span<float>>(numbers))
      throw to_error(value.Env(), {Code::kInvalidType, explain(argument, "a Float64Array", "a Float32Array")});
    numbers_ = std::get<std::span<double>>(numbers).data();
  }
  bool wanted() const { return output_.wanted(); }
  double* numbers() const { return numbers_; }

 private:
  Output output_;
  double* numbers_ = nullptr;
};

// The memory of a typed array for results. Checks the array without calling into JavaScript.
template <class T>
T* room_for(std::size_t entries, const Napi::Value& value, napi_typedarray_type type) {
  if (value.IsTypedArray()) {
    const auto array = value.As<Napi::TypedArray>();
    if (array.TypedArrayType() == type && array.ElementLength() == entries)
      return value.As<Napi::TypedArrayOf<T>>().Data();
  }
  throw to_error(value.Env(), {Code::kInvalidType,
                               explain("plans", "arrays of " + std::to_string(entries) + " numbers", "another value")});
}

// solveMany(supplies, demands, count, sharedDemand, options, numbers, potentials, plans)
//   numbers      an array with room for the ResultNumbers of all problems
//   potentials   an array with room for u and v of each problem, or null
//   plans        a function that makes room for the entries of all plans, once their number is known, or null
class SolveTask final : public Task {
 public:
  static constexpr int kArguments = 8;

  SolveTask(const Napi::CallbackInfo& info, Access access, std::shared_ptr<SolverState> solver)
      : costs_(solver->costs),
        solver_(std::move(solver)),
        warm_(flag_option(object_argument(info[4], "options"), "warmStart")),
        options_(read_options(object_argument(info[4], "options"))),
        threads_(threads_option(object_argument(info[4], "options"))),
        count_(size_argument(info[2], "problems")),
        supplies_(info[0], count_, costs_->costs().sources(), "p", access),
        demands_(info[1], info[3].ToBoolean() ? 1 : count_, costs_->costs().targets(), "q", access),
        numbers_(info[5], kNumberNames.size() * count_, "numbers", access),
        potentials_(info[6], potentials_each() * count_, "potentials", access) {
    if (!numbers_.wanted() && count_ > 0)
      throw to_error(info.Env(), {Code::kInvalidType, explain("numbers", "a Float64Array", "none")});
    if (info[7].IsFunction()) make_room_ = Napi::Persistent(info[7].As<Napi::Function>());
    options_.plan = !make_room_.IsEmpty();
    const bool single = std::holds_alternative<MatrixView<float>>(supplies_.view()) ||
                        std::holds_alternative<MatrixView<float>>(demands_.view());
    // Two sums of many float32 weights may differ by rounding.
    options_.mass_tolerance = single ? 1e-4 : 1e-8;
    if (!warm_) return;
    bases_ = std::move(solver_->bases);
    bases_.resize(count_);
  }

  Status run(Context& context) override {
    if (threads_ > 0) context.threads = threads_;
    options_.job = context.job;
    if (options_.plan) plans_.resize(count_);
    const auto weights = [this](std::size_t problem, std::span<double> supply, std::span<double> demand) {
      read_row(supplies_.view(), problem, supply);
      read_row(demands_.view(), problem, demand);
    };
    const auto keep = [this](std::size_t problem, transport::Result& result) { write(problem, result); };
    return transport::solve_many(costs_->costs(), count_, weights, options_, context, keep, bases_);
  }

  Napi::Value finish(Napi::Env env) override {
    if (warm_ && solver_->costs) solver_->bases = std::move(bases_);
    if (options_.plan) write_plans(env);
    return env.Undefined();
  }

  void drop_inputs() override {
    supplies_.drop();
    demands_.drop();
  }
  void charge() override { solver_->charge(); }

 private:
  static std::size_t threads_option(const Napi::Object& object) {
    const Napi::Value threads = object.Get("threads");
    return threads.IsUndefined() ? 0 : threads_argument(threads);
  }

  static transport::Options read_options(const Napi::Object& object) {
    transport::Options options;
    const Napi::Value pivots = object.Get("maxPivots");
    if (!pivots.IsUndefined()) options.max_pivots = size_argument(pivots, "maxPivots");
    return options;
  }

  static void read_row(const AnyMatrix& matrix, std::size_t problem, std::span<double> out) {
    std::visit(
        [&](const auto& view) {
          const auto* row = view.row(view.rows == 1 ? 0 : problem);
          std::copy(row, row + view.columns, out.begin());
        },
        matrix);
  }

  std::size_t potentials_each() const { return costs_->costs().sources() + costs_->costs().targets(); }

  // From any thread. The results of all problems go to JavaScript in a few arrays: making objects is cheaper there.
  void write(std::size_t problem, transport::Result& result) {
    const auto& [gap, infeasibility, slackness] = result.certificate;
    const ResultNumbers numbers{
        result.cost, static_cast<double>(result.outcome),    static_cast<double>(result.pivots), gap, infeasibility,
        slackness,   static_cast<double>(result.plan.size())};
    std::memcpy(numbers_.numbers() + problem * kNumberNames.size(), &numbers, sizeof numbers);
    if (potentials_.wanted()) {
      double* const potentials = potentials_.numbers() + problem * potentials_each();
      std::copy(result.v.begin(), result.v.end(), std::copy(result.u.begin(), result.u.end(), potentials));
    }
    if (options_.plan) plans_[problem] = std::move(result.plan);
  }

  // Writes the entries of all plans, one problem after the other.
  void write_plans(Napi::Env env) const {
    std::size_t entries = 0;
    for (const std::vector<transport::PlanEntry>& plan : plans_) entries += plan.size();
    const Napi::Value room = make_room_.Call({Napi::Number::New(env, static_cast<double>(entries))});
    if (!room.IsObject()) throw to_error(env, {Code::kInvalidType, explain("plans", "arrays", "another value")});
    const auto arrays = room.As<Napi::Object>();
    const Napi::Value sources = arrays.Get("source"), targets = arrays.Get("target"), masses = arrays.Get("mass");
    auto* source = room_for<std::int32_t>(entries, sources, napi_int32_array);
    auto* target = room_for<std::int32_t>(entries, targets, napi_int32_array);
    auto* mass = room_for<double>(entries, masses, napi_float64_array);
    for (const std::vector<transport::PlanEntry>& plan : plans_) {
      for (const transport::PlanEntry& entry : plan) {
        *source++ = entry.source;
        *target++ = entry.target;
        *mass++ = entry.mass;
      }
    }
  }

  CostsPtr costs_;
  std::shared_ptr<SolverState> solver_;
  bool warm_;
  std::vector<transport::Basis> bases_;  // one for each problem, or empty
  transport::Options options_;
  std::size_t threads_;  // 0: the number that the environment has set
  std::size_t count_;
  MatrixArgument supplies_, demands_;
  ResultArray numbers_, potentials_;
  Napi::FunctionReference make_room_;  // makes room for plans; empty if none were asked for
  std::vector<std::vector<transport::PlanEntry>> plans_;
};

// new Solver(affinity) or new Solver(costs, rows, columns)
class SolverHandle final : public Handle {
 public:
  static constexpr HandleClass kClass = HandleClass::kSolver;
  static constexpr const char* kName = "Solver";
  static constexpr const char* kExpected = "a Solver of this copy of genmi";

  explicit SolverHandle(const Napi::CallbackInfo& info)
      : state_(std::make_shared<SolverState>(Environment::of(info.Env()).memory)) {
    if (info[0].IsTypedArray()) prepare_costs(info);
    else prepare_affinity(info);
  }
  // A running call keeps the costs until it ends; its bases are dropped.
  ~SolverHandle() override { state_->give_back(); }

  // A running call keeps the costs until it ends.
  void dispose(const Napi::CallbackInfo&) { state_->give_back(); }

  Napi::Value solve_many(const Napi::CallbackInfo& info) {
    check_open(info.Env());
    SolveTask task(info, Access::kView, state_);
    return run_now(info.Env(), task);
  }

  Napi::Value solve_many_async(const Napi::CallbackInfo& info) {
    check_open(info.Env());
    return run_async(info.Env(), std::make_unique<SolveTask>(info, Access::kCopy, state_), info[SolveTask::kArguments]);
  }

 private:
  void keep(Napi::Env env, std::shared_ptr<const transport::OwnedCosts> costs) {
    const std::size_t bytes = costs->bytes();
    state_->costs = charged(Environment::of(env).memory, std::move(costs), bytes);
  }

  void prepare_costs(const Napi::CallbackInfo& info) {
    const std::size_t rows = size_argument(info[1], "rows"), columns = size_argument(info[2], "columns");
    const MatrixArgument matrix(info[0], rows, columns, "costs", Access::kView);
    const auto costs = std::make_shared<transport::OwnedCosts>();
    check(info.Env(), costs->prepare(matrix.view(), simd::kernels(Environment::of(info.Env()).isa).transport));
    keep(info.Env(), costs);
  }

  void prepare_affinity(const Napi::CallbackInfo& info) {
    affinity_ = AffinityHandle::shared(info[0]);
    const AffinityPtr affinity = AffinityHandle::open(info[0]);
    if (affinity->kind() != Kind::kDistance)
      throw to_error(info.Env(), {Code::kInvalidType, explain("costs", "a distance affinity", "a kernel",
                                                              "Affinity.distance() and Affinity.hops() make one")});
    const auto costs = std::make_shared<transport::OwnedCosts>();
    Environment& environment = Environment::of(info.Env());
    check(info.Env(), costs->prepare(*affinity, {nullptr, affinity->size()},
                                     {environment.workspace, environment.pool.get(), environment.threads, nullptr}));
    keep(info.Env(), costs);
  }

  void check_open(Napi::Env env) const {
    if (!state_->costs)
      throw to_error(env, {Code::kDisposed, explain("solver", "one that is in use", "one that was disposed of",
                                                    "call dispose() after the last problem")});
    AffinityPtr affinity;
    if (affinity_) check(env, affinity_->open(affinity));
  }

  SharedAffinityPtr affinity_;  // null for a plain cost matrix
  std::shared_ptr<SolverState> state_;
};

}  // namespace

template <std::size_t count>
Napi::Array array_of(Napi::Env env, const std::array<const char*, count>& names) {
  const Napi::Array array = Napi::Array::New(env, count);
  for (std::uint32_t k = 0; k < count; ++k) array.Set(k, Napi::String::New(env, names[k]));
  return array;
}

void define_solver(Napi::Env env, Napi::Object exports) {
  using Class = SolverHandle;
  exports.Set("resultNumbers", array_of(env, kNumberNames));
  exports.Set("outcomes", array_of(env, kOutcomeNames));
  exports.Set("Solver", define_class<Class>(env, {method<Class, &Class::solve_many>("solveMany"),
                                                  method<Class, &Class::solve_many_async>("solveManyAsync"),
                                                  method<Class, &Class::dispose>("dispose")}));
}

}  // namespace genmi::node
