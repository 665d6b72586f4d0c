// Reductions over a warp, with the same bits in all of its lanes.
#pragma once

#include "device.h"

namespace genmi::cuda {

constexpr unsigned kWarp = 32, kAllLanes = 0xffffffff;

template <class T>
__device__ T sum_of_warp(T own) {
  for (unsigned step = kWarp / 2; step > 0; step /= 2) own += __shfl_xor_sync(kAllLanes, own, step);
  return own;
}

template <class T>
__device__ T largest_of_warp(T own) {
  for (unsigned step = kWarp / 2; step > 0; step /= 2) {
    const T other = __shfl_xor_sync(kAllLanes, own, step);
    own = other > own ? other : own;
  }
  return own;
}

}  // namespace genmi::cuda
