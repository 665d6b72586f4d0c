#include "transport/whole_basis.h"

namespace genmi::transport {

void WholeBasis::build(const SpanningTree& moving, const Marginals& marginals, const CostBlock& costs,
                       SpanningTree& whole) {
  const Sides sides = Sides::bipartite(costs.rows, costs.columns);
  index_points(marginals.all(), marginals.points(), sides);
  whole.start(sides, translate(moving.root(), moving, marginals.moving()));
  prices_.assign(costs.stride(), -kInfinity);
  for (const Node node : moving.preorder()) {
    const Node here = translate(node, moving, marginals.moving());
    if (node != moving.root())
      whole.attach(here, translate(moving.parent(node), moving, marginals.moving()), moving.arc(node));
    if (!sides.is_row(here)) prices_[sides.column(here)] = moving.potential(node);
  }

  for (std::size_t point = 0; point < marginals.points(); ++point) {
    const std::int64_t staying = marginals.staying_units(point);
    if (staying == 0) continue;
    const Node row = row_at(point), column = column_at(point);
    if (whole.contains(column)) {
      whole.attach(row, column, {staying, true});
      continue;
    }
    if (!whole.contains(row)) {
      const std::size_t at = sides.row(row);
      const std::size_t nearest = costs.find_exact_minimum(at, prices_.data(), costs.exact_minimum(at, prices_.data()));
      whole.attach(row, sides.column_node(nearest), {0, true});
    }
    whole.attach(column, row, {staying, false});
  }
  whole.build_preorder();
}

void WholeBasis::index_points(const Measures& all, std::size_t points, const Sides& sides) {
  rows_.assign(points, SpanningTree::kNoNode);
  columns_.assign(points, SpanningTree::kNoNode);
  for (std::size_t k = 0; k < all.sources.points.size(); ++k) rows_[all.sources.points[k]] = sides.row_node(k);
  for (std::size_t k = 0; k < all.targets.points.size(); ++k) columns_[all.targets.points[k]] = sides.column_node(k);
}

Node WholeBasis::translate(Node node, const SpanningTree& moving, const Measures& measures) const {
  const Sides& sides = moving.sides();
  return sides.is_row(node) ? row_at(measures.sources.points[sides.row(node)])
                            : column_at(measures.targets.points[sides.column(node)]);
}

}  // namespace genmi::transport
