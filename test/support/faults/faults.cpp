// Makes allocations of genmi fail. Preloaded into Node, this library replaces operator new, mmap and pthread_create,
// and malloc and its like for the binary of the package, which has an operator new of its own. Loaded as an addon too,
// it lets JavaScript choose the allocations.
//
//   fail(first, last, device)  numbers the allocations from now on, from 1; those with first <= number <= last fail.
//                      device: operator new then throws what a device throws that fails
//   asked()            the number of allocations since fail()
//   told()             the bytes outside its heap that V8 knows of
//
// GENMI_FAULT=first:last in the environment calls fail(first, last) once the addon is loaded, and reports each failure
// on stderr; GENMI_FAULT_TRACE=1 prints the stack of each.
#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <node_api.h>
#include <pthread.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>

#include "genmi/backend.h"

namespace {

std::atomic<long> asked{0}, first{0}, last{-1};
std::atomic<bool> counting{false}, as_device{false};
thread_local bool inside = false;  // code of this file is running: its own allocations do not count

enum class Module { kGenmi, kLibrary, kOther };

struct Range {
  std::uintptr_t begin, end;
  Module module;
};
Range ranges[4096];
std::size_t range_count = 0;

// genmi.node, and the binaries genmi.glibc.node and genmi.musl.node.
bool is_addon(const char* file) { return std::strstr(file, "/genmi.") != nullptr; }

// Lists the modules that are loaded now. Reading the loader's own list at each allocation would wait for its lock.
void look_at_modules() {
  range_count = 0;
  const auto add = [](dl_phdr_info* info, std::size_t, void*) {
    const Module module = std::strstr(info->dlpi_name, "libstdc++") != nullptr ? Module::kLibrary
                          : is_addon(info->dlpi_name)                          ? Module::kGenmi
                                                                               : Module::kOther;
    for (int i = 0; i < info->dlpi_phnum && range_count < std::size(ranges); ++i) {
      const auto& part = info->dlpi_phdr[i];
      if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
      const std::uintptr_t begin = info->dlpi_addr + part.p_vaddr;
      ranges[range_count++] = {begin, begin + part.p_memsz, module};
    }
    return 0;
  };
  dl_iterate_phdr(add, nullptr);
}

// The module of an address. A module that was loaded after look_at_modules() is genmi.
Module module_of(const void* address) {
  const auto place = reinterpret_cast<std::uintptr_t>(address);
  for (std::size_t i = 0; i < range_count; ++i)
    if (place >= ranges[i].begin && place < ranges[i].end) return ranges[i].module;
  return Module::kGenmi;
}

// Whether genmi asks, itself or through the standard library.
bool asked_by_genmi(const void* caller) {
  const Module module = module_of(caller);
  if (module != Module::kLibrary) return module == Module::kGenmi;
  void* frames[16];
  const int depth = backtrace(frames, 16);
  bool below = true;  // true until the caller's frame: frames of this file and of the library
  for (int i = 0; i < depth; ++i) {
    if (frames[i] == caller) below = false;
    if (!below && module_of(frames[i]) != Module::kLibrary) return module_of(frames[i]) == Module::kGenmi;
  }
  return false;
}

bool asked_by_addon(const void* caller) { return module_of(caller) == Module::kGenmi; }

bool must_fail(const void* caller, bool (*is_counted)(const void* caller) = asked_by_genmi) {
  if (!counting.load(std::memory_order_relaxed) || inside) return false;
  inside = true;
  bool fails = false;
  if (is_counted(caller)) {
    const long number = ++asked;
    fails = number >= first && number <= last;
    if (fails && std::getenv("GENMI_FAULT") != nullptr) std::fputs("genmi: failed\n", stderr);
    if (fails && std::getenv("GENMI_FAULT_TRACE") != nullptr) {
      void* frames[24];
      backtrace_symbols_fd(frames, backtrace(frames, 24), 2);
    }
  }
  inside = false;
  return fails;
}

void* allocate(std::size_t bytes, std::size_t alignment, const void* caller) {
  if (must_fail(caller)) {
    if (as_device) throw genmi::DeviceFailure({genmi::Code::kUnavailable, "a device that fails"});
    throw std::bad_alloc();
  }
  void* const memory = alignment == 0 ? std::malloc(bytes == 0 ? 1 : bytes)
                                      : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

void* map(void* address, std::size_t bytes, int protection, int flags, int file, off64_t offset, const void* caller) {
  static auto* const real = next<decltype(mmap64)>("mmap64");
  if (!must_fail(caller)) return real(address, bytes, protection, flags, file, offset);
  errno = ENOMEM;
  return MAP_FAILED;
}

// Begins to count and fail as GENMI_FAULT says, when the addon is loaded.
void begin_with_loading() {
  long from = 0, to = -1;
  const char* text = std::getenv("GENMI_FAULT");
  if (counting || text == nullptr || std::sscanf(text, "%ld:%ld", &from, &to) != 2) return;
  void* frames[1];
  backtrace(frames, 1);  // the first call loads a library, which must not happen later
  look_at_modules();
  first = from;
  last = to;
  counting = true;
}

napi_value fail(napi_env env, napi_callback_info info) {
  std::size_t count = 3;
  napi_value arguments[3];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  long long from = 0, to = -1;
  bool device = false;
  napi_get_value_int64(env, arguments[0], reinterpret_cast<std::int64_t*>(&from));
  napi_get_value_int64(env, arguments[1], reinterpret_cast<std::int64_t*>(&to));
  napi_get_value_bool(env, arguments[2], &device);
  void* frames[1];
  backtrace(frames, 1);
  look_at_modules();
  asked = 0;
  first = from;
  last = to;
  as_device = device;
  counting = true;
  return nullptr;
}

napi_value number(napi_env env, std::int64_t value) {
  napi_value result = nullptr;
  napi_create_int64(env, value, &result);
  return result;
}

napi_value asked_so_far(napi_env env, napi_callback_info) {
  counting = false;
  return number(env, asked);
}

napi_value told(napi_env env, napi_callback_info) {
  std::int64_t bytes = 0;
  napi_adjust_external_memory(env, 0, &bytes);
  return number(env, bytes);
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes, 0, __builtin_return_address(0)); }
void* operator new[](std::size_t bytes) { return allocate(bytes, 0, __builtin_return_address(0)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment), __builtin_return_address(0));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment), __builtin_return_address(0));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return must_fail(__builtin_return_address(0)) ? nullptr : std::malloc(bytes == 0 ? 1 : bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return must_fail(__builtin_return_address(0)) ? nullptr : std::malloc(bytes == 0 ? 1 : bytes);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

extern "C" {

// The functions of glibc beneath those that are replaced.
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
  return must_fail(__builtin_return_address(0), asked_by_addon) ? nullptr : __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) {
  return must_fail(__builtin_return_address(0), asked_by_addon) ? nullptr : __libc_calloc(count, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return must_fail(__builtin_return_address(0), asked_by_addon) ? nullptr : __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  if (must_fail(__builtin_return_address(0), asked_by_addon)) return ENOMEM;
  *memory = __libc_memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}

void* mmap64(void* address, std::size_t bytes, int protection, int flags, int file, off64_t offset) {
  return map(address, bytes, protection, flags, file, offset, __builtin_return_address(0));
}
void* mmap(void* address, std::size_t bytes, int protection, int flags, int file, off_t offset) {
  return map(address, bytes, protection, flags, file, offset, __builtin_return_address(0));
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) {
  static auto* const real = next<decltype(pthread_create)>("pthread_create");
  if (must_fail(__builtin_return_address(0))) return EAGAIN;
  return real(thread, attributes, run, argument);
}

void* dlopen(const char* file, int mode) {
  static auto* const real = next<decltype(dlopen)>("dlopen");
  if (file != nullptr && is_addon(file)) begin_with_loading();
  return real(file, mode);
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"fail", nullptr, fail, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"asked", nullptr, asked_so_far, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"told", nullptr, told, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, 3, functions);
  return exports;
}

}  // extern "C"
