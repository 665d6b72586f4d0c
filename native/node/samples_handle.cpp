#include "node/samples_handle.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "networks/neighbor_lengths.h"
#include "node/environment.h"
#include "node/errors.h"
#include "node/task.h"

namespace genmi::node {
namespace {

using Type = ArrayArgument::Type;

Type type_argument(const Napi::Value& value) {
  const std::string name = value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
  if (name == "float32") return Type::kFloat32;
  if (name == "float64") return Type::kFloat64;
  if (name == "uint8") return Type::kBytes;
  throw to_error(value.Env(), {Code::kInvalidType, explain("type", "'float32', 'float64' or 'uint8'", quote(name))});
}

class PrepareTask final : public Task {
 public:
  explicit PrepareTask(std::shared_ptr<OwnedSamples> samples) : samples_(std::move(samples)) {}

  Status run(Context& context) override {
    samples_->copy.touch(context);
    return Status::ok();
  }
  Napi::Value finish(Napi::Env env) override { return env.Undefined(); }

 private:
  std::shared_ptr<OwnedSamples> samples_;
};

// neighborLengthsAsync(samples, out, job): the lengths of perturbations that suit the data, into a Float64Array
class NeighborLengthsTask final : public Task {
 public:
  static constexpr int kArguments = 2;

  NeighborLengthsTask(const Napi::CallbackInfo& info, Access access)
      : samples_(SamplesHandle::complete(info[0])),
        out_(info[1], samples_->samples.rows(), "out", Presence::kRequired, access) {
    if (!std::holds_alternative<std::span<double>>(out_.numbers()))
      throw to_error(info.Env(), {Code::kInvalidType, explain("out", "a Float64Array", "a Float32Array")});
  }

  Status run(Context& context) override {
    if (Status status = samples_->samples.check<double>(context); !status) return status;
    std::vector<double> lengths;
    if (Status status = networks::neighbor_lengths(samples_->samples, context, lengths); !status) return status;
    std::copy(lengths.begin(), lengths.end(), std::get<std::span<double>>(out_.numbers()).begin());
    return Status::ok();
  }
  Napi::Value finish(Napi::Env env) override { return env.Undefined(); }

 private:
  OwnedSamplesPtr samples_;
  Output out_;
};

std::size_t bytes_of(Type type) { return type == Type::kFloat64 ? 8 : type == Type::kFloat32 ? 4 : 1; }

}  // namespace

FeaturesArgument::FeaturesArgument(const Napi::Value& value, const SamplesShape& shape, const char* argument,
                                   ArrayArgument::Access access) {
  if (handles_of(value.Env()).find(value.Env(), value, SamplesHandle::kClass) != nullptr) {
    owner_ = SamplesHandle::complete(value);
    samples_ = owner_->samples;
    return;
  }
  array_.emplace(value, argument, access);
  check_length(value.Env(), array_->length(), shape.length(), argument);
  samples_ = shape.over(array_->type(), array_->data());
}

void FeaturesArgument::drop() {
  owner_.reset();
  array_.reset();
}

SamplesHandle::SamplesHandle(const Napi::CallbackInfo& info)
    : type_(type_argument(info[0])),
      shape_(info[1], info[2], number_argument(info[3], "scale"), number_argument(info[4], "offset")) {
  const std::size_t bytes = shape_.length() * bytes_of(type_);
  Copy copy(bytes);
  const networks::Samples samples = shape_.over(type_, copy.data());
  samples_ = std::make_shared<OwnedSamples>(std::move(copy), bytes, samples, Environment::of(info.Env()).memory);
  info.This().As<Napi::Object>().Set("type", info[0]);
}

OwnedSamplesPtr SamplesHandle::complete(const Napi::Value& value) {
  const SamplesHandle& self = unwrap<SamplesHandle>(value, "samples");
  check_length(value.Env(), self.appended_, self.shape_.length(), "samples");
  return self.samples_;
}

Napi::Value SamplesHandle::prepare_async(const Napi::CallbackInfo& info) {
  if (appended_ > 0)
    throw to_error(info.Env(), {Code::kOutOfRange, explain("samples", "no numbers yet", std::to_string(appended_))});
  return run_async(info.Env(), std::make_unique<PrepareTask>(samples_), info[0]);
}

void SamplesHandle::append(const Napi::CallbackInfo& info) {
  const ArrayArgument array(info[0], "data", ArrayArgument::Access::kBorrow);
  if (array.type() != type_)
    throw to_error(info.Env(), {Code::kInvalidType, explain("data", "an array of the samples' type", "another one")});
  check_length(info.Env(), array.length(), shape_.length(), "data");
  const std::size_t count = std::min(size_argument(info[1], "count"), shape_.length() - appended_);
  const std::size_t at = appended_ * bytes_of(type_);
  samples_->copy.fill(info.Env(), at, static_cast<const std::byte*>(array.data()) + at, count * bytes_of(type_));
  appended_ += count;
}

void define_samples(Napi::Env env, Napi::Object exports) {
  exports.Set("Samples",
              define_class<SamplesHandle>(env, {method<SamplesHandle, &SamplesHandle::append>("append"),
                                                method<SamplesHandle, &SamplesHandle::prepare_async>("prepareAsync")}));
  define_function<perform_async<NeighborLengthsTask>>(env, exports, "neighborLengthsAsync");
}

}  // namespace genmi::node
