// Routes turns flows on a tree of points, through which mass may pass, into the mass from each source to each target.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "transport/spanning_tree.h"

namespace genmi::transport {

// Mass is std::int64_t for units, double for weights.
template <class Mass>
class Routes {
 public:
  struct Route {
    std::size_t source, target;
    Mass mass;
  };
  // Points, and the mass that each of them sends or receives.
  struct Side {
    std::span<const std::size_t> points;
    std::span<const Mass> masses;
  };

  // The routes of all pairs that mass moves between. flow(node): the flow of the arc between a node and its parent.
  template <class Flow>
  const std::vector<Route>& trace(const SpanningTree& tree, const Flow& flow, const Side& sources, const Side& targets);

 private:
  static constexpr std::int32_t kNone = -1;
  static constexpr Mass kEverything = std::numeric_limits<Mass>::max();

  // Mass on its way. The parcels that a point holds form a linked list.
  struct Parcel {
    std::size_t source;
    Mass mass;
    std::int32_t next;
  };
  // A share of the mass at a point: that of an arc that leaves it, or the point's own demand (arc kNone).
  struct Share {
    Mass mass;
    std::int32_t arc;
  };

  template <class Flow>
  void index_arcs(const SpanningTree& tree, const Flow& flow);
  bool has_through_flow() const;
  template <class Flow>
  void follow_flow(const SpanningTree& tree, const Flow& flow);
  template <class Flow>
  void find_shares(std::size_t point, const Flow& flow);
  void add(std::size_t point, std::size_t source, Mass mass);
  template <class Take>
  void take(std::size_t point, Mass mass, Take take);

  std::vector<Route> routes_;
  std::vector<Parcel> parcels_;
  std::vector<std::int32_t> held_;             // each point's first parcel
  std::vector<std::int32_t> outgoing_, next_;  // each point's arcs with flow, by the arcs' lower ends
  std::vector<std::int32_t> incoming_;         // each point's number of arcs that have yet to deliver
  std::vector<Mass> demands_;
  std::vector<Share> shares_;       // of one point
  std::vector<std::size_t> ready_;  // points that hold all mass that they will get
};

template <class Mass>
template <class Flow>
const std::vector<typename Routes<Mass>::Route>& Routes<Mass>::trace(const SpanningTree& tree, const Flow& flow,
                                                                     const Side& sources, const Side& targets) {
  routes_.clear();
  index_arcs(tree, flow);
  if (!has_through_flow()) {
    for (const Node node : tree.preorder())
      if (node != tree.root() && flow(node) > 0)
        routes_.push_back({tree.arc_row(node), tree.arc_column(node), flow(node)});
    return routes_;
  }
  parcels_.clear();
  held_.assign(tree.size(), kNone);
  demands_.assign(tree.size(), 0);
  for (std::size_t k = 0; k < sources.points.size(); ++k)
    if (sources.masses[k] > 0) add(sources.points[k], sources.points[k], sources.masses[k]);
  for (std::size_t k = 0; k < targets.points.size(); ++k) demands_[targets.points[k]] = targets.masses[k];
  follow_flow(tree, flow);
  return routes_;
}

template <class Mass>
template <class Flow>
void Routes<Mass>::index_arcs(const SpanningTree& tree, const Flow& flow) {
  outgoing_.assign(tree.size(), kNone);
  next_.resize(tree.size());
  incoming_.assign(tree.size(), 0);
  for (const Node node : tree.preorder()) {
    if (node == tree.root() || flow(node) == 0) continue;
    std::int32_t& first = outgoing_[tree.arc_row(node)];
    next_[static_cast<std::size_t>(node)] = first;
    first = node;
    ++incoming_[tree.arc_column(node)];
  }
}

template <class Mass>
bool Routes<Mass>::has_through_flow() const {
  bool found = false;
  for (std::size_t point = 0; point < outgoing_.size(); ++point)
    found |= outgoing_[point] != kNone && incoming_[point] != 0;
  return found;
}

// Visits points in an order in which flow never goes back. The largest share of a point takes all mass that the others
// leave, so that rounding does not reach small shares.
template <class Mass>
template <class Flow>
void Routes<Mass>::follow_flow(const SpanningTree& tree, const Flow& flow) {
  ready_.clear();
  for (std::size_t point = 0; point < tree.size(); ++point)
    if (incoming_[point] == 0) ready_.push_back(point);
  while (!ready_.empty()) {
    const std::size_t point = ready_.back();
    ready_.pop_back();
    find_shares(point, flow);
    for (std::size_t k = 0; k < shares_.size(); ++k) {
      const auto [own, arc] = shares_[k];
      const Mass mass = k + 1 == shares_.size() ? kEverything : own;
      if (arc == kNone) {
        take(point, mass, [&](std::size_t source, Mass taken) { routes_.push_back({source, point, taken}); });
        continue;
      }
      const std::size_t to = tree.arc_column(arc);
      take(point, mass, [&](std::size_t source, Mass taken) { add(to, source, taken); });
      if (--incoming_[to] == 0) ready_.push_back(to);
    }
  }
}

// Fills in shares_, in ascending order.
template <class Mass>
template <class Flow>
void Routes<Mass>::find_shares(std::size_t point, const Flow& flow) {
  shares_.clear();
  if (demands_[point] > 0) shares_.push_back({demands_[point], kNone});
  for (std::int32_t arc = outgoing_[point]; arc != kNone; arc = next_[static_cast<std::size_t>(arc)])
    shares_.push_back({flow(arc), arc});
  if (shares_.size() > 1)
    std::sort(shares_.begin(), shares_.end(), [](const Share& a, const Share& b) { return a.mass < b.mass; });
}

template <class Mass>
void Routes<Mass>::add(std::size_t point, std::size_t source, Mass mass) {
  parcels_.push_back({source, mass, held_[point]});
  held_[point] = static_cast<std::int32_t>(parcels_.size() - 1);
}

// Hands out `mass` of the mass that a point holds, or all of it, parcel by parcel.
template <class Mass>
template <class Take>
void Routes<Mass>::take(std::size_t point, Mass mass, Take take) {
  while (mass > 0 && held_[point] != kNone) {
    Parcel& parcel = parcels_[static_cast<std::size_t>(held_[point])];
    const Mass taken = std::min(mass, parcel.mass);
    const std::size_t source = parcel.source;
    parcel.mass -= taken;
    mass -= taken;
    if (parcel.mass == 0) held_[point] = parcel.next;
    take(source, taken);
  }
}

}  // namespace genmi::transport
