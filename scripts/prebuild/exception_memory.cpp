// The C++ library keeps 512 bytes for exceptions that are thrown when malloc has no memory, and ends the process when
// these are used up: by two exceptions. This takes the place of its fallback_malloc.cpp, with memory for 64.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

namespace {

struct alignas(16) Place {
  char memory[512];
};
Place places[64];
bool is_taken[sizeof places / sizeof *places];

void* take_place(size_t bytes) {
  if (bytes > sizeof(Place)) return nullptr;
  for (Place& place : places)
    if (!__atomic_test_and_set(&is_taken[&place - places], __ATOMIC_ACQUIRE)) return &place;
  return nullptr;
}

void* take(size_t bytes) {
  void* const memory = malloc(bytes);
  return memory == nullptr ? take_place(bytes) : memory;
}

void give_back(void* memory) {
  const uintptr_t offset = reinterpret_cast<uintptr_t>(memory) - reinterpret_cast<uintptr_t>(places);
  if (offset >= sizeof places) return free(memory);
  __atomic_clear(&is_taken[offset / sizeof(Place)], __ATOMIC_RELEASE);
}

}  // namespace

namespace __cxxabiv1 {

#define HIDDEN __attribute__((visibility("hidden")))
HIDDEN void* __aligned_malloc_with_fallback(size_t bytes) { return take(bytes); }
HIDDEN void __aligned_free_with_fallback(void* memory) { give_back(memory); }
HIDDEN void* __calloc_with_fallback(size_t count, size_t bytes) {
  void* const memory = take(count * bytes);
  return memory == nullptr ? nullptr : memset(memory, 0, count * bytes);
}
HIDDEN void __free_with_fallback(void* memory) { give_back(memory); }

}  // namespace __cxxabiv1
