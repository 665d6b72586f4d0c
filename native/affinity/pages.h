// Memory for large matrices, straight from the operating system.
#pragma once

#include <cstddef>

namespace genmi::affinity {

// Returns `bytes` of memory, aligned to a page. The system uses large pages where it has some: they cost fewer page
// faults, and a matrix read in columns needs fewer entries of the translation tables. Throws std::bad_alloc.
void* take_pages(std::size_t bytes);
// Returns memory to the system at once; malloc would keep it for later.
void give_back_pages(void* memory, std::size_t bytes);

}  // namespace genmi::affinity
