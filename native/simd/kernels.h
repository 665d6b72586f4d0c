// All vector kernels: one table of them per instruction set, each kernel written once.
#pragma once

#include "simd/divergence_kernels.h"
#include "simd/graph_kernels.h"
#include "simd/isa.h"
#include "simd/network_kernels.h"
#include "simd/pairwise_kernels.h"
#include "simd/product_kernels.h"
#include "simd/transport_kernels.h"

namespace genmi::simd {

struct Kernels {
  DivergenceKernels divergence;
  GraphKernels graph;
  Narrow narrow;
  NetworkKernels<float> network_single;
  NetworkKernels<double> network_double;
  PairwiseKernels<float> pairwise_single;
  PairwiseKernels<double> pairwise_double;
  ProductKernels<float> product_single;
  ProductKernels<double> product_double;
  TransportKernels transport;

  // The kernels for T, which is float or double.
  template <class T>
  const PanelKernels<T>& panel() const {
    if constexpr (sizeof(T) == sizeof(float)) return divergence.in_single;
    else return divergence.in_double;
  }
  template <class T>
  const NetworkKernels<T>& network() const {
    if constexpr (sizeof(T) == sizeof(float)) return network_single;
    else return network_double;
  }
  template <class T>
  const PairwiseKernels<T>& pairwise() const {
    if constexpr (sizeof(T) == sizeof(float)) return pairwise_single;
    else return pairwise_double;
  }
  template <class T>
  const ProductKernels<T>& product() const {
    if constexpr (sizeof(T) == sizeof(float)) return product_single;
    else return product_double;
  }
};

// The kernels of one instruction set, which must be supported.
const Kernels& kernels(Isa isa);

// The kernels of simd::default_isa(), for a Context that names none.
const Kernels& default_kernels();

}  // namespace genmi::simd
