// The tree that a Basis keeps for the next problem.
#pragma once

#include <cstdint>
#include <vector>

#include "genmi/transport.h"

namespace genmi::transport {

struct BasisTree {
  enum class Graph { kPoints, kSides };
  struct Arc {
    std::int32_t node, parent;  // the root is its own parent
    bool upward;                // whether the arc leads to the parent
    double potential;
  };
  Graph graph = Graph::kPoints;
  std::vector<Arc> arcs;               // of all nodes, the root first and parents before children
  std::vector<double> supply, demand;  // the measures of the problem
};

}  // namespace genmi::transport
