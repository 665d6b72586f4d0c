// The one place where a Status, or an exception, becomes a JavaScript error.
#pragma once

#include <napi.h>

#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include "genmi/status.h"

namespace genmi::node {

// The error that src/errors.ts makes of it.
Napi::Error to_error(Napi::Env env, const Status& status);

inline void check(Napi::Env env, const Status& status) {
  if (!status) throw to_error(env, status);
}

Status out_of_memory();

// Runs a callback so that nothing but JavaScript errors leaves it.
template <class Body>
auto guarded(Napi::Env env, const Body& body) -> decltype(body()) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw to_error(env, out_of_memory());
  } catch (const std::length_error&) {
    throw to_error(env, out_of_memory());
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, std::string("an unexpected failure in genmi: ") + error.what());
  }
}

}  // namespace genmi::node
