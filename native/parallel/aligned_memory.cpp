#include <new>

#include "genmi/aligned_vector.h"

#if !defined(_WIN32)
#include <sys/mman.h>
#endif

namespace genmi {
namespace {

#if defined(MADV_HUGEPAGE)
bool has_large_pages(std::size_t bytes) { return bytes >= 2 * kLargePage; }
#else
bool has_large_pages(std::size_t) { return false; }
#endif

std::align_val_t alignment(std::size_t bytes) { return std::align_val_t{has_large_pages(bytes) ? kLargePage : 128}; }

}  // namespace

void* take_aligned(std::size_t bytes) {
  void* const memory = ::operator new(bytes, alignment(bytes));
#if defined(MADV_HUGEPAGE)
  // Whole pages alone: memory behind the end would become resident. malloc may hand such memory out again, still with
  // large pages, which does no harm.
  if (has_large_pages(bytes)) madvise(memory, bytes / kLargePage * kLargePage, MADV_HUGEPAGE);
#endif
  return memory;
}

void give_back_aligned(void* memory, std::size_t bytes) { ::operator delete(memory, alignment(bytes)); }

}  // namespace genmi
