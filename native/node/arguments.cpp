#include "node/arguments.h"

#include <algorithm>

#include "node/errors.h"

namespace genmi::node {
namespace {

[[noreturn]] void reject(Napi::Env env, Code code, const char* argument, const std::string& expected,
                         const std::string& received) {
  throw to_error(env, {code, explain(argument, expected, received)});
}

// A typed array as it is now. Each use looks at the array anew, since JavaScript may resize or detach its memory.
struct Numbers {
  std::optional<napi_typedarray_type> type;  // empty if the value is no typed array
  void* data = nullptr;                      // the first number, after byteOffset; null without numbers
  std::size_t length = 0;
  bool shared = false;  // other threads may write it

  bool single() const { return type == napi_float32_array; }
  Memory memory() const {
    const std::size_t each = type == napi_float64_array ? 8 : type == napi_uint8_array ? 1 : 4;
    return {reinterpret_cast<std::uintptr_t>(data), length * each};
  }
};

Numbers look_at(const Napi::Value& value) {
  const Napi::Env env = value.Env();
  Numbers numbers;
  if (!value.IsTypedArray()) return numbers;
  napi_value buffer = nullptr;
  napi_status status =
      napi_get_typedarray_info(env, value, &numbers.type.emplace(), &numbers.length, &numbers.data, &buffer, nullptr);
  NAPI_THROW_IF_FAILED(env, status, numbers);
  bool unshared = false;
  status = napi_is_arraybuffer(env, buffer, &unshared);
  NAPI_THROW_IF_FAILED(env, status, numbers);
  numbers.shared = !unshared;
  if (numbers.data == nullptr) numbers.length = 0;
  return numbers;
}

// A Float32Array or Float64Array of this length.
Numbers look_at(const Napi::Value& value, std::size_t length, const char* argument) {
  const Numbers numbers = look_at(value);
  if (!numbers.single() && numbers.type != napi_float64_array)
    reject(value.Env(), Code::kInvalidType, argument, "a Float32Array or Float64Array", "another value");
  check_length(value.Env(), numbers.length, length, argument);
  return numbers;
}

}  // namespace

MatrixArgument::MatrixArgument(const Napi::Value& value, std::size_t rows, std::size_t columns, const char* argument,
                               Access access) {
  if (columns != 0 && rows > SIZE_MAX / columns)
    reject(value.Env(), Code::kOutOfRange, argument, "a smaller matrix", "more");
  const Numbers numbers = look_at(value, rows * columns, argument);
  memory_ = numbers.memory();
  const bool copied = access == Access::kCopy || numbers.shared;
  if (copied) copy_ = Copy(value.Env(), numbers.data, memory_.bytes);
  const void* const data = copied ? copy_.data() : numbers.data;
  if (numbers.single()) view_ = MatrixView<float>{static_cast<const float*>(data), rows, columns};
  else view_ = MatrixView<double>{static_cast<const double*>(data), rows, columns};
}

ArrayArgument::ArrayArgument(const Napi::Value& value, const char* argument, Access access) {
  const Numbers numbers = look_at(value);
  if (numbers.single()) type_ = Type::kFloat32;
  else if (numbers.type == napi_float64_array) type_ = Type::kFloat64;
  else if (numbers.type == napi_uint8_array) type_ = Type::kBytes;
  else reject(value.Env(), Code::kInvalidType, argument, "a Float32Array, Float64Array or Uint8Array", "another value");
  length_ = numbers.length;
  memory_ = numbers.memory();
  const bool copied = access == Access::kCopy || (access == Access::kView && numbers.shared);
  if (copied) copy_ = Copy(value.Env(), numbers.data, memory_.bytes);
  data_ = copied ? copy_.data() : numbers.data;
}

SamplesShape::SamplesShape(const Napi::Value& rows_, const Napi::Value& columns_, double scale_, double offset_)
    : rows(size_argument(rows_, "rows")), columns(size_argument(columns_, "columns")), scale(scale_), offset(offset_) {
  if (columns != 0 && rows > SIZE_MAX / 8 / columns)
    reject(rows_.Env(), Code::kOutOfRange, "data", "a smaller matrix", "more");
}

networks::Samples SamplesShape::over(ArrayArgument::Type type, const void* data) const {
  switch (type) {
    case ArrayArgument::Type::kFloat32:
      return networks::Samples(MatrixView<float>{static_cast<const float*>(data), rows, columns});
    case ArrayArgument::Type::kFloat64:
      return networks::Samples(MatrixView<double>{static_cast<const double*>(data), rows, columns});
    default: return networks::Samples(Bytes{static_cast<const std::uint8_t*>(data), rows, columns, scale, offset});
  }
}

RowsArgument::RowsArgument(const Napi::Value& value) {
  if (value.IsNull() || value.IsUndefined()) return;
  const Numbers numbers = look_at(value);
  if (numbers.type != napi_int32_array)
    reject(value.Env(), Code::kInvalidType, "rows", "an Int32Array", "another value");
  memory_ = numbers.memory();
  copy_ = Copy(value.Env(), numbers.data, memory_.bytes);
  // A null pointer would mean "all rows"; an empty array means no rows.
  static constexpr std::int32_t kNone = 0;
  view_ = {numbers.length == 0 ? &kNone : static_cast<const std::int32_t*>(copy_.data()), numbers.length};
}

Output::Output(const Napi::Value& value, std::size_t length, const char* argument, Presence presence, Access access) {
  if (presence == Presence::kOptional && (value.IsNull() || value.IsUndefined())) return;
  const Numbers numbers = look_at(value, length, argument);
  length_ = length;
  single_ = numbers.single();
  memory_ = numbers.memory();
  if (access == Access::kCopy) kept_ = Napi::Persistent(value.As<Napi::TypedArray>());
}

AnyOutput Output::numbers() const {
  if (single_) return std::span(reinterpret_cast<float*>(memory_.begin), length_);
  return std::span(reinterpret_cast<double*>(memory_.begin), length_);
}

void check_apart(Napi::Env env, const Output& out, const Memory& input, const char* received) {
  const Memory& lent = out.memory();
  if (lent.begin >= input.begin + input.bytes || input.begin >= lent.begin + lent.bytes) return;
  throw to_error(env,
                 {Code::kOutOfRange, explain("out", "memory of its own", received, "inputs are never written to")});
}

void check_length(Napi::Env env, std::size_t received, std::size_t length, const char* argument) {
  if (received == length) return;
  reject(env, Code::kOutOfRange, argument, std::to_string(length) + " numbers", std::to_string(received));
}

double number_argument(const Napi::Value& value, const char* argument) {
  if (!value.IsNumber()) reject(value.Env(), Code::kInvalidType, argument, "a number", "another value");
  return value.As<Napi::Number>().DoubleValue();
}

std::size_t size_argument(const Napi::Value& value, const char* argument) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= 9007199254740991.0 && number == static_cast<double>(static_cast<std::size_t>(number))))
    reject(value.Env(), Code::kOutOfRange, argument, "a size", "another value");
  return static_cast<std::size_t>(number);
}

std::size_t threads_argument(const Napi::Value& value) {
  constexpr std::size_t kMost = 1024;
  const std::size_t threads = size_argument(value, "threads");
  if (threads < 1 || threads > kMost)
    reject(value.Env(), Code::kOutOfRange, "threads", "an integer in [1, " + std::to_string(kMost) + "]",
           std::to_string(threads));
  return threads;
}

Napi::Object object_argument(const Napi::Value& value, const char* argument) {
  if (!value.IsObject()) reject(value.Env(), Code::kInvalidType, argument, "an object", "another value");
  return value.As<Napi::Object>();
}

std::string text_option(const Napi::Object& options, const char* name) {
  const Napi::Value value = options.Get(name);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

std::optional<double> number_option(const Napi::Object& options, const char* name) {
  const Napi::Value value = options.Get(name);
  if (value.IsNumber()) return value.As<Napi::Number>().DoubleValue();
  return std::nullopt;
}

bool flag_option(const Napi::Object& options, const char* name) {
  const Napi::Value value = options.Get(name);
  return value.IsBoolean() && value.As<Napi::Boolean>().Value();
}

}  // namespace genmi::node
