// The Wasserstein objectives: exact optimal transport between clusters, or between each cluster and all the data.
//
// Each comparison is one transport problem W(r_a / N, r_b / N) over the batch's distances; the gradient with respect to
// a measure's weights is its dual potential (where the potentials are not unique, one of the subgradients).
//
// Source: Ohl et al. 2022, eq. (11), (12); Peyre, Cuturi, "Computational Optimal Transport", 2019, section 9.1.
#include <algorithm>
#include <cmath>
#include <vector>

#include "genmi/objective.h"
#include "genmi/random_bits.h"
#include "genmi/shared_affinity.h"
#include "genmi/transport.h"
#include "objectives/bracketed.h"
#include "objectives/comparisons.h"
#include "objectives/in_both_precisions.h"
#include "objectives/panel_ratios.h"
#include "objectives/warm_problems.h"

namespace genmi::objectives {
namespace {

// Costs made ready are kept for the next evaluation if they take at most this many bytes.
constexpr std::size_t kKeptBytes = std::size_t{4} << 20;

class Wasserstein final : public InBothPrecisions<Wasserstein> {
 public:
  struct Sampling {
    std::uint64_t pairs = 0;  // 0: all
    std::uint64_t seed = 0;
    std::vector<std::int32_t> fixed;  // a0, b0, a1, b1, ...: these instead of random ones
  };

  Wasserstein(SharedAffinityPtr distance, bool one_vs_one, Sampling sampling, bool warm_start)
      : distance_(std::move(distance)),
        one_vs_one_(one_vs_one),
        sampling_(std::move(sampling)),
        warm_start_(warm_start) {}

  template <class T>
  Status add(const Batch<T>& batch, const Context& context, double factor, Totals<T>& totals) const {
    const Workspace::Frame frame(context.workspace);
    const DensityRatios p(batch, context.workspace);
    std::span<Comparison> comparisons;
    if (Status status = choose_comparisons(p, context, comparisons); !status) return status;
    const std::span<double> distances = context.workspace.take<double>(comparisons.size());
    const bool with_gradient = totals.with_gradient();
    const std::size_t potentials = with_gradient ? 2 * p.n() * comparisons.size() : 0;
    const std::span<double> duals = context.workspace.take<double>(potentials);
    const auto keep = [&](std::size_t c, transport::Result& result) {
      distances[c] = result.cost;
      if (!with_gradient) return;
      double* u = duals.data() + 2 * p.n() * c;
      std::copy(result.u.begin(), result.u.end(), u);
      std::copy(result.v.begin(), result.v.end(), u + p.n());
    };
    if (Status status = solve_all(p, comparisons, false, context, keep); !status) return status;

    for (std::size_t c = 0; c < comparisons.size(); ++c) totals.value += factor * comparisons[c].weight * distances[c];
    if (!with_gradient) return Status::ok();
    const double* by_ratio = ratio_gradient(p, comparisons, duals.data(), context.workspace);
    const Predictions<T>& exact = batch.exact();
    add_log_gradient(exact, comparisons, distances, by_ratio, factor, batch.by_proportion(exact, totals), totals);
    return Status::ok();
  }

  // dI/dD = sum of weight * plan.
  Status affinity_gradient(const DensityRatios& p, const Context& context, double* out) const override {
    const Workspace::Frame frame(context.workspace);
    std::span<Comparison> comparisons;
    if (Status status = choose_comparisons(p, context, comparisons); !status) return status;
    std::vector<std::vector<transport::PlanEntry>> plans(comparisons.size());
    const auto keep = [&](std::size_t c, transport::Result& result) { plans[c] = std::move(result.plan); };
    if (Status status = solve_all(p, comparisons, true, context, keep); !status) return status;
    std::fill(out, out + p.n() * p.n(), 0.0);
    for (std::size_t c = 0; c < plans.size(); ++c)
      for (const transport::PlanEntry& entry : plans[c])
        out[static_cast<std::size_t>(entry.source) * p.n() + static_cast<std::size_t>(entry.target)] +=
            comparisons[c].weight * entry.mass;
    return Status::ok();
  }

  // The growth of the network simplex with N was measured as N^2.1, about ten multiplications each. Costs and one
  // solver were measured to take 7 N^2 bytes for float32 distances, and 24.5 N^2 for float64.
  Cost cost(std::size_t n, std::size_t k) const override {
    const double samples = static_cast<double>(n), clusters = static_cast<double>(k);
    const auto problems = static_cast<double>(chosen(one_vs_one_ ? k * (k - 1) / 2 : k));
    AffinityPtr distance;
    if (!distance_->open(distance)) return {};
    const double pair = distance->precision() == Precision::kFloat32 ? 8 : 25;
    return {samples * samples * distance->entry_operations() / 2 + 10 * problems * std::pow(samples, 2.1),
            samples * (pair * samples + sizeof(double) * (4 * clusters + 2 * problems))};
  }

  std::size_t kept_bytes() const override { return lender_.bytes(); }

  std::size_t affinity_size() const override { return distance_->size(); }

 private:
  Status choose_comparisons(const DensityRatios& p, const Context& context, std::span<Comparison>& out) const {
    const std::span<Comparison> all = make_comparisons(p.pi(), p.k(), one_vs_one_, context.workspace);
    const std::size_t count = chosen(all.size());
    if (!sampling_.fixed.empty() && !p.options().rehearsal) {
      for (std::size_t next = 0; next < sampling_.fixed.size() / 2; ++next)
        if (Status status = move_to_front(next, p.k(), all); !status) return status;
    } else if (count < all.size() && !p.options().rehearsal) {
      shuffle_to_front(count, p.options().draw, all);
    }
    out = all.first(count);
    // Unbiased: the weights of chosen comparisons make up for the comparisons left out.
    const double scale = count == 0 ? 1 : static_cast<double>(all.size()) / static_cast<double>(count);
    for (Comparison& pair : out)
      pair = {pair.a, pair.b, scale * pair.weight, scale * pair.by_pi_a, scale * pair.by_pi_b};
    return Status::ok();
  }

  // How many of all comparisons one evaluation makes.
  std::size_t chosen(std::size_t all) const {
    const std::size_t wanted = sampling_.fixed.empty() ? sampling_.pairs : sampling_.fixed.size() / 2;
    return wanted == 0 ? all : std::min(wanted, all);
  }

  Status move_to_front(std::size_t chosen, std::size_t k, std::span<Comparison> comparisons) const {
    const std::int32_t first = sampling_.fixed[2 * chosen], second = sampling_.fixed[2 * chosen + 1];
    const auto low = static_cast<std::size_t>(std::min(first, second)),
               high = static_cast<std::size_t>(std::max(first, second));
    const auto begin = comparisons.begin() + static_cast<std::ptrdiff_t>(std::min(chosen, comparisons.size()));
    const auto found =
        std::find_if(begin, comparisons.end(), [&](const Comparison& c) { return c.a == low && c.b == high; });
    if (found == comparisons.end())
      return {Code::kOutOfRange, explain("pairs", "distinct pairs of different clusters below " + std::to_string(k),
                                         bracketed(first, second))};
    std::iter_swap(begin, found);
    return Status::ok();
  }

  void shuffle_to_front(std::size_t count, std::uint64_t draw, std::span<Comparison> comparisons) const {
    std::uint64_t state = sampling_.seed;
    state = next_random(state) + draw;
    for (std::size_t i = 0; i < count; ++i)
      std::swap(comparisons[i], comparisons[i + next_random(state) % (comparisons.size() - i)]);
  }

  Status solve_all(const DensityRatios& p, std::span<const Comparison> comparisons, bool plan, const Context& context,
                   const transport::KeepResult& keep) const {
    AffinityPtr distance;
    if (Status status = distance_->open(distance); !status) {
      lender_.give_back(nullptr);  // the affinity has been disposed of
      return status;
    }
    const std::size_t n = p.n();
    const Ratios ratio{p.ratio(), n, p.k()};
    const double share = 1 / static_cast<double>(n);
    const auto weights = [&](std::size_t c, std::span<double> supply, std::span<double> demand) {
      for (std::size_t i = 0; i < n; ++i) supply[i] = ratio(i, comparisons[c].a) * share;
      for (std::size_t i = 0; i < n; ++i) demand[i] = ratio(i, comparisons[c].b) * share;
    };
    const auto solve = [&](const transport::Costs& costs, std::span<transport::Basis> bases) {
      return transport::solve_many(costs, comparisons.size(), weights, {.plan = plan, .job = context.job}, context,
                                   keep, bases);
    };
    if (warm_start_ && !p.options().rehearsal)
      return solve_warm(*distance, p.rows(), p.k(), comparisons, context, solve);

    transport::OwnedCosts& costs = context.workspace.kept<transport::OwnedCosts>();
    if (Status status = costs.prepare(*distance, p.rows(), context); !status) return status;
    const Status status = solve(costs.costs(), {});
    if (costs.bytes() > kKeptBytes) costs = {};
    return status;
  }

  template <class Solve>
  Status solve_warm(const Affinity& distance, Rows rows, std::size_t k, std::span<const Comparison> comparisons,
                    const Context& context, const Solve& solve) const {
    std::unique_ptr<WarmProblems> problems = lender_.take(rows, k);
    if (problems->costs.empty())
      if (Status status = problems->costs.prepare(distance, rows, context); !status) return status;
    std::vector<transport::Basis>& lent = problems->lent;
    lent.resize(comparisons.size());
    for (std::size_t c = 0; c < lent.size(); ++c) lent[c] = std::move(problems->basis(comparisons[c]));
    if (Status status = solve(problems->costs.costs(), lent); !status) return status;
    for (std::size_t c = 0; c < lent.size(); ++c) problems->basis(comparisons[c]) = std::move(lent[c]);
    lender_.give_back(std::move(problems));
    return Status::ok();
  }

  // dI/dr in panels: the potentials, for weights r / N. A constant in a cluster's potentials does not change the
  // gradient with respect to tau. It is chosen such that <r, dI/dr> = 0: then nothing cancels later, in float32.
  static const double* ratio_gradient(const DensityRatios& p, std::span<const Comparison> comparisons,
                                      const double* duals, Workspace& workspace) {
    const std::size_t n = p.n(), k = p.k();
    const std::span<double> gradient = workspace.take_zeroed<double>(simd::panel_size(n, k));
    const std::span<double> mean = workspace.take_zeroed<double>(k);
    const auto at = [&](std::size_t i, std::size_t a) { return simd::place_in_panels(i, a, k); };
    for (std::size_t c = 0; c < comparisons.size(); ++c) {
      const Comparison& pair = comparisons[c];
      const double weight = pair.weight / static_cast<double>(n);
      const double *u = duals + 2 * n * c, *v = u + n;
      for (std::size_t i = 0; i < n; ++i) {
        gradient[at(i, pair.a)] += weight * u[i];
        if (pair.b != kAllData) gradient[at(i, pair.b)] += weight * v[i];
      }
    }
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t a = 0; a < k; ++a) mean[a] += p.ratio()[i * k + a] * gradient[at(i, a)] / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t a = 0; a < k; ++a) gradient[at(i, a)] -= mean[a];
    return gradient.data();
  }

  SharedAffinityPtr distance_;
  bool one_vs_one_;
  Sampling sampling_;
  bool warm_start_;
  mutable WarmProblemsLender lender_;
};

// Reads a whole number; 0 where it is missing.
Status read_count(const Parameters& parameters, const char* name, std::uint64_t& out) {
  constexpr double kMost = 9007199254740991;  // 2^53 - 1: whole numbers up to this are exact
  const double number = parameters.number(name, 0);
  if (!(number >= 0 && number <= kMost))
    return {Code::kOutOfRange, explain(name, "a number from 0 to " + format(kMost), format(number))};
  out = static_cast<std::uint64_t>(number);
  return Status::ok();
}

const ObjectiveFactory registration("wasserstein", [](const Parameters& parameters, ObjectivePtr& out) -> Status {
  const SharedAffinityPtr distance = parameters.affinity();
  if (!distance || distance->kind() != Kind::kDistance)
    return {Code::kInvalidType, explain("affinity", "a distance, as Affinity.distance() and Affinity.hops() make",
                                        distance ? "a kernel" : "nothing", "kernels are for mmd()")};
  Wasserstein::Sampling sampling;
  if (Status status = read_count(parameters, "pairs", sampling.pairs); !status) return status;
  if (Status status = read_count(parameters, "seed", sampling.seed); !status) return status;
  sampling.fixed = parameters.get<std::vector<std::int32_t>>("fixedPairs", {});
  out = std::make_shared<Wasserstein>(distance, parameters.one_vs_one(), std::move(sampling),
                                      parameters.flag("warmStart"));
  return Status::ok();
});

}  // namespace
}  // namespace genmi::objectives
