// Arguments from JavaScript. No pointer leaves here without a checked length. Callers read options objects before
// arrays, because a getter could detach an array's memory. The TypeScript layer has checked arguments already, with
// messages for users; the checks here keep the process safe from any caller.
#pragma once

#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "genmi/affinity.h"
#include "genmi/matrix.h"
#include "genmi/rows.h"

namespace genmi::node {

// kView: a synchronous call may read the caller's memory. kCopy: an asynchronous call must own a copy.
enum class Access { kView, kCopy };

// A range of memory that a caller lent, to be compared with other ranges.
struct Memory {
  std::uintptr_t begin = 0;
  std::size_t bytes = 0;
};

// A Float32Array or Float64Array of rows x columns numbers. Shared memory is always copied, because other threads may
// write it between the check and the use.
class MatrixArgument {
 public:
  MatrixArgument(const Napi::Value& value, std::size_t rows, std::size_t columns, const char* argument, Access access);
  AnyMatrix view() const { return view_; }
  const Memory& memory() const { return memory_; }

 private:
  Memory memory_;
  AnyMatrix view_;
  std::vector<float> floats_;
  std::vector<double> doubles_;
};

// A copy of an Int32Array. null or undefined means all rows.
class RowsArgument {
 public:
  explicit RowsArgument(const Napi::Value& value);
  Rows view() const { return view_; }
  const Memory& memory() const { return memory_; }

 private:
  Memory memory_;
  Rows view_;
  std::vector<std::int32_t> copy_;
};

enum class Presence { kRequired, kOptional };

// A Float32Array or Float64Array that a call fills. An asynchronous call keeps it alive until then.
class Output {
 public:
  Output(const Napi::Value& value, std::size_t length, const char* argument, Presence presence,
         Access access = Access::kCopy);
  bool wanted() const { return length_ != 0; }
  bool is_single() const { return single_; }
  const Memory& lent() const { return lent_; }
  // The array's memory, if it has this precision and the call is synchronous (Access::kView); else null.
  template <class T>
  T* memory() const {
    return single_ == (sizeof(T) == sizeof(float)) ? static_cast<T*>(memory_) : nullptr;
  }
  template <class T>
  void write(const T* values);

 private:
  Napi::TypedArray view_;
  Napi::Reference<Napi::TypedArray> kept_;
  std::size_t length_ = 0;  // 0 without an array
  bool single_ = false;
  void* memory_ = nullptr;
  Memory lent_;
};

// Throws if an output shares memory with an input, also through another buffer object over the same memory.
void check_apart(Napi::Env env, const Output& out, const Memory& input, const char* received);

std::size_t size_argument(const Napi::Value& value, const char* argument);
// An argument that holds options; its values are looked at one by one.
Napi::Object object_argument(const Napi::Value& value, const char* argument);
std::string text_option(const Napi::Object& options, const char* name);
std::optional<double> number_option(const Napi::Object& options, const char* name);
bool flag_option(const Napi::Object& options, const char* name);

}  // namespace genmi::node
