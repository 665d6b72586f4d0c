// Gather copies the costs between the supports of two measures.
#pragma once

#include <span>
#include <vector>

#include "genmi/aligned_vector.h"
#include "genmi/job.h"
#include "transport/cost_block.h"

namespace genmi::transport {

class Gather {
 public:
  // The costs between `rows` and `columns`, both in ascending order. The result is `costs` itself if nothing is left
  // out, else a copy that is valid until the next call. A cancelled job leaves entries of the copy without a meaning.
  CostBlock select(const CostBlock& costs, std::span<const std::size_t> rows, std::span<const std::size_t> columns,
                   const Job* job);

 private:
  AlignedVector<float> rounded_;
  std::vector<double> exact_;
};

}  // namespace genmi::transport
