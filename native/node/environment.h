// What the addon keeps for each JavaScript environment: the main thread and every worker thread have their own.
#pragma once

#include <napi.h>

#include <list>
#include <memory>

#include "genmi/affinity.h"
#include "genmi/executor.h"
#include "genmi/thread_pool.h"
#include "genmi/workspace.h"
#include "node/calls.h"
#include "node/handle.h"
#include "node/held_memory.h"
#include "simd/kernels.h"

namespace genmi::node {

struct Client {
  // (code, message) => Error; src/errors.ts. Weak: a module that has been forgotten makes no more calls.
  Napi::FunctionReference create_error;
  Napi::FunctionReference affinity_class;
};

struct Environment {
  Workspace workspace;  // of the synchronous calls
  std::shared_ptr<ThreadPool> pool = ThreadPool::shared();
  std::shared_ptr<Executor> executor = Executor::shared();
  std::shared_ptr<Calls> calls;  // from the first asynchronous call on
  std::size_t threads = ThreadPool::hardware_threads();
  simd::Isa isa = simd::default_isa();
  std::list<Client> clients;
  Client* client = nullptr;  // whose call is running
  HeldMemoryPtr memory = std::make_shared<HeldMemory>();
  Handles handles;
  AffinityPtr new_affinity;  // for the constructor of a client's affinity class, which makes no other

  // Collects garbage, and deletes the handles of what was collected.
  void reclaim(Napi::Env env);
  // Before a call that may allocate: deletes the handles of collected objects, where much memory has been added since
  // the last time, and collects garbage once it has doubled. Node alone would free it one turn of the event loop later.
  void make_room(Napi::Env env);

  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

 private:
  static constexpr std::int64_t kSweepAfter = std::int64_t{1} << 25;
  static constexpr std::int64_t kCollectAbove = std::int64_t{1} << 29;
  std::int64_t sweep_above_ = kSweepAfter, collect_above_ = kCollectAbove;  // bytes of memory
};

}  // namespace genmi::node
