// A first flow between few points on one side and many lines on the other, by successive shortest paths.
//
// Line: a row or a column of the longer side; point: a row or a column of the shorter side. First, each line j sends
// its mass to the point a of least c_aj - price_a. Then points with too much mass pass it on to points with too little,
// along shortest paths among the points. A step from point a to point b moves mass of the line j of least c_bj - c_aj;
// a heap for each pair (a, b) has this line on top. Prices come from the same computation on every fourth line, so that
// few lines are left to move. Cost: about M F (F + log M) for F points and M lines, where a pivot of the simplex costs
// M. Costs count to float32's precision: the flow is a start, which the simplex proves optimal or improves.
// Sources: Ahuja, Magnanti, Orlin, "Network Flows", 1993, section 9.7 (successive shortest paths); Tokuyama, Nakano,
// "Geometric algorithms for the minimum cost assignment problem", 1995 (few points: a heap for each pair).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "genmi/job.h"
#include "transport/matrix_minimum.h"
#include "transport/problem.h"

namespace genmi::transport {

class SuccessivePaths {
 public:
  // Whether one side is so short that successive paths are the fastest start.
  static bool is_for(const Problem& problem);

  // Fills `shipments`, whose arcs form a forest. Returns false when cancelled.
  bool allocate(const Problem& problem, const Job* job, std::vector<Shipment>& shipments);

 private:
  // The mass of a line at a point.
  struct Part {
    std::int32_t line, point;
    std::int64_t units;
    std::int32_t next;  // the next part of the same line, or kNone
  };
  // A part that can move from a to b.
  struct Step {
    float loss;  // c_b - c_a
    std::int32_t part;
  };
  static constexpr std::int32_t kNone = -1;

  static bool is_worse(const Step& a, const Step& b);
  double cost(std::size_t point, std::int32_t line) const;
  Part& part(std::int32_t index) { return parts_[static_cast<std::size_t>(index)]; }
  const Part& part(std::int32_t index) const { return parts_[static_cast<std::size_t>(index)]; }
  std::size_t pair(std::size_t a, std::size_t b) const { return a * points_ + b; }

  bool balance(std::size_t stride, const Job* job);
  void take_masses(std::size_t stride);
  bool assign_lines(const Job* job);
  void offer(std::int32_t index);
  void drop_empty(std::size_t point);
  std::size_t find_path(std::size_t from);
  std::size_t find_step(std::size_t from);
  void send(std::size_t from, std::size_t to);
  void give(std::int32_t line, std::size_t to, std::int64_t units);

  void make_forest();
  bool find_way(std::int32_t point, std::int32_t to, std::int32_t without);
  void cancel_cycle(std::int32_t closing);

  CostBlock costs_;
  bool points_are_rows_ = false;
  std::size_t points_ = 0, lines_ = 0;
  std::span<const std::int64_t> point_masses_, line_masses_;

  std::vector<double> prices_;
  std::vector<std::int64_t> excess_;  // by point: its mass so far less the mass that it should have
  std::vector<Part> parts_;           // the first parts of all lines, then others
  std::size_t first_parts_ = 0;
  std::int32_t stride_ = 1;               // between the lines that take part
  std::vector<std::vector<Step>> steps_;  // a heap for each pair of points
  std::vector<double> lengths_;           // by pair: the least loss, on top of the heap; infinity if the heap is empty
  std::vector<double> distances_;         // scratch memory of find_path()
  std::vector<std::size_t> previous_;
  std::vector<bool> reached_;
  std::vector<std::int32_t> split_, way_;  // first parts of lines at several points; parts between two points
};

}  // namespace genmi::transport
