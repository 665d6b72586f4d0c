// The f-divergence objectives, from the predictions alone: 1/N times the sum over samples of F(tau_ik, pi_k) over
// clusters, or of F(tau_ia pi_b, tau_ib pi_a) over pairs of them. Their formulas: simd/divergences.inl.
#include <cmath>
#include <optional>

#include "genmi/objective.h"
#include "objectives/divergence_blocks.h"

namespace genmi::objectives {
namespace {

struct Divergence {
  std::size_t index = 0;  // in the table of kernels
  double scale = 1;       // of that
  double at_one = 0;      // f(1), which is added to it
  double order = 1;       // of the alpha family
  bool finite_one_vs_all = true, finite_one_vs_one = true;
};

class FDivergence final : public ObjectiveInBothPrecisions<FDivergence> {
 public:
  FDivergence(const Divergence& divergence, bool one_vs_one) : divergence_(divergence), one_vs_one_(one_vs_one) {}

  template <class T>
  Status add(const Batch<T>& batch, Context& context, double factor, Totals<T>& totals) const {
    const bool exact = one_vs_one_ ? divergence_.finite_one_vs_one : divergence_.finite_one_vs_all;
    const Predictions<T>& p = exact ? batch.exact() : batch.clipped();
    const double pairs = entry().pairwise && one_vs_one_ ? static_cast<double>(p.k()) / 4 : 1;
    const BlockOptions options{divergence_.order, pairs * static_cast<double>(p.k())};
    add_over_blocks(kernel<T>(), options, batch, p, context, factor * divergence_.scale, totals);
    if (divergence_.at_one != 0) add_constant(batch, p, factor * divergence_.at_one, totals);
    return Status::ok();
  }

  Cost cost(std::size_t n, std::size_t k) const override {
    const double numbers = static_cast<double>(n) * static_cast<double>(k);
    return {numbers * (one_vs_one_ && entry().pairwise ? static_cast<double>(k) : 1), 4 * numbers * sizeof(double)};
  }

 private:
  const simd::DivergenceEntry& entry() const { return simd::kernels().divergence.all[divergence_.index]; }

  template <class T>
  auto kernel() const {
    const simd::DivergenceFunctions<T>& functions = entry().functions<T>();
    return one_vs_one_ ? functions.one_vs_one : functions.one_vs_all;
  }

  // Of a constant in f, the sum over clusters of q = pi, or over pairs of q = tau_b pi_a.
  template <class T>
  void add_constant(const Batch<T>& batch, const Predictions<T>& p, double factor, Totals<T>& totals) const {
    totals.value += factor * (one_vs_one_ ? p.total() * p.total() : p.total());
    if (!totals.with_gradient()) return;
    const std::span<double> by_proportion = batch.by_proportion(p, totals);
    for (std::size_t k = 0; k < p.k(); ++k) by_proportion[k] += factor * p.pi()[k] * (one_vs_one_ ? 2 * p.total() : 1);
  }

  Divergence divergence_;
  bool one_vs_one_;
};

std::optional<Divergence> named(const std::string& name) {
  for (std::size_t index = 0; index < simd::kDivergences; ++index)
    if (const auto& each = simd::kernels().divergence.all[index]; name == each.name)
      return Divergence{
          .index = index, .finite_one_vs_all = each.finite_one_vs_all, .finite_one_vs_one = each.finite_one_vs_one};
  return std::nullopt;
}

// Closer to 0 or 1 than this, the alpha family is its limit there.
constexpr double kLimit = 1e-8;

Divergence alpha_family(double alpha) {
  if (std::abs(alpha - 1) < kLimit) return *named("kl");
  if (std::abs(alpha) < kLimit) return *named("reverse-kl");
  Divergence divergence = *named("alpha");
  divergence.order = alpha;
  divergence.finite_one_vs_all = alpha >= 0;
  divergence.finite_one_vs_one = alpha >= 0 && alpha <= 1;
  return divergence;
}

std::optional<Divergence> find(const std::string& name, double alpha) {
  if (name == "alpha") return alpha_family(alpha);
  if (name == "half-chi2") {  // t^2 / 2, which is (t - 1)^2 / 2 + 1/2 but for a multiple of t - 1
    Divergence divergence = *named("pearson");
    divergence.scale = divergence.at_one = 0.5;
    return divergence;
  }
  return named(name);
}

const ObjectiveFactory registration("f-divergence", [](const Parameters& parameters, ObjectivePtr& out) -> Status {
  const std::string name = parameters.text("f");
  const std::optional<Divergence> divergence = find(name, parameters.number("alpha", 1));
  if (!divergence)
    return {Code::kOutOfRange, explain("f", "the name of an f-divergence or { alpha: number }", quote(name))};
  out = std::make_shared<FDivergence>(*divergence, parameters.one_vs_one());
  return Status::ok();
});

}  // namespace
}  // namespace genmi::objectives
