// Memory for large matrices, straight from the operating system.
#pragma once

#include <cstddef>

namespace genmi::affinity {

// bytes of memory, aligned to a page, in large pages where the system has some to give: the memory is touched once
// to be made, and a matrix that is read in columns needs few entries of the translation tables. Throws std::bad_alloc.
void* take_pages(std::size_t bytes);
// Returned at once, where malloc would keep it for later.
void give_back_pages(void* memory, std::size_t bytes);

}  // namespace genmi::affinity
