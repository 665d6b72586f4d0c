#include <algorithm>
#include <cmath>
#include <vector>

#include "affinity/dense_affinity.h"
#include "affinity/row_blocks.h"
#include "genmi/graph.h"

namespace genmi {
namespace {

using Adjacency = std::vector<std::vector<std::int32_t>>;
constexpr std::int32_t kUnreached = -1;
constexpr double kLargestDisconnected = 1e30;  // hops are stored in float32

// Joins every pair strictly closer than the threshold.
Adjacency threshold_graph(const Affinity& distances, double threshold, const Context& context) {
  const std::size_t n = distances.size();
  Adjacency adjacency(n);
  std::vector<double> scratch(n * context.slots());
  affinity::for_each_row_block(n, distances.row_operations(n), context, [&](std::size_t i, std::size_t slot) {
    double* row = scratch.data() + slot * n;
    distances.entries(i, Rows{nullptr, n}, row);
    for (std::size_t j = 0; j < n; ++j)
      if (j != i && row[j] < threshold) adjacency[i].push_back(static_cast<std::int32_t>(j));
  });
  return adjacency;
}

void make_undirected(Adjacency& adjacency) {
  const std::size_t n = adjacency.size();
  std::vector<std::size_t> directed(n);
  for (std::size_t i = 0; i < n; ++i) directed[i] = adjacency[i].size();
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t e = 0; e < directed[i]; ++e)
      adjacency[static_cast<std::size_t>(adjacency[i][e])].push_back(static_cast<std::int32_t>(i));
  for (std::vector<std::int32_t>& neighbors : adjacency) {
    std::sort(neighbors.begin(), neighbors.end());
    neighbors.erase(std::unique(neighbors.begin(), neighbors.end()), neighbors.end());
  }
}

// Joins each sample with the count others nearest to it; among equally near ones the lower index counts as nearer.
Adjacency neighbor_graph(const Affinity& distances, std::size_t count, const Context& context) {
  const std::size_t n = distances.size();
  Adjacency adjacency(n);
  std::vector<double> scratch(n * context.slots());
  affinity::for_each_row_block(n, distances.row_operations(n), context, [&](std::size_t i, std::size_t slot) {
    double* row = scratch.data() + slot * n;
    distances.entries(i, Rows{nullptr, n}, row);
    std::vector<std::int32_t>& nearest = adjacency[i];
    for (std::size_t j = 0; j < n; ++j)
      if (j != i) nearest.push_back(static_cast<std::int32_t>(j));
    const auto nearer = [row](std::int32_t a, std::int32_t b) { return row[a] != row[b] ? row[a] < row[b] : a < b; };
    std::nth_element(nearest.begin(), nearest.begin() + static_cast<std::ptrdiff_t>(count - 1), nearest.end(), nearer);
    nearest.resize(count);
    nearest.shrink_to_fit();
  });
  make_undirected(adjacency);
  return adjacency;
}

// Breadth-first search: hops[j] is the number of edges from source to j, or kUnreached.
void search_from(const Adjacency& adjacency, std::size_t source, std::vector<std::int32_t>& queue, std::int32_t* hops) {
  std::fill(hops, hops + adjacency.size(), kUnreached);
  queue.assign(1, static_cast<std::int32_t>(source));
  hops[source] = 0;
  for (std::size_t head = 0; head < queue.size(); ++head) {
    const auto node = static_cast<std::size_t>(queue[head]);
    for (const std::int32_t next : adjacency[node]) {
      if (hops[next] != kUnreached) continue;
      hops[next] = hops[node] + 1;
      queue.push_back(next);
    }
  }
}

// Writes the N x N hop distances, disconnected pairs with the given one.
void search_all(const Adjacency& adjacency, float disconnected, const Context& context, HopReport& report,
                affinity::PaddedMatrix<float>& out) {
  const std::size_t n = adjacency.size(), slots = context.slots();
  std::vector<std::vector<std::int32_t>> queues(slots), hops(slots, std::vector<std::int32_t>(n));
  std::vector<std::int32_t> longest(slots, 0);
  std::vector<char> connected(slots, 1);
  Progress progress(context.job, n);
  affinity::for_each_row_block(n, n * 8, context, [&](std::size_t i, std::size_t slot) {
    search_from(adjacency, i, queues[slot], hops[slot].data());
    connected[slot] = static_cast<char>(connected[slot] != 0 && queues[slot].size() == n);
    longest[slot] = std::max(longest[slot], hops[slot][static_cast<std::size_t>(queues[slot].back())]);
    std::transform(hops[slot].begin(), hops[slot].end(), out.row(i),
                   [&](std::int32_t hop) { return hop == kUnreached ? disconnected : static_cast<float>(hop); });
    progress.finish_part();
  });
  report.longest = static_cast<std::size_t>(*std::max_element(longest.begin(), longest.end()));
  report.connected = std::all_of(connected.begin(), connected.end(), [](char each) { return each != 0; });
}

Status find_threshold(const Affinity& distances, const HopOptions& options, const Context& context, double& threshold) {
  if (!options.threshold) return distance_quantile(distances, options.quantile, context, threshold);
  threshold = *options.threshold;
  if (std::isfinite(threshold) && threshold > 0) return Status::ok();
  return {Code::kOutOfRange, explain("threshold", "a number > 0", format(threshold))};
}

// The quantile counts the diagonal, and the comparison is strict: with few samples, or with many equal distances, it
// can leave no pair connected. A distance of 2 N between all would be a silent nonsense.
Status empty_graph(const HopOptions& options, double threshold) {
  const std::string received =
      options.threshold ? "threshold " + format(threshold)
                        : "quantile " + format(options.quantile) + ", which is the distance " + format(threshold);
  return {Code::kOutOfRange, explain(options.threshold ? "threshold" : "quantile", "a value that connects some pair",
                                     received, "no two samples are strictly closer: raise it, or use neighbors")};
}

Status check_options(const Affinity& distances, const HopOptions& options) {
  if (distances.kind() != Kind::kDistance)
    return {Code::kInvalidType, explain("x", "features or a distance affinity", "a kernel affinity")};
  const std::size_t n = distances.size();
  if (options.neighbors && (*options.neighbors < 1 || *options.neighbors >= n))
    return {Code::kOutOfRange, explain("neighbors", "an integer in [1, " + std::to_string(n - 1) + "]",
                                       std::to_string(*options.neighbors))};
  if (options.disconnected && !(*options.disconnected > 0 && *options.disconnected <= kLargestDisconnected))
    return {Code::kOutOfRange,
            explain("disconnected", "'2n', 'n' or a number in (0, " + format(kLargestDisconnected) + "]",
                    format(*options.disconnected))};
  return Status::ok();
}

}  // namespace

Status hop_affinity(const Affinity& distances, const HopOptions& options, const Context& context, HopReport& report,
                    AffinityPtr& out) {
  if (Status status = check_options(distances, options); !status) return status;
  const std::size_t n = distances.size();
  Adjacency adjacency;
  if (options.neighbors) {
    adjacency = neighbor_graph(distances, *options.neighbors, context);
  } else {
    if (Status status = find_threshold(distances, options, context, report.threshold); !status) return status;
    adjacency = threshold_graph(distances, report.threshold, context);
  }
  if (context.cancelled()) return aborted();

  report.edges = 0;
  for (const auto& neighbors : adjacency) report.edges += neighbors.size();
  report.edges /= 2;
  if (report.edges == 0 && n > 1) return empty_graph(options, report.threshold);

  const double disconnected = options.disconnected.value_or(2.0 * static_cast<double>(n));
  affinity::PaddedMatrix<float> matrix(n);
  search_all(adjacency, static_cast<float>(disconnected), context, report, matrix);
  if (context.cancelled()) return aborted();
  // Between two samples of one component the detour through another one costs twice the distance between components.
  const bool metric = report.connected || 2 * disconnected >= static_cast<double>(report.longest);
  out = std::make_shared<affinity::DenseAffinity<float>>(Kind::kDistance, metric, std::move(matrix),
                                                         std::vector<double>{});
  return Status::ok();
}

}  // namespace genmi
