#include "node/handle.h"

#include <atomic>
#include <utility>

#include "node/environment.h"

namespace genmi::node {
namespace {

// The number of environments so far. In a tag, its value identifies the environment, its address the copy of the addon.
std::atomic<std::uint64_t> environments{0};

}  // namespace

// One link of the list of an environment's objects. The object owns it: the object's finalizer deletes it.
struct Handles::Wrapped {
  std::unique_ptr<Handle> handle;  // null once swept
  Handles* owner = nullptr;        // null once the environment is gone
  Wrapped* previous = nullptr;
  Wrapped* next = nullptr;
  napi_ref object = nullptr;  // a weak reference
};

Handles::Handles() : environment_(environments++) {}

Handles::~Handles() {
  for (Wrapped* each = first_; each != nullptr; each = each->next) each->owner = nullptr;
}

napi_type_tag Handles::tag(HandleClass type) const {
  return {reinterpret_cast<std::uintptr_t>(&environments), environment_ << 8 | static_cast<std::uint64_t>(type)};
}

void Handles::wrap(Napi::Env env, napi_value object, HandleClass type, std::unique_ptr<Handle> handle) {
  auto wrapped = std::make_unique<Wrapped>();
  napi_status status = napi_wrap(env, object, wrapped.get(), finalize, nullptr, &wrapped->object);
  NAPI_THROW_IF_FAILED_VOID(env, status);
  Wrapped* const added = wrapped.release();
  added->handle = std::move(handle);
  added->owner = this;
  added->next = std::exchange(first_, added);
  if (added->next != nullptr) added->next->previous = added;
  const napi_type_tag own = tag(type);
  status = napi_type_tag_object(env, object, &own);
  NAPI_THROW_IF_FAILED_VOID(env, status);
}

Handle* Handles::find(Napi::Env env, napi_value value, HandleClass type) const {
  napi_valuetype kind = napi_undefined;
  if (napi_typeof(env, value, &kind) != napi_ok || kind != napi_object) return nullptr;
  const napi_type_tag own = tag(type);
  bool tagged = false;
  void* wrapped = nullptr;
  if (napi_check_object_type_tag(env, value, &own, &tagged) != napi_ok || !tagged) return nullptr;
  if (napi_unwrap(env, value, &wrapped) != napi_ok) return nullptr;
  return static_cast<Wrapped*>(wrapped)->handle.get();
}

void Handles::sweep(Napi::Env env) {
  for (Wrapped* each = first_; each != nullptr; each = each->next) {
    const Napi::HandleScope scope(env);
    napi_value object = nullptr;
    if (each->handle && napi_get_reference_value(env, each->object, &object) == napi_ok && object == nullptr)
      each->handle.reset();
  }
}

void Handles::finalize(napi_env env, void* data, void*) {
  const std::unique_ptr<Wrapped> wrapped(static_cast<Wrapped*>(data));
  napi_delete_reference(env, wrapped->object);
  if (wrapped->next != nullptr) wrapped->next->previous = wrapped->previous;
  Handles* const owner = wrapped->owner;
  if (wrapped->previous != nullptr) wrapped->previous->next = wrapped->next;
  else if (owner != nullptr) owner->first_ = wrapped->next;
  wrapped->handle.reset();
  if (owner != nullptr) Environment::of(env).tell_memory(env);
}

Handles& handles_of(Napi::Env env) { return Environment::of(env).handles; }

}  // namespace genmi::node
