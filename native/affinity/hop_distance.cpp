#include "genmi/hop_distance.h"

#include <cmath>

#include "affinity/hop_affinity.h"
#include "affinity/hop_search.h"
#include "affinity/neighborhood_graph.h"
#include "affinity/quantile.h"

namespace genmi {
namespace {

constexpr double kLargestDisconnected = 1e30;  // entries are given in float32

Status find_threshold(const Affinity& distances, const HopOptions& options, const Context& context, Progress& progress,
                      double& threshold) {
  if (!options.threshold) return affinity::find_quantile(distances, options.quantile, context, progress, threshold);
  threshold = *options.threshold;
  if (std::isfinite(threshold) && threshold > 0) return Status::ok();
  return {Code::kOutOfRange, explain("threshold", "a number > 0", format(threshold))};
}

// The quantile counts the zeros of the diagonal, and only strictly closer pairs are joined. So few samples, or many
// equal distances, can leave no pair joined. A distance of 2 N between all samples would then be silently meaningless.
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
  if (options.neighbors && n == 1)
    return {Code::kOutOfRange, explain("x", "at least two samples, of which one can be the other's neighbor", "one")};
  if (options.neighbors && (*options.neighbors < 1 || *options.neighbors >= n))
    return {Code::kOutOfRange, explain("neighbors", "an integer in [1, " + std::to_string(n - 1) + "]",
                                       std::to_string(*options.neighbors))};
  if (options.disconnected && !(*options.disconnected > 0 && *options.disconnected <= kLargestDisconnected))
    return {Code::kOutOfRange,
            explain("disconnected", "'2n', 'n' or a number in (0, " + format(kLargestDisconnected) + "]",
                    format(*options.disconnected))};
  return Status::ok();
}

Status make_graph(const Affinity& distances, const HopOptions& options, const Context& context, Progress& progress,
                  HopReport& report, affinity::NeighborhoodGraph& graph) {
  if (options.neighbors) {
    graph = affinity::nearest_neighbor_graph(distances, *options.neighbors, context, progress);
  } else {
    Status status = find_threshold(distances, options, context, progress, report.threshold);
    if (!status) return status;
    graph = affinity::threshold_graph(distances, report.threshold, context, progress);
  }
  if (context.cancelled()) return aborted();
  report.edges = graph.edges();
  return report.edges > 0 || graph.size() == 1 ? Status::ok() : empty_graph(options, report.threshold);
}

}  // namespace

Status affinity::hop_affinity_by(const SearchHops& search, const Affinity& distances, const HopOptions& options,
                                 const Context& context, HopReport& report, AffinityPtr& out) {
  if (Status status = check_options(distances, options); !status) return status;
  const std::size_t n = distances.size();
  const bool needs_quantile = !options.neighbors && !options.threshold;
  Progress progress(context.job, needs_quantile ? 3 * n : 2 * n);
  affinity::NeighborhoodGraph graph;
  if (Status status = make_graph(distances, options, context, progress, report, graph); !status) return status;

  const affinity::Components components = connected_components(graph, context);
  if (context.cancelled()) return aborted();
  affinity::PaddedMatrix<std::uint16_t> hops(n);
  if (Status status = search(graph, components, context, progress, hops, report.longest); !status) return status;
  report.connected = components.count == 1;
  const double disconnected = options.disconnected.value_or(2.0 * static_cast<double>(n));
  // A detour through another component costs 2 disconnected, which must not be shorter than a path within a component.
  const bool metric = report.connected || 2 * disconnected >= static_cast<double>(report.longest);
  out = std::make_shared<affinity::HopAffinity>(metric, static_cast<float>(disconnected), std::move(hops));
  return Status::ok();
}

Status hop_affinity(const Affinity& distances, const HopOptions& options, const Context& context, HopReport& report,
                    AffinityPtr& out) {
  return affinity::hop_affinity_by(affinity::search_hops, distances, options, context, report, out);
}

}  // namespace genmi
