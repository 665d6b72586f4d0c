// The vector kernels compiled for AVX-512.
#if defined(__x86_64__)
#include <immintrin.h>

#include "simd/kernels.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma"))), \
                             apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma")
#endif

#define GENMI_KERNELS kAvx512Kernels
#define GENMI_VECTOR_BYTES 64
#include "simd/kernels.inl"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
