// Panels of predictions cut into fixed blocks, on as many threads as their work is worth.
#pragma once

#include <cstddef>

#include "genmi/context.h"
#include "simd/kernels.h"

namespace genmi::objectives {

constexpr std::size_t kRowsPerBlock = 16 * simd::kPanel;

constexpr std::size_t blocks_of(std::size_t rows) { return (rows + kRowsPerBlock - 1) / kRowsPerBlock; }

struct PanelBlock {
  std::size_t index, first, rows, slot;
};

// Calls work(block) for all blocks of n rows, which together take about so many nanoseconds.
template <class Work>
void for_each_block(const Context& context, std::size_t n, double nanoseconds, const Work& work) {
  context.for_each_block(n, kRowsPerBlock, nanoseconds, [&](std::size_t first, std::size_t rows, std::size_t slot) {
    work(PanelBlock{first / kRowsPerBlock, first, rows, slot});
  });
}

template <class T>
const simd::PanelKernels<T>& panel_kernels() {
  if constexpr (sizeof(T) == 4) return simd::kernels().divergence.single;
  else return simd::kernels().divergence.wide;
}

}  // namespace genmi::objectives
