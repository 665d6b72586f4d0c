#include "node/affinity_handle.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "genmi/backend.h"
#include "node/environment.h"
#include "node/errors.h"
#include "node/samples_handle.h"
#include "node/task.h"

namespace genmi::node {
namespace {

const char* kind_name(Kind kind) { return kind == Kind::kKernel ? "kernel" : "distance"; }
Kind kind_option(const Napi::Object& options) {
  return text_option(options, "kind") == "distance" ? Kind::kDistance : Kind::kKernel;
}
Precision precision_option(const Napi::Object& options) {
  return text_option(options, "precision") == "float32" ? Precision::kFloat32 : Precision::kFloat64;
}

constexpr double kMostNeighbors = 0x1p53;  // more than any affinity has samples

struct MeasureArguments {
  explicit MeasureArguments(const Napi::Object& options)
      : storage(text_option(options, "storage") == "features" ? Storage::kFeatures : Storage::kDense),
        precision(precision_option(options)) {
    measure.kind = kind_option(options);
    measure.name = text_option(options, "name");
    measure.gamma = number_option(options, "gamma");
    measure.median_gamma = flag_option(options, "medianGamma");
    measure.degree = number_option(options, "degree");
    measure.coef0 = number_option(options, "coef0");
    scale = number_option(options, "scale").value_or(1);
    offset = number_option(options, "offset").value_or(0);
  }

  MeasureOptions measure;
  Storage storage;
  Precision precision;
  double scale, offset;  // of bytes
};

// measure(features, rows, columns, options): features in an array, or Samples
class MeasureTask final : public Task {
 public:
  static constexpr int kArguments = 4;

  MeasureTask(const Napi::CallbackInfo& info, Access access)
      : options_(object_argument(info[3], "options")),
        features_(info[0], {info[1], info[2], options_.scale, options_.offset}, "x",
                  access == Access::kCopy ? ArrayArgument::Access::kCopy : ArrayArgument::Access::kView) {}

  Status run(Context& context) override {
    const auto measure = [&]<class N>(const N& numbers) {
      if constexpr (std::is_same_v<N, Bytes>)
        return context.backend.measure_bytes(numbers, features_.owner(), options_.measure, options_.storage,
                                             options_.precision, context, affinity_);
      else
        return context.backend.measure(numbers, options_.measure, options_.storage, options_.precision, context,
                                       affinity_);
    };
    return std::visit(measure, features_.samples().numbers());
  }
  void drop_inputs() override { features_.drop(); }
  Napi::Value finish(Napi::Env env) override { return AffinityHandle::create(env, std::move(affinity_)); }
  const Affinity& affinity() const { return *affinity_; }

 private:
  MeasureArguments options_;
  FeaturesArgument features_;
  AffinityPtr affinity_;
};

// precomputed(matrix, rows, columns, options)
class PrecomputedTask final : public Task {
 public:
  static constexpr int kArguments = 4;

  PrecomputedTask(const Napi::CallbackInfo& info, Access access)
      : kind_(kind_option(object_argument(info[3], "options"))),
        metric_(flag_option(object_argument(info[3], "options"), "metric")),
        precision_(precision_option(object_argument(info[3], "options"))),
        matrix_(info[0], size_argument(info[1], "rows"), size_argument(info[2], "columns"), "matrix", access) {}

  Status run(Context& context) override {
    return context.backend.precomputed(matrix_.view(), kind_, metric_, precision_, context, affinity_);
  }
  void drop_inputs() override { matrix_.drop(); }
  Napi::Value finish(Napi::Env env) override { return AffinityHandle::create(env, std::move(affinity_)); }

 private:
  Kind kind_;
  bool metric_;
  Precision precision_;
  MatrixArgument matrix_;
  AffinityPtr affinity_;
};

HopOptions hop_options(const Napi::Object& object) {
  HopOptions options;
  options.quantile = number_option(object, "quantile").value_or(options.quantile);
  options.threshold = number_option(object, "threshold");
  options.disconnected = number_option(object, "disconnected");
  if (const std::optional<double> neighbors = number_option(object, "neighbors"))
    options.neighbors = *neighbors >= 1 ? static_cast<std::size_t>(std::min(*neighbors, kMostNeighbors)) : 0;
  return options;
}

// The common part of hops and featureHops.
class HopsTask : public Task {
 public:
  explicit HopsTask(const Napi::Object& options) : options_(hop_options(options)) {}

  Napi::Value finish(Napi::Env env) override {
    Napi::Object result = Napi::Object::New(env);
    result.Set("affinity", AffinityHandle::create(env, std::move(affinity_)));
    result.Set("threshold", report_.threshold);
    result.Set("edges", static_cast<double>(report_.edges));
    result.Set("longest", static_cast<double>(report_.longest));
    result.Set("connected", Napi::Boolean::New(env, report_.connected));
    return result;
  }

 protected:
  Status count_hops(const Affinity& distances, Context& context) {
    return context.backend.hops(distances, options_, context, report_, affinity_);
  }

 private:
  HopOptions options_;
  HopReport report_;
  AffinityPtr affinity_;
};

// hops(distances, options)
class AffinityHopsTask final : public HopsTask {
 public:
  static constexpr int kArguments = 2;

  AffinityHopsTask(const Napi::CallbackInfo& info, Access)
      : HopsTask(object_argument(info[1], "options")), distances_(AffinityHandle::open(info[0])) {}

  Status run(Context& context) override { return count_hops(*distances_, context); }

 private:
  AffinityPtr distances_;
};

// featureHops(features, rows, columns, measure, options)
class FeatureHopsTask final : public HopsTask {
 public:
  static constexpr int kArguments = 5;

  FeatureHopsTask(const Napi::CallbackInfo& info, Access access)
      : HopsTask(object_argument(info[4], "options")), measuring_(info, access) {}

  Status run(Context& context) override {
    if (Status status = measuring_.run(context); !status) return status;
    measuring_.drop_inputs();  // the affinity has features of its own
    return count_hops(measuring_.affinity(), context);
  }

 private:
  MeasureTask measuring_;
};

// submatrix(rows, out)
class SubmatrixTask final : public Task {
 public:
  SubmatrixTask(const Napi::CallbackInfo& info, AffinityPtr affinity)
      : affinity_(std::move(affinity)),
        rows_(info[0]),
        out_(info[1], count() * count(), "out", Presence::kRequired, Access::kView) {}

  Status run(Context& context) override {
    const Rows rows{rows_.view().index, count()};
    if (Status status = check_rows(rows, count(), affinity_->size()); !status) return status;
    const std::span<double> entries = context.workspace.take<double>(count() * count());
    affinity_->submatrix(rows, context, entries.data());
    const auto write = [&]<class T>(std::span<T> to) {
      std::transform(entries.begin(), entries.end(), to.begin(), [](double entry) { return static_cast<T>(entry); });
    };
    std::visit(write, out_.numbers());
    return Status::ok();
  }
  Napi::Value finish(Napi::Env env) override { return env.Undefined(); }

 private:
  std::size_t count() const { return rows_.view().index == nullptr ? affinity_->size() : rows_.view().count; }

  AffinityPtr affinity_;
  RowsArgument rows_;
  Output out_;
};

}  // namespace

AffinityHandle::AffinityHandle(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const AffinityPtr affinity = std::exchange(Environment::of(env).new_affinity, nullptr);
  if (!affinity)
    throw to_error(env,
                   {Code::kInvalidType, explain("Affinity", "Affinity.kernel(), .distance(), .hops() or .precomputed()",
                                                "a direct construction")});
  shared_ = std::make_shared<SharedAffinity>(affinity);

  Napi::Object self = info.This().As<Napi::Object>();
  self.Set("size", static_cast<double>(affinity->size()));
  self.Set("kind", kind_name(affinity->kind()));
  self.Set("metric", Napi::Boolean::New(env, affinity->metric()));
  self.Set("storage", affinity->storage() == Storage::kDense ? "dense" : "features");
  self.Set("precision", affinity->precision() == Precision::kFloat32 ? "float32" : "float64");
  self.Set("bytes", static_cast<double>(affinity->bytes()));
}

// Clears new_affinity when create() ends, even if the constructor failed.
struct Taken {
  AffinityPtr& affinity;
  ~Taken() { affinity.reset(); }
};

Napi::Value AffinityHandle::create(Napi::Env env, AffinityPtr affinity) {
  Environment& environment = Environment::of(env);
  const std::size_t bytes = affinity->bytes();
  environment.new_affinity = charged(environment.memory, std::move(affinity), bytes);
  const Taken taken{environment.new_affinity};
  return environment.client->affinity_class.New(std::initializer_list<napi_value>{});
}

SharedAffinityPtr AffinityHandle::shared(const Napi::Value& value) {
  return unwrap<AffinityHandle>(value, "affinity").shared_;
}

AffinityPtr AffinityHandle::open(const Napi::Value& value) {
  AffinityPtr affinity;
  check(value.Env(), shared(value)->open(affinity));
  return affinity;
}

Napi::Value AffinityHandle::submatrix(const Napi::CallbackInfo& info) {
  AffinityPtr affinity;
  check(info.Env(), shared_->open(affinity));
  SubmatrixTask task(info, std::move(affinity));
  return run_now(info.Env(), task);
}

void AffinityHandle::dispose(const Napi::CallbackInfo&) { shared_->dispose(); }

void define_affinity(Napi::Env env, Napi::Object exports) {
  client_of(env)->affinity_class = Napi::Persistent(
      define_class<AffinityHandle>(env, {method<AffinityHandle, &AffinityHandle::submatrix>("submatrix"),
                                         method<AffinityHandle, &AffinityHandle::dispose>("dispose")}));
  define_function<perform<MeasureTask>>(env, exports, "measure");
  define_function<perform_async<MeasureTask>>(env, exports, "measureAsync");
  define_function<perform<PrecomputedTask>>(env, exports, "precomputed");
  define_function<perform_async<PrecomputedTask>>(env, exports, "precomputedAsync");
  define_function<perform<AffinityHopsTask>>(env, exports, "hops");
  define_function<perform_async<AffinityHopsTask>>(env, exports, "hopsAsync");
  define_function<perform<FeatureHopsTask>>(env, exports, "featureHops");
  define_function<perform_async<FeatureHopsTask>>(env, exports, "featureHopsAsync");
}

}  // namespace genmi::node
