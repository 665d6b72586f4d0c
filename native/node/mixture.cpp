#include "node/mixture.h"

#include <memory>
#include <span>
#include <variant>

#include "genmi/job.h"
#include "genmi/mixture.h"
#include "node/arguments.h"
#include "node/entry.h"
#include "node/errors.h"
#include "node/samples_handle.h"
#include "node/task.h"

namespace genmi::node {
namespace {

// A number of components or features, of which products do not overflow.
std::size_t bounded(Napi::Env env, std::size_t size) {
  if (size - 1 < std::size_t{1} << 20) return size;
  throw to_error(env, {Code::kOutOfRange, explain("samples", "1 to 2^20 components and features", "others")});
}

// mixturePass(samples, parameters, count, diagonal, given, sums, responsibilities, done, job): one pass over the
// samples. All arrays are float64. parameters are the means, factors and constants of `Components`, one after the
// other. Fills sums, with log_density and entropy behind them, and responsibilities unless these are given; both may be
// null. With a job, the pass is asynchronous, and tells the job that the share `done` is done.
class MixtureTask final : public Task {
 public:
  MixtureTask(const Napi::CallbackInfo& info, Access access)
      : samples_(SamplesHandle::complete(info[0])),
        count_(bounded(info.Env(), size_argument(info[2], "count"))),
        features_(bounded(info.Env(), samples_->samples.columns())),
        factors_(info[3].ToBoolean() ? features_ : features_ * features_),
        given_(info[4].ToBoolean()),
        parameters_(info[1], count_, features_ + factors_ + 1, "parameters", access),
        sums_(info[5], count_ * (features_ + factors_ + 1) + 2, "sums", Presence::kOptional, access),
        responsibilities_(info[6], samples_->samples.rows() * count_, "responsibilities",
                          given_ ? Presence::kRequired : Presence::kOptional, access),
        done_(number_argument(info[7], "done")) {
    if (!take_views())
      throw to_error(info.Env(), {Code::kInvalidType, explain("samples", "numbers, and float64 arrays", "others")});
  }

  Status run(Context& context) override {
    const std::size_t means = count_ * features_, factors = count_ * factors_;
    const std::span<const double> all(numbers_->data, means + factors + count_);
    const Components components{count_, features_, all.first(means), all.subspan(means, factors),
                                all.subspan(means + factors)};
    const std::size_t size = out_.empty() ? 0 : out_.size() - 2;
    MixtureSums sums{out_.first(size)};
    if (Status status = pass_over_samples(matrix_, components, {probabilities_, given_}, context, sums); !status)
      return status;
    if (size > 0) {
      out_[size] = sums.log_density;
      out_[size + 1] = sums.entropy;
    }
    if (context.job != nullptr) context.job->report(done_);
    return Status::ok();
  }
  Napi::Value finish(Napi::Env env) override { return env.Undefined(); }

 private:
  // False where an array is not float64, or samples are bytes.
  bool take_views() {
    const auto take = [](const Output& out, std::span<double>& numbers) {
      if (!out.wanted()) return true;
      const AnyOutput all = out.numbers();
      const auto* const wide = std::get_if<std::span<double>>(&all);
      if (wide != nullptr) numbers = *wide;
      return wide != nullptr;
    };
    view_ = parameters_.view();
    numbers_ = std::get_if<MatrixView<double>>(&view_);
    const networks::Samples::Numbers& given = samples_->samples.numbers();
    if (const auto* wide = std::get_if<MatrixView<double>>(&given)) matrix_ = *wide;
    else if (const auto* single = std::get_if<MatrixView<float>>(&given)) matrix_ = *single;
    else return false;
    return numbers_ != nullptr && take(sums_, out_) && take(responsibilities_, probabilities_);
  }

  OwnedSamplesPtr samples_;
  std::size_t count_, features_, factors_;
  bool given_;
  MatrixArgument parameters_;
  Output sums_, responsibilities_;
  double done_;
  AnyMatrix matrix_, view_;
  const MatrixView<double>* numbers_ = nullptr;
  std::span<double> out_, probabilities_;
};

Napi::Value pass(const Napi::CallbackInfo& info) {
  if (!info[8].IsUndefined()) return run_async(info.Env(), std::make_unique<MixtureTask>(info, Access::kCopy), info[8]);
  MixtureTask task(info, Access::kView);
  return run_now(info.Env(), task);
}

}  // namespace

void define_mixture(Napi::Env env, Napi::Object exports) { define_function<pass>(env, exports, "mixturePass"); }

}  // namespace genmi::node
