#include "transport/basis.h"

namespace genmi::transport {

Basis::Basis() = default;
Basis::~Basis() = default;
Basis::Basis(Basis&&) noexcept = default;
Basis& Basis::operator=(Basis&&) noexcept = default;

bool Basis::empty() const { return tree_ == nullptr || tree_->arcs.empty(); }

std::size_t Basis::bytes() const {
  if (tree_ == nullptr) return 0;
  const std::size_t measures = tree_->supply.capacity() + tree_->demand.capacity();
  return sizeof(BasisTree) + tree_->arcs.capacity() * sizeof(BasisTree::Arc) + measures * sizeof(double);
}

BasisTree& Basis::tree() {
  if (tree_ == nullptr) tree_ = std::make_unique<BasisTree>();
  return *tree_;
}

namespace {

void keep_measures(const Marginals& marginals, BasisTree& basis) {
  basis.supply.assign(marginals.supply().begin(), marginals.supply().end());
  basis.demand.assign(marginals.demand().begin(), marginals.demand().end());
}

// Writes the nodes of a basis in preorder. Attached leaves follow their parent directly.
class Writer {
 public:
  Writer(const Sides& sides, BasisTree& basis)
      : sides_(sides),
        basis_(basis),
        first_leaf_(sides.node_numbers(), SpanningTree::kNoNode),
        next_leaf_(sides.node_numbers()) {
    basis_.arcs.clear();
    basis_.arcs.reserve(sides.nodes());
  }

  void attach(Node leaf, Node parent) {
    Node& first = first_leaf_[static_cast<std::size_t>(parent)];
    next_leaf_[static_cast<std::size_t>(leaf)] = first;
    first = leaf;
  }

  // Writes an arc, then the leaves attached to arc.node. potential(leaf): the potential of a leaf.
  template <class Potential>
  void write(const BasisTree::Arc& arc, const Potential& potential) {
    basis_.arcs.push_back(arc);
    for (Node leaf = first_leaf_[static_cast<std::size_t>(arc.node)]; leaf != SpanningTree::kNoNode;
         leaf = next_leaf_[static_cast<std::size_t>(leaf)])
      write({leaf, arc.node, sides_.is_row(leaf), potential(leaf)}, potential);
  }

 private:
  Sides sides_;
  BasisTree& basis_;
  std::vector<Node> first_leaf_, next_leaf_;  // linked lists: the leaves of each node
};

// Writes a whole tree. number(node): the number in the basis of a node of the tree.
template <class Number, class Potential>
void write_tree(const SpanningTree& tree, const Number& number, const Potential& potential, Writer& writer) {
  for (const Node node : tree.preorder()) {
    const Node here = number(node), above = node == tree.root() ? here : number(tree.parent(node));
    writer.write({here, above, tree.arc(node).upward, tree.potential(node)}, potential);
  }
}

}  // namespace

void keep_tree(const SpanningTree& tree, const Marginals& marginals, BasisTree& basis) {
  basis.graph = tree.sides().are_same() ? BasisTree::Graph::kPoints : BasisTree::Graph::kSides;
  tree.store(basis.arcs);
  keep_measures(marginals, basis);
}

// A point without moving mass hangs on the target t that set its potential: phi[point] = max_t phi[t] - cost(point, t).
void keep_moving(const SpanningTree& tree, const Marginals& marginals, const CostBlock& costs,
                 const AlignedVector<double>& phi, BasisTree& basis) {
  const Support &sources = marginals.moving().sources, &targets = marginals.moving().targets;
  Writer writer(Sides::same_points(costs.rows), basis);
  if (sources.points.size() + targets.points.size() < costs.rows) {
    std::vector<bool> takes_part(costs.rows, false);
    AlignedVector<double> prices(costs.stride(), -kInfinity);
    for (const std::size_t source : sources.points) takes_part[source] = true;
    for (const std::size_t target : targets.points) takes_part[target] = true, prices[target] = phi[target];
    for (std::size_t point = 0; point < costs.rows; ++point)
      if (!takes_part[point])
        writer.attach(static_cast<Node>(point),
                      static_cast<Node>(costs.find_exact_minimum(point, prices.data(), -phi[point])));
  }
  const auto point_of = [&](Node node) {
    const Sides& sides = tree.sides();
    return static_cast<Node>(sides.is_row(node) ? sources.points[sides.row(node)] : targets.points[sides.column(node)]);
  };
  write_tree(tree, point_of, [&](Node leaf) { return phi[static_cast<std::size_t>(leaf)]; }, writer);
  basis.graph = BasisTree::Graph::kPoints;
  keep_measures(marginals, basis);
}

// A row without mass hangs on the column j of the tree that set its dual: u_i = min_j cost_ij - v_j. A column without
// mass hangs on the row i, with or without mass, that set its dual: v_j = min_i cost_ij - u_i.
void keep_all(const SpanningTree& tree, const Marginals& marginals, const CostBlock& costs,
              const std::vector<double>& u, const std::vector<double>& v, BasisTree& basis) {
  const Support &sources = marginals.all().sources, &targets = marginals.all().targets;
  const Sides all = Sides::bipartite(costs.rows, costs.columns);
  Writer writer(all, basis);
  AlignedVector<double> prices(costs.stride(), -kInfinity);
  for (const std::size_t target : targets.points) prices[target] = v[target];
  auto source = sources.points.begin();
  for (std::size_t row = 0; row < costs.rows; ++row) {
    if (source != sources.points.end() && *source == row) ++source;
    else writer.attach(all.row_node(row), all.column_node(costs.find_exact_minimum(row, prices.data(), u[row])));
  }
  for (std::size_t column = 0; column < costs.columns; ++column)
    if (prices[column] == -kInfinity)
      writer.attach(all.column_node(column), all.row_node(costs.find_in_column(column, u.data(), v[column])));

  const auto node_of = [&](Node node) {
    const Sides& sides = tree.sides();
    return sides.is_row(node) ? all.row_node(sources.points[sides.row(node)])
                              : all.column_node(targets.points[sides.column(node)]);
  };
  const auto potential_of = [&](Node leaf) { return all.is_row(leaf) ? -u[all.row(leaf)] : v[all.column(leaf)]; };
  write_tree(tree, node_of, potential_of, writer);
  basis.graph = BasisTree::Graph::kSides;
  keep_measures(marginals, basis);
}

}  // namespace genmi::transport
