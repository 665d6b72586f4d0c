// A network in words: sizes, activations and initial values, from which it is built.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "genmi/status.h"
#include "networks/initial_values.h"
#include "networks/network.h"

namespace genmi::networks {

struct Description {
  struct Hidden {
    std::size_t width = 1;
    simd::Activation activation = simd::Activation::kRelu;
    bool normalised = false;  // batch normalisation between the product and the activation
  };

  std::size_t inputs = 1, outputs = 2;
  std::vector<Hidden> hidden;
  bool skip = false;        // adds x W_skip to the logits
  std::size_t samples = 0;  // a table of logits for so many samples instead: no inputs, no layers; 0: none
  InitialValues initial = InitialValues::kUniform;
  double head_scale = 1;   // a factor of the head's initial values, or of the table's
  std::uint64_t seed = 0;  // of the initial values
};

// Builds a network. Its parameters are hidden1.weights (inputs x width), hidden1.bias and, with batch normalisation,
// hidden1.scale, hidden1.shift; hidden2 and so on; head.weights, head.bias; skip.weights; or table.logits alone.
// kOutOfRange, before anything is allocated, for sizes that no network has.
template <class T>
Status make_network(const Description& description, std::unique_ptr<Network<T>>& out);

}  // namespace genmi::networks
