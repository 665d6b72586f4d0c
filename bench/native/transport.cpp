// transport ROW METRIC N K SET SECONDS: {"seconds", "cost"} of a set of problems, "ova" or "ovo": the median seconds to
// solve all of them from nothing, on one thread, without JavaScript, and the sum of their costs. The problems are those
// of the second step of the row's predictions.
#include "genmi/transport.h"

#include <algorithm>
#include <optional>

#include "genmi/precomputed.h"
#include "session.h"
#include "timing.h"
#include "transport/owned_costs.h"

namespace genmi::bench {
namespace {

struct Problems {
  std::vector<std::vector<double>> supplies, demands;
};

// The measures of clusters, each of mass 1: against the uniform one, or all pairs of them.
Problems problems_of(const std::vector<double>& tau, std::size_t n, std::size_t k, bool one_vs_one) {
  const std::vector<double> uniform(n, 1 / static_cast<double>(n));
  std::vector<std::vector<double>> clusters(k, std::vector<double>(n));
  for (std::size_t c = 0; c < k; ++c) {
    double mass = 0;
    for (std::size_t i = 0; i < n; ++i) mass += tau[i * k + c];
    for (std::size_t i = 0; i < n; ++i) clusters[c][i] = tau[i * k + c] / mass;
  }
  Problems problems;
  for (std::size_t a = 0; a < k; ++a) {
    for (std::size_t b = a + 1; b < (one_vs_one ? k : a + 2); ++b) {
      problems.supplies.push_back(clusters[a]);
      problems.demands.push_back(one_vs_one ? clusters[b] : uniform);
    }
  }
  return problems;
}

class Transport {
 public:
  explicit Transport(Session& session) : session_(session) {}

  void answer(std::istream& words, std::ostream& out) {
    std::string row, set;
    bool metric = false;
    std::size_t n = 0, k = 0;
    double budget = 0;
    words >> row >> metric >> n >> k >> set >> budget;
    if (row + set != prepared_) prepare(row, metric, n, k, set == "ovo");
    prepared_ = row + set;
    double cost = 0;
    const double seconds = median_seconds(budget, [&] { cost = solve(); });
    out.precision(17);
    out << R"({"seconds":)" << seconds << R"(,"cost":)" << cost << "}";
  }

 private:
  void prepare(const std::string& row, bool metric, std::size_t n, std::size_t k, bool one_vs_one) {
    const std::vector<float> distances = session_.read<float>(row + "/distances.f32", n * n);
    AffinityPtr affinity;
    expect(precomputed_affinity(MatrixView<float>{distances.data(), n, n}, Kind::kDistance, metric, Precision::kFloat32,
                                session_.context(1), affinity));
    costs_.emplace();
    expect(costs_->prepare(*affinity, {nullptr, n}, session_.context(1)));
    const std::vector<double> steps = session_.read<double>(row + "/predictions.f64", 2 * n * k);
    problems_ = problems_of({steps.end() - static_cast<std::ptrdiff_t>(n * k), steps.end()}, n, k, one_vs_one);
  }

  // With all results kept to the end, as the binding keeps them.
  double solve() {
    std::vector<transport::Result> results(problems_.supplies.size());
    const auto weights = [&](std::size_t problem, std::span<double> supply, std::span<double> demand) {
      std::copy(problems_.supplies[problem].begin(), problems_.supplies[problem].end(), supply.begin());
      std::copy(problems_.demands[problem].begin(), problems_.demands[problem].end(), demand.begin());
    };
    const auto keep = [&](std::size_t problem, transport::Result& result) { results[problem] = std::move(result); };
    expect(transport::solve_many(costs_->costs(), results.size(), weights, {}, session_.context(1), keep));
    double cost = 0;
    for (const transport::Result& result : results) cost += result.cost;
    return cost;
  }

  Session& session_;
  std::string prepared_;
  std::optional<transport::OwnedCosts> costs_;
  Problems problems_;
};

}  // namespace

Answer answer_transport(Session& session) {
  const auto transport = std::make_shared<Transport>(session);
  return [transport](std::istream& words, std::ostream& out) { transport->answer(words, out); };
}

}  // namespace genmi::bench
