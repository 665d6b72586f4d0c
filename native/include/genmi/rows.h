// The samples of a mini-batch, as indices into an affinity.
#pragma once

#include <cstddef>
#include <cstdint>

#include "genmi/status.h"

namespace genmi {

// index == nullptr: the first count samples.
struct Rows {
  const std::int32_t* index = nullptr;
  std::size_t count = 0;

  std::size_t operator[](std::size_t i) const { return index == nullptr ? i : static_cast<std::size_t>(index[i]); }
};

// Checks that n predictions belong to these rows of an affinity over `size` samples: n row numbers, each in range.
// Without row numbers, n must be `size`. size 0 means no affinity: any row numbers pass.
Status check_rows(Rows rows, std::size_t n, std::size_t size);

}  // namespace genmi
