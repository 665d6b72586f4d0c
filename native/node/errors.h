// The one place where a Status, or an exception, becomes a JavaScript error.
#pragma once

#include <napi.h>

#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>

#include "genmi/status.h"

namespace genmi::node {

// The JavaScript error of a status, made by src/errors.ts.
Napi::Error to_error(Napi::Env env, const Status& status);

// ERR_OUT_OF_MEMORY, made without any allocation here.
Napi::Error out_of_memory(Napi::Env env);

// An exception other than those below: the error of a device that failed, or one that nobody foresaw.
Napi::Error unexpected(Napi::Env env, const std::exception& exception);

inline void check(Napi::Env env, const Status& status) {
  if (!status) throw to_error(env, status);
}

// Runs a callback so that only JavaScript errors leave it.
template <class Body>
auto guarded(Napi::Env env, const Body& body) -> decltype(body()) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw out_of_memory(env);
  } catch (const std::length_error&) {
    throw out_of_memory(env);
  } catch (const std::system_error&) {  // the system allows no further thread
    throw out_of_memory(env);
  } catch (const std::bad_exception&) {  // std::current_exception() returns it when memory is short
    throw out_of_memory(env);
  } catch (const std::exception& error) {
    throw unexpected(env, error);
  }
}

}  // namespace genmi::node
