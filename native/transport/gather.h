// The costs between the supports of two measures.
#pragma once

#include <span>
#include <vector>

#include "genmi/aligned_vector.h"
#include "transport/cost_block.h"

namespace genmi::transport {

class Gather {
 public:
  // The block itself if these points, which are in order, are all of it. Valid until the next call.
  CostBlock select(const CostBlock& costs, std::span<const std::size_t> rows, std::span<const std::size_t> columns);

 private:
  AlignedVector<float> rounded_;
  std::vector<double> exact_;
};

}  // namespace genmi::transport
