// The flows of a spanning tree for the caller's weights, without rounding: that of an arc is the sum of the weights
// below it, the demands counting against the supplies.
//
// Weights are numbers that somebody has rounded. A flow that is less than the rounding of the weights that it is the
// sum of is no flow: it is cut, and both of its sides are balanced by themselves, by scaling the demands.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "transport/exact_masses.h"
#include "transport/exact_tree.h"

namespace genmi::transport {

class ExactFlows {
 public:
  using Node = ExactTree::Node;

  // The weights, whose sums may differ; they must outlive the flows.
  void prepare(std::span<const double> supply, std::span<const double> demand);
  // Fills in the flows. Returns the lower end of the arc whose flow is furthest below zero, or kNoNode.
  Node settle(const ExactTree& tree);

  double weight(Node node) const;
  double flow(Node node) const { return flows_[static_cast<std::size_t>(node)]; }

 private:
  struct Component {
    double demand = 0, heaviest_demand = 0;
    std::size_t heaviest = 0;  // the column of the heaviest demand
    double share = 0;          // of its demands, which they lack
  };

  void measure_subtrees(const ExactTree& tree);
  double rounding(const ExactTree& tree, std::size_t k) const;
  bool is_flow(const ExactTree& tree, std::size_t k) const;
  bool cut_flows(const ExactTree& tree);
  void join_components(const ExactTree& tree);
  Node worst_arc(const ExactTree& tree) const;
  void find_components(const ExactTree& tree);
  void count_demand(std::size_t at, Component& component) const;
  bool measure_components();
  void balance_components();
  void fill(const ExactTree& tree);

  std::span<const double> supply_, demand_;
  bool are_balanced_ = false;  // as they came
  double least_ = 0, greatest_ = 0;
  double digits_from_ = 0;  // the least number whose digits count
  int balances_made_ = 0;
  // Of each node: its supply less its demand, and the same of its subtree. Of each component: the same.
  ExactMasses balances_, sums_, component_sums_;
  // By node: the flow of the arc above, whether it is cut, and whether it must not be.
  std::vector<double> flows_;
  std::vector<bool> cut_, stays_;
  std::vector<std::size_t> component_of_;  // of nodes outside the tree: any
  std::vector<Component> components_;
  // By position in the tree's order: the sums of the weights before it, in its subtree, and from it on.
  std::vector<double> before_, inside_, behind_;
};

}  // namespace genmi::transport
