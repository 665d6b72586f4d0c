// The baseline's kernels, and the choice between them and the others.
#include "simd/transport_kernels.h"

#define GENMI_KERNELS kTransportBaseline
#define GENMI_VECTOR_BYTES 16
#include "simd/transport_kernels.inl"

namespace genmi::simd {

#if defined(__x86_64__)
extern const TransportKernels kTransportAvx2, kTransportAvx512;
#endif

const TransportKernels& transport_kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return kTransportAvx512;
  if (isa == Isa::kAvx2) return kTransportAvx2;
#endif
  static_cast<void>(isa);
  return kTransportBaseline;
}

}  // namespace genmi::simd
