#include "node/solver_handle.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "genmi/transport.h"
#include "node/affinity_handle.h"
#include "node/environment.h"
#include "node/errors.h"
#include "node/task.h"
#include "objectives/owned_costs.h"

namespace genmi::node {
namespace {

// Shared by the calls that use them.
using CostsPtr = std::shared_ptr<const objectives::OwnedCosts>;

// The bases that the last warm call left, one for each of its problems. A call takes them and puts its own in their
// place when it is done, both on JavaScript's thread: one that runs meanwhile finds none, and starts from nothing.
using KeptBases = std::shared_ptr<std::vector<transport::Basis>>;

// The number of problems, their marginals, and the options of solveMany(supplies, demands, count, sharedDemand,
// options).
class SolveTask final : public Task {
 public:
  static constexpr int kArguments = 5;

  SolveTask(const Napi::CallbackInfo& info, Access access, CostsPtr costs, KeptBases kept)
      : costs_(std::move(costs)),
        kept_(std::move(kept)),
        warm_(flag_option(info[4].As<Napi::Object>(), "warmStart")),
        options_(read_options(info[4].As<Napi::Object>())),
        threads_(static_cast<std::size_t>(number_option(info[4].As<Napi::Object>(), "threads").value_or(0))),
        count_(size_argument(info[2], "problems")),
        supplies_(info[0], count_, costs_->costs().rows(), "p", access),
        demands_(info[1], info[3].ToBoolean() ? 1 : count_, costs_->costs().columns(), "q", access) {
    const bool single = std::holds_alternative<MatrixView<float>>(supplies_.view()) ||
                        std::holds_alternative<MatrixView<float>>(demands_.view());
    // Sums of many float32 weights differ by their rounding.
    options_.mass_tolerance = single ? 1e-4 : 1e-8;
    if (!warm_) return;
    bases_ = std::move(*kept_);
    bases_.resize(count_);
  }

  Status run(Context& context) override {
    if (threads_ > 0) context.threads = threads_;
    options_.job = context.job;
    results_.resize(count_);
    const auto weights = [this](std::size_t problem, std::span<double> supply, std::span<double> demand) {
      read_row(supplies_.view(), problem, supply);
      read_row(demands_.view(), problem, demand);
    };
    const auto keep = [this](std::size_t problem, transport::Result& result) { results_[problem] = std::move(result); };
    return transport::solve_many(costs_->costs(), count_, weights, options_, context, keep, bases_);
  }

  Napi::Value finish(Napi::Env env) override {
    if (warm_) *kept_ = std::move(bases_);
    Napi::Object packed = Napi::Object::New(env);
    packed.Set("numbers", pack_numbers(env));
    packed.Set("potentials", pack_potentials(env));
    if (options_.plan) pack_plans(env, packed);
    return packed;
  }

 private:
  static transport::Options read_options(const Napi::Object& object) {
    transport::Options options;
    options.plan = flag_option(object, "plan");
    if (const std::optional<double> pivots = number_option(object, "maxPivots"))
      options.max_pivots = static_cast<std::uint64_t>(std::clamp(*pivots, 0.0, 9e15));
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

  // Results go over in a few arrays for all problems: objects are cheaper to make on the other side. For each problem
  // cost, whether optimal, pivots, gap, infeasibility, slackness, and the length of its plan;
  Napi::Float64Array pack_numbers(Napi::Env env) const {
    constexpr std::size_t kNumbers = 7;
    Napi::Float64Array packed = Napi::Float64Array::New(env, kNumbers * results_.size());
    double* out = packed.Data();
    for (const transport::Result& result : results_) {
      const auto& [gap, infeasibility, slackness] = result.certificate;
      const double optimal = result.outcome == transport::Outcome::kOptimal ? 1 : 0;
      const double numbers[kNumbers] = {result.cost,   optimal,   static_cast<double>(result.pivots),     gap,
                                        infeasibility, slackness, static_cast<double>(result.plan.size())};
      out = std::copy(std::begin(numbers), std::end(numbers), out);
    }
    return packed;
  }

  // u and v;
  Napi::Float64Array pack_potentials(Napi::Env env) const {
    const std::size_t each = costs_->costs().rows() + costs_->costs().columns();
    Napi::Float64Array packed = Napi::Float64Array::New(env, each * results_.size());
    double* out = packed.Data();
    for (const transport::Result& result : results_) {
      out = std::copy(result.u.begin(), result.u.end(), out);
      out = std::copy(result.v.begin(), result.v.end(), out);
    }
    return packed;
  }

  // and the entries of its plan.
  void pack_plans(Napi::Env env, Napi::Object& packed) const {
    std::size_t entries = 0;
    for (const transport::Result& result : results_) entries += result.plan.size();
    Napi::Int32Array source = Napi::Int32Array::New(env, entries), target = Napi::Int32Array::New(env, entries);
    Napi::Float64Array mass = Napi::Float64Array::New(env, entries);
    std::size_t e = 0;
    for (const transport::Result& result : results_) {
      for (const transport::PlanEntry& entry : result.plan) {
        source[e] = entry.source;
        target[e] = entry.target;
        mass[e++] = entry.mass;
      }
    }
    packed.Set("source", source);
    packed.Set("target", target);
    packed.Set("mass", mass);
  }

  CostsPtr costs_;
  KeptBases kept_;
  bool warm_;
  std::vector<transport::Basis> bases_;  // one for each problem, or none
  transport::Options options_;
  std::size_t threads_;  // 0: the environment's
  std::size_t count_;
  MatrixArgument supplies_, demands_;
  std::vector<transport::Result> results_;
};

// new Solver(affinity) or new Solver(costs, rows, columns)
class SolverHandle : public Napi::ObjectWrap<SolverHandle> {
 public:
  explicit SolverHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SolverHandle>(info) {
    guarded(info.Env(), [&] {
      if (info[0].IsTypedArray()) prepare_costs(info);
      else prepare_affinity(info);
      bytes_ = static_cast<std::int64_t>(costs_->bytes());
      Napi::MemoryManagement::AdjustExternalMemory(info.Env(), bytes_);
    });
  }

  void Finalize(Napi::BasicEnv env) override { release(env); }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Solver",
                       {InstanceMethod("solveMany", &SolverHandle::solve_many),
                        InstanceMethod("solveManyAsync", &SolverHandle::solve_many_async),
                        InstanceMethod("dispose", &SolverHandle::dispose)});
  }

 private:
  void prepare_costs(const Napi::CallbackInfo& info) {
    const std::size_t rows = size_argument(info[1], "rows"), columns = size_argument(info[2], "columns");
    const MatrixArgument matrix(info[0], rows, columns, "distances", Access::kView);
    const auto costs = std::make_shared<objectives::OwnedCosts>();
    check(info.Env(), costs->prepare(matrix.view()));
    costs_ = costs;
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
    costs_ = costs;
  }

  // A call that runs meanwhile keeps the costs until it ends.
  void dispose(const Napi::CallbackInfo& info) {
    costs_.reset();
    bases_ = std::make_shared<std::vector<transport::Basis>>();
    release(info.Env());
  }

  void release(Napi::BasicEnv env) { Napi::MemoryManagement::AdjustExternalMemory(env, -std::exchange(bytes_, 0)); }

  void check_open(Napi::Env env) const {
    if (!costs_)
      throw to_error(env, {Code::kDisposed, explain("solver", "one that is in use", "one that was disposed of",
                                                    "call dispose() after the last problem")});
    AffinityPtr affinity;
    if (affinity_) check(env, affinity_->open(affinity));
  }

  Napi::Value solve_many(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
      check_open(info.Env());
      SolveTask task(info, Access::kView, costs_, bases_);
      return run_now(info.Env(), task);
    });
  }

  Napi::Value solve_many_async(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
      check_open(info.Env());
      return run_async(info.Env(), std::make_unique<SolveTask>(info, Access::kCopy, costs_, bases_),
                       info[SolveTask::kArguments]);
    });
  }

  SharedAffinityPtr affinity_;  // none for a plain cost matrix
  CostsPtr costs_;
  KeptBases bases_ = std::make_shared<std::vector<transport::Basis>>();
  std::int64_t bytes_ = 0;
};

}  // namespace

void define_solver(Napi::Env env, Napi::Object exports) {
  const Napi::Function constructor = SolverHandle::define(env);
  Environment::of(env).solver = Napi::Persistent(constructor);
  exports.Set("Solver", constructor);
}

}  // namespace genmi::node
