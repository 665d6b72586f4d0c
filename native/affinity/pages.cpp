#include "affinity/pages.h"

#include <cstdint>
#include <new>

#include "genmi/aligned_vector.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
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

namespace {

// bytes rounded up to whole large pages, where that adds at most an eighth.
std::size_t rounded(std::size_t bytes) {
  const std::size_t whole = (bytes + kLargePage - 1) / kLargePage * kLargePage;
  return whole - bytes <= bytes / 8 ? whole : bytes;
}

}  // namespace

// Large memory begins at a large page. For that a large page more is mapped, and the surplus on both sides is unmapped.
void* take_pages(std::size_t bytes) {
  const std::size_t size = rounded(bytes), slack = size < kLargePage ? 0 : kLargePage;
  void* memory = mmap(nullptr, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  if (slack != 0) {
    char* const begin = static_cast<char*>(memory);
    const std::size_t before = (kLargePage - reinterpret_cast<std::uintptr_t>(begin) % kLargePage) % kLargePage;
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t after = (before + size + page - 1) / page * page, end = (size + slack + page - 1) / page * page;
    if (before != 0) munmap(begin, before);
    if (after < end) munmap(begin + after, end - after);
    memory = begin + before;
  }
#if defined(MADV_HUGEPAGE)
  madvise(memory, size, MADV_HUGEPAGE);
#endif
  return memory;
}

void give_back_pages(void* memory, std::size_t bytes) { munmap(memory, rounded(bytes)); }

#endif

}  // namespace genmi::affinity
