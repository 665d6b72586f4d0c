// What a network makes of samples, a block after the other: any number of samples takes the memory of one block.
#pragma once

#include <algorithm>
#include <cstddef>

#include "genmi/context.h"
#include "genmi/matrix.h"
#include "genmi/status.h"
#include "networks/network.h"
#include "networks/samples.h"

namespace genmi::networks {

// Calls take(first, logits) for the logits of each block of samples, in order. rows: the numbers of the samples, for
// networks with samples(). kOutOfRange for features that are not finite; kAborted.
template <class T, class Take>
Status predict(Network<T>& network, const Samples& samples, Rows rows, const Context& context, const Take& take) {
  constexpr std::size_t kBlock = 512;
  if (Status status = samples.check<T>(context); !status) return status;
  for (std::size_t first = 0; first < samples.rows(); first += kBlock) {
    if (context.cancelled()) return aborted();
    const Workspace::Frame frame(context.workspace);
    const std::size_t n = std::min(kBlock, samples.rows() - first);
    const std::span<T> x = context.workspace.take<T>(n * samples.columns());
    samples.gather(first, n, x.data());
    const Rows numbers{rows.index == nullptr ? nullptr : rows.index + first, n};
    const auto pass = network.forward({x.data(), n, samples.columns()}, Mode::kPrediction, context, numbers);
    take(first, MatrixView<T>{pass.logits.data(), n, network.outputs()});
  }
  return Status::ok();
}

}  // namespace genmi::networks
