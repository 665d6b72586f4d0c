// The vector kernels of networks: activations and their derivatives, and one update of the parameters.
//
// Networks multiply matrices with the inner products of simd/pairwise_kernels.h, whose panels they share.
#pragma once

#include <cstddef>

#include "simd/pairwise_kernels.h"

namespace genmi::simd {

enum class Activation { kIdentity, kRelu, kTanh };
inline constexpr std::size_t kActivations = 3;

// One step of an optimiser for a parameter w with the gradient g = scale dL/dw + decay w. Other members belong to one
// rule or another: networks/optimizer.cpp has the formulas.
template <class T>
struct Step {
  T scale = 1;    // of the gradient, which clipping by norm reduces
  T decay = 0;    // twice the factor of an L2 penalty
  T rate = 0;     // the learning rate
  T first = 0;    // the share that the first moment, or the velocity, keeps
  T second = 0;   // the share that the second moment keeps
  T epsilon = 0;  // added to the root of the second moment
};

// The state that an optimiser keeps of each parameter; null where its rule has none.
template <class T>
struct Moments {
  T *first, *second;
};

template <class T>
struct NetworkKernels {
  // tile = f(tile + bias), with a bias for each column.
  void (*activate[kActivations])(const Tile<T>& tile, const T* bias);
  // gradient *= f'(x), for y = f(x): 1, [y > 0] or 1 - y^2.
  void (*differentiate[kActivations])(const T* y, std::size_t count, T* gradient);

  void (*adam)(const Step<T>& step, const T* gradient, Moments<T> moments, std::size_t count, T* values);
  void (*momentum)(const Step<T>& step, const T* gradient, Moments<T> moments, std::size_t count, T* values);
  void (*rms)(const Step<T>& step, const T* gradient, Moments<T> moments, std::size_t count, T* values);
};

}  // namespace genmi::simd
