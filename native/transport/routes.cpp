#include "transport/routes.h"

#include <algorithm>

namespace genmi::transport {

const std::vector<Routes::Route>& Routes::trace(const SpanningTree& tree, const Measures& moving) {
  routes_.clear();
  index_arcs(tree);
  if (!has_through_flow()) {
    for (const Node node : tree.preorder())
      if (tree.arc(node).flow > 0) routes_.push_back({tree.arc_row(node), tree.arc_column(node), tree.arc(node).flow});
    return routes_;
  }
  follow_flow(tree, moving);
  return routes_;
}

bool Routes::has_through_flow() const {
  bool found = false;
  for (std::size_t point = 0; point < outgoing_.size(); ++point)
    found |= outgoing_[point] != kNone && incoming_[point] != 0;
  return found;
}

// Visits points in an order in which flow never goes back. Each point keeps its demand and passes the rest on.
void Routes::follow_flow(const SpanningTree& tree, const Measures& moving) {
  const std::size_t points = tree.size();
  parcels_.clear();
  held_.assign(points, kNone);
  demands_.assign(points, 0);
  for (std::size_t k = 0; k < moving.sources.points.size(); ++k)
    add(moving.sources.points[k], moving.sources.points[k], moving.sources.units[k]);
  for (std::size_t k = 0; k < moving.targets.points.size(); ++k)
    demands_[moving.targets.points[k]] = moving.targets.units[k];

  ready_.clear();
  for (std::size_t point = 0; point < points; ++point)
    if (incoming_[point] == 0) ready_.push_back(point);
  while (!ready_.empty()) {
    const std::size_t point = ready_.back();
    ready_.pop_back();
    take(point, demands_[point],
         [&](std::size_t source, std::int64_t units) { routes_.push_back({source, point, units}); });
    for (std::int32_t arc = outgoing_[point]; arc != kNone; arc = next_[static_cast<std::size_t>(arc)]) {
      const std::size_t to = tree.arc_column(arc);
      take(point, tree.arc(arc).flow, [&](std::size_t source, std::int64_t units) { add(to, source, units); });
      if (--incoming_[to] == 0) ready_.push_back(to);
    }
  }
}

void Routes::index_arcs(const SpanningTree& tree) {
  outgoing_.assign(tree.size(), kNone);
  next_.resize(tree.size());
  incoming_.assign(tree.size(), 0);
  for (const Node node : tree.preorder()) {
    if (node == tree.root() || tree.arc(node).flow == 0) continue;
    std::int32_t& first = outgoing_[tree.arc_row(node)];
    next_[static_cast<std::size_t>(node)] = first;
    first = node;
    ++incoming_[tree.arc_column(node)];
  }
}

void Routes::add(std::size_t point, std::size_t source, std::int64_t units) {
  parcels_.push_back({source, units, held_[point]});
  held_[point] = static_cast<std::int32_t>(parcels_.size() - 1);
}

// Hands out `units` of the units that a point holds, parcel by parcel.
template <class Take>
void Routes::take(std::size_t point, std::int64_t units, Take take) {
  while (units > 0) {
    Parcel& parcel = parcels_[static_cast<std::size_t>(held_[point])];
    const std::int64_t taken = std::min(units, parcel.units);
    const std::size_t source = parcel.source;
    parcel.units -= taken;
    units -= taken;
    if (parcel.units == 0) held_[point] = parcel.next;
    take(source, taken);
  }
}

}  // namespace genmi::transport
