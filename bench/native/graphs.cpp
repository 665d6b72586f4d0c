// quantile N D PRECISION THREADS SECONDS: {"seconds", "answer"} of the 5 % quantile of all distances
// hops GRAPH NEIGHBORS N D THREADS SECONDS: {"seconds", "answer"} of the search for hops in a finished graph, of the
// nearest "neighbors" or of the pairs below the 5 % "quantile"
#include "affinity/hop_affinity.h"
#include "affinity/hop_search.h"
#include "affinity/neighborhood_graph.h"
#include "genmi/hop_distance.h"
#include "genmi/quantile.h"
#include "session.h"
#include "timing.h"

namespace genmi::bench {
namespace {

constexpr double kQuantile = 0.05;

AffinityPtr distances_between(const Session& session, std::size_t n, std::size_t d, Precision precision,
                              const Context& context) {
  const std::string file = kKernelInputs + "x-" + std::to_string(n) + "-" + std::to_string(d) + ".f64";
  return measure(session.read<double>(file, n * d), n, Kind::kDistance, "euclidean", precision, context);
}

double quantile_of(const Affinity& distances, const Context& context) {
  double value = 0;
  expect(distance_quantile(distances, kQuantile, context, value));
  return value;
}

affinity::NeighborhoodGraph make_graph(const std::string& kind, std::size_t neighbors, const Affinity& distances,
                                       const Context& context) {
  Progress progress(nullptr, 1);
  if (kind == "neighbors") return affinity::nearest_neighbor_graph(distances, neighbors, context, progress);
  return affinity::threshold_graph(distances, quantile_of(distances, context), context, progress);
}

AffinityPtr search(const affinity::NeighborhoodGraph& graph, const Context& context) {
  Progress progress(nullptr, 1);
  affinity::PaddedMatrix<std::uint16_t> hops(graph.size());
  std::size_t longest = 0;
  expect(
      affinity::search_hops(graph, affinity::connected_components(graph, context), context, progress, hops, longest));
  const auto disconnected = static_cast<float>(2 * graph.size());
  return std::make_shared<affinity::HopAffinity>(true, disconnected, std::move(hops));
}

}  // namespace

Answer answer_quantile(Session& session) {
  return [&session](std::istream& words, std::ostream& out) {
    std::string precision;
    std::size_t n = 0, d = 0, threads = 1;
    double budget = 0, value = 0;
    words >> n >> d >> precision >> threads >> budget;
    const Context context = session.context(threads);
    const AffinityPtr distances = distances_between(session, n, d, precision_of(precision), context);
    const double seconds = median_seconds(budget, [&] { value = quantile_of(*distances, context); });
    out << R"({"seconds":)" << seconds << R"(,"answer":)" << Projection{value, value} << "}";
  };
}

Answer answer_hops(Session& session) {
  return [&session](std::istream& words, std::ostream& out) {
    std::string kind;
    std::size_t neighbors = 0, n = 0, d = 0, threads = 1;
    double budget = 0;
    words >> kind >> neighbors >> n >> d >> threads >> budget;
    const Context context = session.context(threads);
    const auto graph =
        make_graph(kind, neighbors, *distances_between(session, n, d, Precision::kFloat64, context), context);
    AffinityPtr hops;
    const double seconds = median_seconds(budget, [&] { hops = search(graph, context); });
    std::vector<double> matrix(n * n);
    hops->submatrix({nullptr, n}, context, matrix.data());
    out << R"({"seconds":)" << seconds << R"(,"answer":)" << project(matrix, n, n, session) << "}";
  };
}

}  // namespace genmi::bench
