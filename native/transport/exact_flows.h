// The flows of a spanning tree for the caller's weights, without rounding. The flow of an arc is the supply below it
// less the demand below it, negated where the arc leads downward.
//
// The caller's weights have rounding errors. A flow within the rounding of its weights is no flow: its arc is cut, and
// each side is balanced by itself, by scaling the demands.
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

  // Sets the weights, whose sums may differ. They must outlive this object.
  void prepare(std::span<const double> supply, std::span<const double> demand);
  // Computes the flows. Returns the lower end of the arc with the most negative flow, or kNoNode.
  Node settle(const ExactTree& tree);

  double weight(Node node) const;
  double flow(Node node) const { return flows_[static_cast<std::size_t>(node)]; }

 private:
  struct Component {
    double demand = 0, heaviest_demand = 0;
    std::size_t heaviest = 0;  // the column of the heaviest demand
    double share = 0;          // (supply - demand) / demand
  };

  void sum_subtrees(const ExactTree& tree);
  double rounding(const ExactTree& tree, std::size_t k) const;
  bool is_flow(const ExactTree& tree, std::size_t k) const;
  bool cut_flows(const ExactTree& tree);
  void join_components(const ExactTree& tree);
  Node worst_arc(const ExactTree& tree) const;
  void find_components(const ExactTree& tree);
  void count_demand(std::size_t at, Component& component) const;
  bool find_shares();
  void balance_components();
  void fill(const ExactTree& tree);

  std::span<const double> supply_, demand_;
  bool are_balanced_ = false;  // whether the caller's two sums agree
  double least_ = 0, greatest_ = 0;
  double digits_from_ = 0;  // numbers below have no digits that count
  int balances_made_ = 0;
  // By node: its supply less its demand, and the same of its subtree. By component: the same.
  ExactMasses balances_, sums_, component_sums_;
  // By node: the flow of the arc above, whether that arc is cut, and whether it must not be cut.
  std::vector<double> flows_;
  std::vector<bool> cut_, stays_;
  std::vector<std::size_t> component_of_;  // by node; 0 outside the tree
  std::vector<Component> components_;
  // By position in the tree's order: the sums of the weights before the position, in its subtree, and from it on.
  std::vector<double> before_, inside_, behind_;
};

}  // namespace genmi::transport
