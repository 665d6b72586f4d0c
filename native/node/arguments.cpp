#include "node/arguments.h"

#include <algorithm>

#include "node/errors.h"

namespace genmi::node {
namespace {

[[noreturn]] void reject(Napi::Env env, Code code, const char* argument, const std::string& expected,
                         const std::string& received) {
  throw to_error(env, {code, explain(argument, expected, received)});
}

bool is_typed_array(const Napi::Value& value, napi_typedarray_type type) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
}

// The numbers of a typed array, after its byteOffset, also of one in shared memory; none of a detached one.
template <class T>
T* data_of(const Napi::TypedArray& array) {
  void* data = nullptr;
  const napi_status status = napi_get_typedarray_info(array.Env(), array, nullptr, nullptr, &data, nullptr, nullptr);
  NAPI_THROW_IF_FAILED(array.Env(), status, nullptr);
  return static_cast<T*>(data);
}

void check_length(const Napi::TypedArray& array, std::size_t length, const char* argument) {
  if (array.ElementLength() == length) return;
  reject(array.Env(), Code::kOutOfRange, argument, std::to_string(length) + " numbers",
         std::to_string(array.ElementLength()));
}

template <class T>
MatrixView<T> borrow(const Napi::TypedArray& array, std::size_t rows, std::size_t columns, Access access,
                     std::vector<T>& copy) {
  const T* data = data_of<T>(array);
  if (access == Access::kView) return {data, rows, columns};
  copy.assign(data, data + rows * columns);
  return {copy.data(), rows, columns};
}

}  // namespace

MatrixArgument::MatrixArgument(const Napi::Value& value, std::size_t rows, std::size_t columns, const char* argument,
                               Access access) {
  const bool single = is_typed_array(value, napi_float32_array);
  if (!single && !is_typed_array(value, napi_float64_array))
    reject(value.Env(), Code::kInvalidType, argument, "a Float32Array or Float64Array", "another value");
  const auto array = value.As<Napi::TypedArray>();
  if (columns != 0 && rows > SIZE_MAX / columns)
    reject(value.Env(), Code::kOutOfRange, argument, "a smaller matrix", "more");
  check_length(array, rows * columns, argument);
  if (single) view_ = borrow<float>(array, rows, columns, access, floats_);
  else view_ = borrow<double>(array, rows, columns, access, doubles_);
}

RowsArgument::RowsArgument(const Napi::Value& value, Access access) {
  if (value.IsNull() || value.IsUndefined()) return;
  if (!is_typed_array(value, napi_int32_array))
    reject(value.Env(), Code::kInvalidType, "rows", "an Int32Array", "another value");
  const auto array = value.As<Napi::TypedArray>();
  const std::int32_t* data = data_of<std::int32_t>(array);
  // No pointer means "all rows", which an empty array does not.
  static constexpr std::int32_t kNone = 0;
  if (access == Access::kCopy) {
    copy_.assign(data, data + array.ElementLength());
    data = copy_.data();
  }
  view_ = {array.ElementLength() == 0 ? &kNone : data, array.ElementLength()};
}

Output::Output(const Napi::Value& value, std::size_t length, const char* argument, Presence presence, Access access) {
  if (presence == Presence::kOptional && (value.IsNull() || value.IsUndefined())) return;
  single_ = is_typed_array(value, napi_float32_array);
  if (!single_ && !is_typed_array(value, napi_float64_array))
    reject(value.Env(), Code::kInvalidType, argument, "a Float32Array or Float64Array", "another value");
  view_ = value.As<Napi::TypedArray>();
  length_ = length;
  check_length(view_, length, argument);
  if (access == Access::kView) memory_ = data_of<void>(view_);
  else kept_ = Napi::Persistent(view_);
}

template <class T>
void Output::write(const T* values) {
  const Napi::TypedArray array = kept_.IsEmpty() ? view_ : kept_.Value();
  check_length(array, length_, "out");  // it may have been detached since
  const auto copy = [&](auto* to) {
    std::transform(values, values + length_, to,
                   [](T value) { return static_cast<std::remove_pointer_t<decltype(to)>>(value); });
  };
  if (single_) copy(data_of<float>(array));
  else copy(data_of<double>(array));
}

template void Output::write(const float* values);
template void Output::write(const double* values);

std::size_t size_argument(const Napi::Value& value, const char* argument) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= 9007199254740991.0 && number == static_cast<double>(static_cast<std::size_t>(number))))
    reject(value.Env(), Code::kOutOfRange, argument, "a size", "another value");
  return static_cast<std::size_t>(number);
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
