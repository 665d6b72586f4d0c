// All vector kernels: one table of them per instruction set, each kernel written once.
#pragma once

#include "simd/graph_kernels.h"
#include "simd/isa.h"
#include "simd/pairwise_kernels.h"
#include "simd/product_kernels.h"
#include "simd/transport_kernels.h"

namespace genmi::simd {

struct Kernels {
  GraphKernels graph;
  PairwiseKernels<float> pairwise_single;
  PairwiseKernels<double> pairwise_double;
  Narrow narrow;
  TransportKernels transport;
  ProductKernels<float> product_single;
  ProductKernels<double> product_double;

  // Those for a type that is a parameter.
  template <class T>
  const ProductKernels<T>& product() const {
    if constexpr (sizeof(T) == sizeof(float)) return product_single;
    else return product_double;
  }
};

// Those of one instruction set, which must be supported.
const Kernels& kernels(Isa isa);

// Those of the active one.
inline const Kernels& kernels() { return kernels(active_isa()); }

template <class T>
const PairwiseKernels<T>& pairwise_kernels() {
  if constexpr (sizeof(T) == sizeof(float)) return kernels().pairwise_single;
  else return kernels().pairwise_double;
}

}  // namespace genmi::simd
