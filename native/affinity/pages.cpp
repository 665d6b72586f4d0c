#include "affinity/pages.h"

#include <new>

#if defined(_WIN32)
#include <windows.h>
#else
#include <sys/mman.h>
#endif

namespace genmi::affinity {

#if defined(_WIN32)

void* take_pages(std::size_t bytes) {
  void* memory = VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void give_back_pages(void* memory, std::size_t) { VirtualFree(memory, 0, MEM_RELEASE); }

#else

void* take_pages(std::size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
  madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

void give_back_pages(void* memory, std::size_t bytes) { munmap(memory, bytes); }

#endif

}  // namespace genmi::affinity
