// All vector kernels: one table of them per instruction set, each kernel written once.
#pragma once

#include "simd/divergence_kernels.h"
#include "simd/isa.h"
#include "simd/transport_kernels.h"

namespace genmi::simd {

struct Kernels {
  TransportKernels transport;
  DivergenceKernels divergence;
};

// Those of one instruction set, which must be supported.
const Kernels& kernels(Isa isa);

// Those of the active one.
inline const Kernels& kernels() { return kernels(active_isa()); }

}  // namespace genmi::simd
