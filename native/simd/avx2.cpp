// The vector kernels compiled for AVX2 with fused multiply-add.
#if defined(__x86_64__)
#include <immintrin.h>

#include "simd/kernels.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#define GENMI_KERNELS kAvx2Kernels
#define GENMI_VECTOR_BYTES 32
#include "simd/kernels.inl"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
