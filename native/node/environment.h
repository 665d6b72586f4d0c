// What the addon keeps for each JavaScript environment: the main thread and every worker thread have their own.
#pragma once

#include <napi.h>

#include <memory>

#include "genmi/parallel.h"
#include "genmi/workspace.h"

namespace genmi::node {

struct Environment {
  Workspace workspace;  // of the synchronous calls
  std::shared_ptr<ThreadPool> pool = ThreadPool::shared();
  std::size_t threads = ThreadPool::hardware_threads();
  Napi::FunctionReference create_error;                      // (code, message) => Error; src/errors.ts
  Napi::FunctionReference affinity, objective, solver, job;  // the classes' constructors

  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }
};

}  // namespace genmi::node
