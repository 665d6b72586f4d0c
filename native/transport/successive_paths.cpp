#include "transport/successive_paths.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace genmi::transport {
namespace {

// Few points only: each pair of points has a heap, and a search looks at all pairs.
constexpr std::size_t kMostPoints = 32, kLinesPerPoint = 16;
// The first prices come from about kFirstLines lines, each next round from kGrowth times as many.
constexpr std::size_t kFirstLines = 512, kGrowth = 4;
// After more than kMostPaths paths per line, ties and rounding may lead around in circles.
constexpr std::size_t kMostPaths = 64;
// Sums of masses stay below kMostMass, so that their differences do not overflow.
constexpr double kMostMass = 0x1p62;

}  // namespace

bool SuccessivePaths::is_for(const Problem& problem) {
  const auto [few, many] = std::minmax(problem.costs.rows, problem.costs.columns);
  if (few > kMostPoints || many < kLinesPerPoint * few) return false;
  const std::span<const std::int64_t> masses = few == problem.costs.rows ? problem.supplies : problem.demands;
  return std::accumulate(masses.begin(), masses.end(), 0.0) < kMostMass;
}

bool SuccessivePaths::allocate(const Problem& problem, const Job* job, std::vector<Shipment>& shipments) {
  costs_ = problem.costs;
  points_are_rows_ = costs_.rows <= costs_.columns;
  point_masses_ = points_are_rows_ ? problem.supplies : problem.demands;
  line_masses_ = points_are_rows_ ? problem.demands : problem.supplies;
  points_ = point_masses_.size();
  lines_ = line_masses_.size();

  prices_.assign(points_, 0);
  std::size_t stride = 1;
  while (lines_ / (stride * kGrowth) >= std::max(kFirstLines, kLinesPerPoint * points_)) stride *= kGrowth;
  for (; stride > 0; stride /= kGrowth)
    if (!balance(stride, job)) return false;

  make_forest();
  shipments.clear();
  for (const Part& part : parts_) {
    if (part.units == 0) continue;
    const auto point = static_cast<std::size_t>(part.point), line = static_cast<std::size_t>(part.line);
    shipments.push_back(points_are_rows_ ? Shipment{point, line, part.units} : Shipment{line, point, part.units});
  }
  return true;
}

// Ties go to the lower part, so that the order does not depend on the heap's implementation.
bool SuccessivePaths::is_worse(const Step& a, const Step& b) {
  return a.loss > b.loss || (a.loss == b.loss && a.part > b.part);
}

double SuccessivePaths::cost(std::size_t point, std::int32_t line) const {
  const auto other = static_cast<std::size_t>(line);
  return points_are_rows_ ? costs_(point, other) : costs_(other, point);
}

// Gives each point the mass that it should have from every stride-th line. Returns false when cancelled.
bool SuccessivePaths::balance(std::size_t stride, const Job* job) {
  if (is_cancelled(job)) return false;
  take_masses(stride);
  if (!assign_lines(job)) return false;
  std::size_t paths = 0;
  for (std::size_t point = 0; point < points_; ++point) {
    while (excess_[point] > 0) {
      if (is_cancelled(job)) return false;
      send(point, paths++ < kMostPaths * first_parts_ ? find_path(point) : find_step(point));
    }
  }
  return true;
}

// Takes the masses of every stride-th line, and the points' masses in proportion.
void SuccessivePaths::take_masses(std::size_t stride) {
  stride_ = static_cast<std::int32_t>(stride);
  parts_.clear();
  std::int64_t left = 0;
  for (std::size_t line = stride / 2; line < lines_; line += stride) {
    parts_.push_back({static_cast<std::int32_t>(line), 0, line_masses_[line], kNone});
    left += line_masses_[line];
  }
  first_parts_ = parts_.size();
  excess_.resize(points_);
  if (stride == 1) {
    std::transform(point_masses_.begin(), point_masses_.end(), excess_.begin(), std::negate<>());
    return;
  }
  const double total = std::accumulate(point_masses_.begin(), point_masses_.end(), 0.0);
  const double share = static_cast<double>(left) / total;
  for (std::size_t point = 0; point < points_; ++point) {
    const auto mass = std::min(left, static_cast<std::int64_t>(share * static_cast<double>(point_masses_[point])));
    excess_[point] = -mass;
    left -= mass;
  }
  excess_.front() -= left;
}

// Sends each line to its cheapest point. Returns false when cancelled.
bool SuccessivePaths::assign_lines(const Job* job) {
  steps_.resize(points_ * points_);
  for (std::vector<Step>& heap : steps_) heap.clear();
  lengths_.assign(points_ * points_, kInfinity);
  std::vector<double> costs(points_);
  constexpr std::size_t kPolled = 4096;  // lines between two looks at the job
  for (std::size_t index = 0; index < first_parts_; ++index) {
    if (index % kPolled == 0 && is_cancelled(job)) return false;
    Part& part = parts_[index];
    std::size_t best = 0;
    for (std::size_t point = 0; point < points_; ++point) {
      costs[point] = cost(point, part.line);
      if (costs[point] - prices_[point] < costs[best] - prices_[best]) best = point;
    }
    part.point = static_cast<std::int32_t>(best);
    excess_[best] += part.units;
    for (std::size_t to = 0; to < points_; ++to)
      if (to != best)
        steps_[pair(best, to)].push_back(
            {static_cast<float>(costs[to] - costs[best]), static_cast<std::int32_t>(index)});
  }
  for (std::size_t k = 0; k < steps_.size(); ++k) {
    std::make_heap(steps_[k].begin(), steps_[k].end(), is_worse);
    if (!steps_[k].empty()) lengths_[k] = static_cast<double>(steps_[k].front().loss);
    if (is_cancelled(job)) return false;
  }
  return true;
}

// Pushes the steps of a part that has received mass, so that the mass can move on.
void SuccessivePaths::offer(std::int32_t index) {
  const auto [line, at, units, next] = part(index);
  const auto from = static_cast<std::size_t>(at);
  for (std::size_t to = 0; to < points_; ++to) {
    if (to == from) continue;
    std::vector<Step>& heap = steps_[pair(from, to)];
    heap.push_back({static_cast<float>(cost(to, line) - cost(from, line)), index});
    std::push_heap(heap.begin(), heap.end(), is_worse);
    lengths_[pair(from, to)] = static_cast<double>(heap.front().loss);
  }
}

// Drops parts without mass from the tops of a point's heaps.
void SuccessivePaths::drop_empty(std::size_t point) {
  for (std::size_t to = 0; to < points_; ++to) {
    std::vector<Step>& heap = steps_[pair(point, to)];
    while (!heap.empty() && part(heap.front().part).units == 0) {
      std::pop_heap(heap.begin(), heap.end(), is_worse);
      heap.pop_back();
    }
    lengths_[pair(point, to)] = heap.empty() ? kInfinity : static_cast<double>(heap.front().loss);
  }
}

// Dijkstra's search for the nearest point with too little mass, over lengths reduced by the prices. Returns that point.
// Raises prices by the distances: the steps of the path then cost 0, and no step has a negative cost.
std::size_t SuccessivePaths::find_path(std::size_t from) {
  distances_.assign(points_, kInfinity);
  previous_.assign(points_, from);
  reached_.assign(points_, false);
  distances_[from] = 0;
  for (std::size_t at = from;;) {
    reached_[at] = true;
    if (excess_[at] < 0) {
      const double least = distances_[at];
      for (std::size_t point = 0; point < points_; ++point) prices_[point] += std::min(distances_[point], least);
      return at;
    }
    std::size_t nearest = points_;
    for (std::size_t to = 0; to < points_; ++to) {
      if (reached_[to]) continue;
      const double distance = distances_[at] + std::max(0.0, lengths_[pair(at, to)] + prices_[at] - prices_[to]);
      if (distance < distances_[to]) {
        distances_[to] = distance;
        previous_[to] = at;
      }
      if (nearest == points_ || distances_[to] < distances_[nearest]) nearest = to;
    }
    at = nearest;
  }
}

// Finds a path of one step, without a search: to any point with too little mass, where the mass then stays.
std::size_t SuccessivePaths::find_step(std::size_t from) {
  previous_.assign(points_, from);
  return static_cast<std::size_t>(std::find_if(excess_.begin(), excess_.end(), [](auto units) { return units < 0; }) -
                                  excess_.begin());
}

// Sends along the path as much mass as its ends, and the parts on top of its heaps, allow.
void SuccessivePaths::send(std::size_t from, std::size_t to) {
  std::int64_t units = std::min(excess_[from], -excess_[to]);
  for (std::size_t b = to; b != from; b = previous_[b])
    units = std::min(units, part(steps_[pair(previous_[b], b)].front().part).units);
  excess_[from] -= units;
  excess_[to] += units;
  for (std::size_t b = to; b != from; b = previous_[b]) {
    const std::size_t a = previous_[b];
    Part& moved = part(steps_[pair(a, b)].front().part);
    moved.units -= units;
    const bool is_empty = moved.units == 0;
    give(moved.line, b, units);
    if (is_empty) drop_empty(a);
  }
}

void SuccessivePaths::give(std::int32_t line, std::size_t to, std::int64_t units) {
  const auto point = static_cast<std::int32_t>(to);
  const std::int32_t first = line / stride_;
  std::int32_t at = first;
  while (at != kNone && part(at).point != point) at = part(at).next;
  if (at == kNone) {
    at = static_cast<std::int32_t>(parts_.size());
    parts_.push_back({line, point, 0, part(first).next});
    part(first).next = at;
  }
  part(at).units += units;
  if (part(at).units == units) offer(at);
}

// Makes a forest of the parts. Lines at several points may form cycles with these points, of cost 0 up to rounding.
// Part by part, each cycle that a part closes is emptied at its smallest losing part.
void SuccessivePaths::make_forest() {
  split_.clear();
  std::vector<std::pair<std::int32_t, std::int64_t>> later;
  for (std::size_t line = 0; line < first_parts_; ++line) {
    const auto first = static_cast<std::int32_t>(line);
    later.clear();
    bool is_alone = true;
    for (std::int32_t at = first; at != kNone; at = part(at).next) {
      if (part(at).units == 0) continue;
      if (!std::exchange(is_alone, false)) later.emplace_back(at, std::exchange(part(at).units, 0));
    }
    if (later.empty()) continue;
    split_.push_back(first);
    for (const auto& [index, units] : later) {
      way_.clear();
      const bool closes = find_way(part(index).point, first, kNone);
      part(index).units = units;
      if (closes) cancel_cycle(index);
    }
  }
}

// Fills way_ with the parts between a point and the line whose first part is `to`, through split lines except
// `without`. Returns false if there is no way.
bool SuccessivePaths::find_way(std::int32_t point, std::int32_t to, std::int32_t without) {
  for (const std::int32_t first : split_) {
    if (first == without) continue;
    std::int32_t here = first;
    while (here != kNone && (part(here).point != point || part(here).units == 0)) here = part(here).next;
    if (here == kNone) continue;
    way_.push_back(here);
    if (first == to) return true;
    for (std::int32_t at = first; at != kNone; at = part(at).next) {
      if (at == here || part(at).units == 0) continue;
      way_.push_back(at);
      if (find_way(part(at).point, to, first)) return true;
      way_.pop_back();
    }
    way_.pop_back();
  }
  return false;
}

// Empties a cycle at one of its parts. In the order of the cycle, every second part loses mass and the others gain it.
void SuccessivePaths::cancel_cycle(std::int32_t closing) {
  way_.push_back(closing);
  double gained = 0;
  for (std::size_t k = 0; k < way_.size(); ++k) {
    const auto [line, point, units, next] = part(way_[k]);
    gained += (k % 2 == 0 ? -1 : 1) * cost(static_cast<std::size_t>(point), line);
  }
  // Parts of even number lose mass, unless that raises the cost.
  const std::size_t loses = gained <= 0 ? 0 : 1;
  std::int64_t units = part(way_[loses]).units;
  for (std::size_t k = loses; k < way_.size(); k += 2) units = std::min(units, part(way_[k]).units);
  for (std::size_t k = 0; k < way_.size(); ++k) part(way_[k]).units += k % 2 == loses ? -units : units;
}

}  // namespace genmi::transport
