// The vector kernels compiled for the baseline (SSE2 or NEON), and the choice among instruction sets.
#if defined(__aarch64__)
#include <arm_neon.h>
#elif defined(__x86_64__)
#include <immintrin.h>
#endif

#include "simd/kernels.h"

#define GENMI_KERNELS kBaselineKernels
#define GENMI_VECTOR_BYTES 16
#include "simd/kernels.inl"

namespace genmi::simd {

#if defined(__x86_64__)
extern const Kernels kAvx2Kernels, kAvx512Kernels;
#endif

const Kernels& kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return kAvx512Kernels;
  if (isa == Isa::kAvx2) return kAvx2Kernels;
#endif
  static_cast<void>(isa);
  return kBaselineKernels;
}

const Kernels& default_kernels() { return kernels(default_isa()); }

}  // namespace genmi::simd
