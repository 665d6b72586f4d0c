// The addon's state for one JavaScript environment. The main thread and every worker thread have their own.
#pragma once

#include <napi.h>

#include <list>
#include <memory>

#include "genmi/affinity.h"
#include "genmi/backend.h"
#include "genmi/executor.h"
#include "genmi/thread_pool.h"
#include "genmi/workspace.h"
#include "node/calls.h"
#include "node/handle.h"
#include "node/held_memory.h"
#include "simd/kernels.h"

namespace genmi::node {

// One copy of the TypeScript layer over this addon.
struct Client {
  // (code, message) => Error, of src/errors.ts. Weak: a module that was collected makes no more calls.
  Napi::FunctionReference create_error;
  Napi::FunctionReference affinity_class;
};

struct Environment {
  Workspace workspace;  // for synchronous calls
  std::shared_ptr<ThreadPool> pool = ThreadPool::shared();
  std::shared_ptr<Executor> executor = Executor::shared();
  std::shared_ptr<Calls> calls;  // from the first asynchronous call on
  std::size_t threads = ThreadPool::hardware_threads();
  simd::Isa isa = simd::default_isa();
  BackendChoice choice;
  std::list<Client> clients;
  Client* client = nullptr;  // the client whose call is running
  HeldMemoryPtr memory = std::make_shared<HeldMemory>();
  Handles handles;
  AffinityPtr new_affinity;  // the affinity that the constructor of a client's affinity class takes; it makes no other

  // Collects garbage, and deletes the handles of collected objects.
  void reclaim(Napi::Env env);
  // Before a call that may allocate: deletes the handles of collected objects if much memory was added since the last
  // time, and collects garbage if it has doubled. Node alone would free the memory one turn of the event loop later.
  void make_room(Napi::Env env);
  // At the end of each call: tells V8 how much native memory is held.
  void tell_memory(Napi::Env env) { memory->tell(env); }

  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

 private:
  static constexpr std::int64_t kSweepAfter = std::int64_t{1} << 25;
  static constexpr std::int64_t kCollectAbove = std::int64_t{1} << 29;
  std::int64_t sweep_above_ = kSweepAfter, collect_above_ = kCollectAbove;  // bytes of memory
};

}  // namespace genmi::node
