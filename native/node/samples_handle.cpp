#include "node/samples_handle.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "node/environment.h"
#include "node/errors.h"

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

std::size_t bytes_of(Type type) { return type == Type::kFloat64 ? 8 : type == Type::kFloat32 ? 4 : 1; }

}  // namespace

SamplesHandle::SamplesHandle(const Napi::CallbackInfo& info)
    : type_(type_argument(info[0])), shape_(info[1], info[2], info[3], info[4]) {
  const std::size_t bytes = shape_.length() * bytes_of(type_);
  Copy copy(bytes);
  const networks::Samples samples = shape_.over(type_, copy.data());
  samples_ = std::make_shared<OwnedSamples>(std::move(copy), bytes, samples, Environment::of(info.Env()).memory);
}

OwnedSamplesPtr SamplesHandle::complete(const Napi::Value& value) {
  const SamplesHandle& self = unwrap<SamplesHandle>(value, "samples");
  check_length(value.Env(), self.appended_, self.shape_.length(), "samples");
  return self.samples_;
}

void SamplesHandle::append(const Napi::CallbackInfo& info) {
  const ArrayArgument array(info[0], "data", false);
  if (array.type() != type_)
    throw to_error(info.Env(), {Code::kInvalidType, explain("data", "an array of the samples' type", "another one")});
  check_length(info.Env(), array.length(), shape_.length(), "data");
  const std::size_t count = std::min(size_argument(info[1], "count"), shape_.length() - appended_);
  const std::size_t at = appended_ * bytes_of(type_);
  samples_->copy.fill(info.Env(), at, static_cast<const std::byte*>(array.data()) + at, count * bytes_of(type_));
  appended_ += count;
}

void define_samples(Napi::Env env, Napi::Object exports) {
  exports.Set("Samples", define_class<SamplesHandle>(env, {method<SamplesHandle, &SamplesHandle::append>("append")}));
}

}  // namespace genmi::node
