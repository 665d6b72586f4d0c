// The source of all vector kernels, included once per instruction set by a file that has chosen it (baseline.cpp,
// avx2.cpp, avx512.cpp): GENMI_KERNELS names the table, GENMI_VECTOR_BYTES is the size of a register.
//
// Written with the vector extensions of GCC and Clang. Nothing of the standard library may be called here: the linker
// could take an inline function compiled for a better instruction set for the whole program. Only multiply_add is a
// fused multiply-add, so that kernels without it give the same bits on every instruction set.
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#else
#pragma GCC optimize("fp-contract=off")
#if defined(__aarch64__)  // scheduling before register allocation needs more registers than there are
#pragma GCC optimize("no-schedule-insns")
#endif
#endif

#include "simd/vectors.inl"
//
#include "simd/divergence_kernels.inl"
#include "simd/graph_kernels.inl"
#include "simd/network_kernels.inl"
#include "simd/pairwise_kernels.inl"
#include "simd/product_kernels.inl"
#include "simd/transport_kernels.inl"

namespace genmi::simd {

extern const Kernels GENMI_KERNELS;
constinit const Kernels GENMI_KERNELS = {
    .divergence = kDivergenceKernels,
    .graph = kGraphKernels,
    .narrow = narrow_tile,
    .network_single = kNetworkKernels<float>,
    .network_double = kNetworkKernels<double>,
    .pairwise_single = kPairwiseKernels<float>,
    .pairwise_double = kPairwiseKernels<double>,
    .product_single = kProductKernels<float>,
    .product_double = kProductKernels<double>,
    .transport = kTransportKernels,
};

}  // namespace genmi::simd
