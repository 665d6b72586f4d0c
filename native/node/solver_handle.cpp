#include "node/solver_handle.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "genmi/transport.h"
#include "node/affinity_handle.h"
#include "node/environment.h"
#include "node/errors.h"
#include "node/handle.h"
#include "node/held_memory.h"
#include "node/task.h"
#include "objectives/owned_costs.h"

namespace genmi::node {
namespace {

// Shared by the calls that use them.
using CostsPtr = std::shared_ptr<const objectives::OwnedCosts>;

// What a solver holds between calls: the costs, none once it has been disposed of, and the bases that the last warm
// call left, one for each of its problems. A call takes them and puts its own in their place when it is done, both on
// JavaScript's thread: one that runs meanwhile finds none, and starts from nothing.
struct Kept {
  explicit Kept(HeldMemoryPtr memory) : charge_of_bases(std::move(memory)) {}

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

// Numbers of a result, which are written where they stay: from any thread.
class Packed {
 public:
  Packed(Napi::Env env, std::size_t count) {
    Napi::Float64Array array = Napi::Float64Array::New(env, count);
    numbers_ = array.Data();
    array_ = Napi::Persistent(array);
  }
  double* numbers() const { return numbers_; }
  Napi::Float64Array array() const { return array_.Value(); }

 private:
  Napi::Reference<Napi::Float64Array> array_;
  double* numbers_;
};

// The number of problems, their marginals, and the options of solveMany(supplies, demands, count, sharedDemand,
// options).
class SolveTask final : public Task {
 public:
  static constexpr int kArguments = 5;

  SolveTask(const Napi::CallbackInfo& info, Access access, std::shared_ptr<Kept> kept)
      : costs_(kept->costs),
        kept_(std::move(kept)),
        warm_(flag_option(info[4].As<Napi::Object>(), "warmStart")),
        options_(read_options(info[4].As<Napi::Object>())),
        threads_(count_option(info[4].As<Napi::Object>(), "threads").value_or(0)),
        count_(size_argument(info[2], "problems")),
        supplies_(info[0], count_, costs_->costs().rows(), "p", access),
        demands_(info[1], info[3].ToBoolean() ? 1 : count_, costs_->costs().columns(), "q", access),
        numbers_(info.Env(), kNumbers * count_),
        potentials_(info.Env(), potentials_each() * count_) {
    const bool single = std::holds_alternative<MatrixView<float>>(supplies_.view()) ||
                        std::holds_alternative<MatrixView<float>>(demands_.view());
    // Sums of many float32 weights differ by their rounding.
    options_.mass_tolerance = single ? 1e-4 : 1e-8;
    if (!warm_) return;
    bases_ = std::move(kept_->bases);
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
    const auto keep = [this](std::size_t problem, transport::Result& result) { pack(problem, result); };
    return transport::solve_many(costs_->costs(), count_, weights, options_, context, keep, bases_);
  }

  Napi::Value finish(Napi::Env env) override {
    if (warm_ && kept_->costs) kept_->bases = std::move(bases_);
    Napi::Object packed = Napi::Object::New(env);
    packed.Set("numbers", numbers_.array());
    packed.Set("potentials", potentials_.array());
    if (options_.plan) pack_plans(env, packed);
    return packed;
  }

  void charge() override { kept_->charge(); }

 private:
  static std::optional<std::size_t> count_option(const Napi::Object& object, const char* name) {
    const Napi::Value value = object.Get(name);
    return value.IsUndefined() ? std::nullopt : std::optional(size_argument(value, name));
  }

  static transport::Options read_options(const Napi::Object& object) {
    transport::Options options;
    options.plan = flag_option(object, "plan");
    if (const std::optional<std::size_t> pivots = count_option(object, "maxPivots")) options.max_pivots = *pivots;
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

  std::size_t potentials_each() const { return costs_->costs().rows() + costs_->costs().columns(); }

  // Results go over in a few arrays for all problems: objects are cheaper to make on the other side. For each problem
  // cost, outcome, pivots, gap, infeasibility, slackness, and the length of its plan; u and v;
  void pack(std::size_t problem, transport::Result& result) {
    const auto& [gap, infeasibility, slackness] = result.certificate;
    const auto outcome = static_cast<double>(result.outcome);
    const double numbers[kNumbers] = {result.cost,   outcome,   static_cast<double>(result.pivots),     gap,
                                      infeasibility, slackness, static_cast<double>(result.plan.size())};
    std::copy(std::begin(numbers), std::end(numbers), numbers_.numbers() + problem * kNumbers);
    double* const potentials = potentials_.numbers() + problem * potentials_each();
    std::copy(result.v.begin(), result.v.end(), std::copy(result.u.begin(), result.u.end(), potentials));
    if (options_.plan) plans_[problem] = std::move(result.plan);
  }

  // and the entries of its plan.
  void pack_plans(Napi::Env env, Napi::Object& packed) const {
    std::size_t entries = 0;
    for (const std::vector<transport::PlanEntry>& plan : plans_) entries += plan.size();
    Napi::Int32Array source = Napi::Int32Array::New(env, entries), target = Napi::Int32Array::New(env, entries);
    Napi::Float64Array mass = Napi::Float64Array::New(env, entries);
    std::size_t e = 0;
    for (const std::vector<transport::PlanEntry>& plan : plans_) {
      for (const transport::PlanEntry& entry : plan) {
        source[e] = entry.source;
        target[e] = entry.target;
        mass[e++] = entry.mass;
      }
    }
    packed.Set("source", source);
    packed.Set("target", target);
    packed.Set("mass", mass);
  }

  static constexpr std::size_t kNumbers = 7;

  CostsPtr costs_;
  std::shared_ptr<Kept> kept_;
  bool warm_;
  std::vector<transport::Basis> bases_;  // one for each problem, or none
  transport::Options options_;
  std::size_t threads_;  // 0: the environment's
  std::size_t count_;
  MatrixArgument supplies_, demands_;
  Packed numbers_, potentials_;
  std::vector<std::vector<transport::PlanEntry>> plans_;
};

// new Solver(affinity) or new Solver(costs, rows, columns)
class SolverHandle final : public Handle {
 public:
  static constexpr HandleClass kClass = HandleClass::kSolver;
  static constexpr const char* kName = "Solver";
  static constexpr const char* kExpected = "a Solver of this copy of genmi";

  explicit SolverHandle(const Napi::CallbackInfo& info)
      : kept_(std::make_shared<Kept>(Environment::of(info.Env()).memory)) {
    if (info[0].IsTypedArray()) prepare_costs(info);
    else prepare_affinity(info);
  }
  // A call that runs meanwhile keeps the costs until it ends; its bases are nobody's.
  ~SolverHandle() override { kept_->give_back(); }

  // A call that runs meanwhile keeps the costs until it ends.
  void dispose(const Napi::CallbackInfo&) { kept_->give_back(); }

  Napi::Value solve_many(const Napi::CallbackInfo& info) {
    check_open(info.Env());
    SolveTask task(info, Access::kView, kept_);
    return run_now(info.Env(), task);
  }

  Napi::Value solve_many_async(const Napi::CallbackInfo& info) {
    check_open(info.Env());
    return run_async(info.Env(), std::make_unique<SolveTask>(info, Access::kCopy, kept_), info[SolveTask::kArguments]);
  }

 private:
  void keep(Napi::Env env, std::shared_ptr<const objectives::OwnedCosts> costs) {
    const std::size_t bytes = costs->bytes();
    kept_->costs = charged(Environment::of(env).memory, std::move(costs), bytes);
  }

  void prepare_costs(const Napi::CallbackInfo& info) {
    const std::size_t rows = size_argument(info[1], "rows"), columns = size_argument(info[2], "columns");
    const MatrixArgument matrix(info[0], rows, columns, "distances", Access::kView);
    const auto costs = std::make_shared<objectives::OwnedCosts>();
    check(info.Env(), costs->prepare(matrix.view()));
    keep(info.Env(), costs);
  }

  void prepare_affinity(const Napi::CallbackInfo& info) {
    affinity_ = AffinityHandle::shared(info[0]);
    const AffinityPtr affinity = AffinityHandle::open(info[0]);
    if (affinity->kind() != Kind::kDistance)
      throw to_error(info.Env(), {Code::kInvalidType, explain("distance", "a distance affinity", "a kernel",
                                                              "Affinity.distance() and Affinity.hops() make one")});
    const auto costs = std::make_shared<objectives::OwnedCosts>();
    Environment& environment = Environment::of(info.Env());
    check(info.Env(), costs->prepare(*affinity, {nullptr, affinity->size()},
                                     {environment.workspace, environment.pool.get(), environment.threads, nullptr}));
    keep(info.Env(), costs);
  }

  void check_open(Napi::Env env) const {
    if (!kept_->costs)
      throw to_error(env, {Code::kDisposed, explain("solver", "one that is in use", "one that was disposed of",
                                                    "call dispose() after the last problem")});
    AffinityPtr affinity;
    if (affinity_) check(env, affinity_->open(affinity));
  }

  SharedAffinityPtr affinity_;  // none for a plain cost matrix
  std::shared_ptr<Kept> kept_;
};

}  // namespace

void define_solver(Napi::Env env, Napi::Object exports) {
  using Class = SolverHandle;
  exports.Set("Solver", define_class<Class>(env, {method<Class, &Class::solve_many>("solveMany"),
                                                  method<Class, &Class::solve_many_async>("solveManyAsync"),
                                                  method<Class, &Class::dispose>("dispose")}));
}

}  // namespace genmi::node
