// Arguments from JavaScript (options objects are to be read before arrays: a getter could take an array's memory away):
// no pointer leaves here without a checked length. The TypeScript layer has already said what is wrong in the user's
// words; these checks keep the process safe whoever calls.
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

// Whether a call may look at the caller's memory (it does not return before it is done) or must own a copy.
enum class Access { kView, kCopy };

// Memory that a caller lent, to be compared with other such memory.
struct Memory {
  std::uintptr_t begin = 0;
  std::size_t bytes = 0;
};

// A Float32Array or Float64Array of rows x columns numbers. Of shared memory, where other threads may write meanwhile,
// always a copy: what was checked is what is used.
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

// A copy of an Int32Array; null or undefined for "all".
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

// A Float32Array or Float64Array that a call fills; kept alive until it has, where the call does not return before.
class Output {
 public:
  Output(const Napi::Value& value, std::size_t length, const char* argument, Presence presence,
         Access access = Access::kCopy);
  bool wanted() const { return length_ != 0; }
  bool is_single() const { return single_; }
  const Memory& lent() const { return lent_; }
  // Its memory, if it has this precision and nobody can take it away meanwhile (Access::kView); or null.
  template <class T>
  T* memory() const {
    return single_ == (sizeof(T) == sizeof(float)) ? static_cast<T*>(memory_) : nullptr;
  }
  template <class T>
  void write(const T* values);

 private:
  Napi::TypedArray view_;
  Napi::Reference<Napi::TypedArray> kept_;
  std::size_t length_ = 0;  // 0 for none
  bool single_ = false;
  void* memory_ = nullptr;
  Memory lent_;
};

// Refuses an output that shares memory with an input, also through another buffer object over the same memory.
void check_apart(Napi::Env env, const Output& out, const Memory& input, const char* received);

std::size_t size_argument(const Napi::Value& value, const char* argument);
std::string text_option(const Napi::Object& options, const char* name);
std::optional<double> number_option(const Napi::Object& options, const char* name);
bool flag_option(const Napi::Object& options, const char* name);

}  // namespace genmi::node
