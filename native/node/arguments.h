// Arguments from JavaScript. No pointer leaves here without a checked length. Callers read options objects before
// arrays, because a getter could detach an array's memory. The TypeScript layer has checked arguments already, with
// messages for users; the checks here keep the process safe from any caller.
#pragma once

#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "genmi/evaluation.h"
#include "genmi/matrix.h"
#include "genmi/rows.h"
#include "networks/samples.h"
#include "node/copy.h"

namespace genmi::node {

// kView: a synchronous call may use the caller's memory. kCopy: an asynchronous call must own its memory, since the
// caller may write, resize or detach an array meanwhile.
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
  // Frees the copy; the view must not be used any more.
  void drop() { copy_ = Copy(); }

 private:
  Memory memory_;
  AnyMatrix view_;
  Copy copy_;
};

// A Float32Array, Float64Array or Uint8Array: a view, or a copy. Shared memory is copied with kView too; kBorrow is for
// a caller who copies it at once.
class ArrayArgument {
 public:
  enum class Type { kFloat32, kFloat64, kBytes };
  enum class Access { kBorrow, kView, kCopy };

  ArrayArgument(const Napi::Value& value, const char* argument, Access access = Access::kView);
  Type type() const { return type_; }
  std::size_t length() const { return length_; }
  const void* data() const { return data_; }
  const Memory& memory() const { return memory_; }
  // Frees the copy; the data must not be used any more.
  void drop() { copy_ = Copy(); }

 private:
  Type type_;
  std::size_t length_;
  const void* data_;
  Memory memory_;
  Copy copy_;
};

// How the numbers of an array are samples.
struct SamplesShape {
  SamplesShape(const Napi::Value& rows, const Napi::Value& columns, double scale, double offset);
  networks::Samples over(ArrayArgument::Type type, const void* data) const;
  std::size_t length() const { return rows * columns; }

  std::size_t rows, columns;
  double scale, offset;
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
  Copy copy_;
};

enum class Presence { kRequired, kOptional };

// A Float32Array or Float64Array that a call fills. For an asynchronous call (Access::kCopy) it must be new, and nobody
// else may have it: another thread writes it.
class Output {
 public:
  Output(const Napi::Value& value, std::size_t length, const char* argument, Presence presence, Access access);
  bool wanted() const { return length_ != 0; }
  const Memory& memory() const { return memory_; }
  AnyOutput numbers() const;

 private:
  Napi::Reference<Napi::TypedArray> kept_;  // keeps the array alive during an asynchronous call
  std::size_t length_ = 0;                  // 0 without an array
  bool single_ = false;
  Memory memory_;
};

// Throws if an output shares memory with an input, also through another buffer object over the same memory.
void check_apart(Napi::Env env, const Output& out, const Memory& input, const char* received);

void check_length(Napi::Env env, std::size_t received, std::size_t length, const char* argument);
std::size_t size_argument(const Napi::Value& value, const char* argument);
double number_argument(const Napi::Value& value, const char* argument);
// A number of threads, from 1 to 1024.
std::size_t threads_argument(const Napi::Value& value);
// An argument that holds options; its values are looked at one by one.
Napi::Object object_argument(const Napi::Value& value, const char* argument);
std::string text_option(const Napi::Object& options, const char* name);
std::optional<double> number_option(const Napi::Object& options, const char* name);
bool flag_option(const Napi::Object& options, const char* name);

}  // namespace genmi::node
