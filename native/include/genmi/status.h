// A Status is the answer of every room: success, or an error. The core never prints or aborts. It throws
// std::bad_alloc, and DeviceFailure (backend.h) where a device has one; nothing else.
#pragma once

#include <string>
#include <utility>

namespace genmi {

enum class Code {
  kOk,
  kInvalidType,  // an argument of the wrong kind: TypeError, ERR_INVALID_ARG_TYPE
  kOutOfRange,   // a wrong shape or value: RangeError, ERR_OUT_OF_RANGE
  kInfeasible,   // marginals no plan can have: GenmiError, ERR_INFEASIBLE
  kUnavailable,  // a backend or instruction set this machine lacks: GenmiError, ERR_BACKEND_UNAVAILABLE
  kDisposed,     // used after dispose(): GenmiError, ERR_DISPOSED
  kBusy,         // an object that another call uses: GenmiError, ERR_BUSY
  kOutOfMemory,  // GenmiError, ERR_OUT_OF_MEMORY
  kAborted,      // the caller asked to stop: rejected with the signal's reason
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status ok() { return {}; }

  bool is_ok() const { return code_ == Code::kOk; }
  explicit operator bool() const { return is_ok(); }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

// The answer of a computation that was asked to stop.
inline Status aborted() { return {Code::kAborted, "aborted"}; }

// A number as JavaScript writes it.
std::string format(double value);

// A name as a user writes it, in quotes.
std::string quote(const std::string& name);

// The form of every message: the argument, what was expected, what was received, and a remedy.
std::string explain(const std::string& argument, const std::string& expected, const std::string& received,
                    const std::string& remedy = {});

}  // namespace genmi
