// Routes turns flows on a tree of points, through which mass may pass, into the mass from each source to each target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "transport/marginals.h"
#include "transport/spanning_tree.h"

namespace genmi::transport {

class Routes {
 public:
  struct Route {
    std::size_t source, target;
    std::int64_t units;
  };

  // The routes of all pairs that mass moves between. `moving`: marginals.moving(), which the tree serves.
  const std::vector<Route>& trace(const SpanningTree& tree, const Measures& moving);

 private:
  static constexpr std::int32_t kNone = -1;

  // Mass on its way. The parcels that a point holds form a linked list.
  struct Parcel {
    std::size_t source;
    std::int64_t units;
    std::int32_t next;
  };

  void index_arcs(const SpanningTree& tree);
  bool has_through_flow() const;
  void follow_flow(const SpanningTree& tree, const Measures& moving);
  void add(std::size_t point, std::size_t source, std::int64_t units);
  template <class Take>
  void take(std::size_t point, std::int64_t units, Take take);

  std::vector<Route> routes_;
  std::vector<Parcel> parcels_;
  std::vector<std::int32_t> held_;             // each point's first parcel
  std::vector<std::int32_t> outgoing_, next_;  // each point's arcs with flow, by the arcs' lower ends
  std::vector<std::int32_t> incoming_;         // each point's number of arcs that have yet to deliver
  std::vector<std::int64_t> demands_;
  std::vector<std::size_t> ready_;  // points that hold all mass that they will get
};

}  // namespace genmi::transport
