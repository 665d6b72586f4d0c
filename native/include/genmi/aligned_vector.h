// Vectors whose memory is aligned for fast vector instructions.
#pragma once

#include <cstddef>
#include <vector>

namespace genmi {

inline constexpr std::size_t kLargePage = std::size_t{1} << 21;

// Memory aligned to 128 bytes, a pair of cache lines. Linux is asked for large pages for 4 MB and more: matrices whose
// rows or panels are read in turns need fewer entries of the translation tables. Throws std::bad_alloc.
void* take_aligned(std::size_t bytes);
void give_back_aligned(void* memory, std::size_t bytes);

template <class T>
struct AlignedAllocator {
  using value_type = T;

  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) {}

  T* allocate(std::size_t count) { return static_cast<T*>(take_aligned(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t count) { give_back_aligned(memory, count * sizeof(T)); }
  bool operator==(const AlignedAllocator&) const { return true; }
};

template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace genmi
