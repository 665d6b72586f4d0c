// The f-divergence objectives, from the predictions alone: 1/N times the sum over samples of F(tau_ik, pi_k) over
// clusters, or of F(tau_ia pi_b, tau_ib pi_a) over pairs of them. Their formulas: simd/divergences.inl.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "genmi/objective.h"
#include "objectives/divergence_blocks.h"

namespace genmi::objectives {
namespace {

struct Divergence {
  std::size_t index = 0;    // in the table of kernels
  double scale = 1;         // a factor of the divergence in the table
  double at_one = 0;        // f(1), added after scaling
  double order = 1;         // of the alpha family
  bool has_powers = false;  // of any order: they overflow where others do not
  bool finite_one_vs_all = true, finite_one_vs_one = true;
};

class FDivergence final : public InBothPrecisions<FDivergence> {
 public:
  FDivergence(const Divergence& in_single, const Divergence& in_double, bool one_vs_one)
      : in_single_(in_single), in_double_(in_double), one_vs_one_(one_vs_one) {}

  template <class T>
  Status add(const Batch<T>& batch, const Context& context, double factor, Totals<T>& totals) const {
    const Divergence& d = divergence<T>();
    const Predictions<T>& p = is_finite(d) ? batch.exact() : batch.clipped();
    const double pairs = entry_of(d).pairwise && one_vs_one_ ? static_cast<double>(p.k()) / 4 : 1;
    const BlockOptions options{d.order, pairs * static_cast<double>(p.k())};
    const Status status = add_over_blocks(kernel<T>(context), options, batch, p, context, factor * d.scale, totals);
    if (!status) return status;
    if (d.at_one != 0) add_constant(batch, p, factor * d.at_one, totals);
    return Status::ok();
  }

  Cost cost(std::size_t n, std::size_t k) const override {
    const double numbers = static_cast<double>(n) * static_cast<double>(k);
    return {numbers * (one_vs_one_ && entry_of(in_double_).pairwise ? static_cast<double>(k) : 1),
            4 * numbers * sizeof(double)};
  }

  // Where their limits are finite, |t f'(t)| and |f(t)| are at most a few times |log t| + t, and t = tau / pi <= n.
  // Elsewhere they are powers of clipped probabilities: of p for t -> 0, of q for t -> infinity. One-vs-one, p and q
  // are products of two probabilities.
  double largest_slope(std::size_t n, double epsilon, double logarithm) const override {
    const double samples = static_cast<double>(n);
    if (!is_finite(in_double_) || !is_finite(in_single_)) {
      const double power = in_double_.has_powers ? std::max({in_double_.order - 1, -in_double_.order, 0.0}) : 1;
      return kSlope * samples * samples * std::pow(epsilon, -(one_vs_one_ ? 2 : 1) * power - 1);
    }
    if (in_double_.has_powers) return Objective::largest_slope(n, epsilon, logarithm);
    return kSlope * (logarithm + samples * samples);
  }

 private:
  // Entries are the same for every instruction set, except their functions.
  static const simd::DivergenceEntry& entry_of(const Divergence& d) {
    return simd::default_kernels().divergence.all[d.index];
  }

  bool is_finite(const Divergence& d) const { return one_vs_one_ ? d.finite_one_vs_one : d.finite_one_vs_all; }

  template <class T>
  const Divergence& divergence() const {
    return sizeof(T) == sizeof(float) ? in_single_ : in_double_;
  }

  template <class T>
  auto kernel(const Context& context) const {
    const simd::DivergenceFunctions<T>& functions =
        context.kernels.divergence.all[divergence<T>().index].template functions<T>();
    return one_vs_one_ ? functions.one_vs_one : functions.one_vs_all;
  }

  // Adds the share of a constant in f: the sum of q = pi_k over clusters, or of q = tau_b pi_a over pairs.
  template <class T>
  void add_constant(const Batch<T>& batch, const Predictions<T>& p, double factor, Totals<T>& totals) const {
    totals.value += factor * (one_vs_one_ ? p.total() * p.total() : p.total());
    if (!totals.with_gradient()) return;
    const std::span<double> by_proportion = batch.by_proportion(p, totals);
    for (std::size_t k = 0; k < p.k(); ++k) by_proportion[k] += factor * p.pi()[k] * (one_vs_one_ ? 2 * p.total() : 1);
  }

  static constexpr double kSlope = 100;

  Divergence in_single_, in_double_;  // for predictions in float32 and in float64
  bool one_vs_one_;
};

std::optional<Divergence> named(const std::string& name) {
  const simd::DivergenceKernels& known = simd::default_kernels().divergence;
  for (std::size_t index = 0; index < known.count; ++index)
    if (const simd::DivergenceEntry& each = known.all[index]; name == each.name)
      return Divergence{
          .index = index, .finite_one_vs_all = each.finite_one_vs_all, .finite_one_vs_one = each.finite_one_vs_one};
  return std::nullopt;
}

// An alpha closer to 0 or 1 than this becomes 0 or 1, where the family has its limits: in T, 1 plus less may be 1.
template <class T>
constexpr double kLimit = std::max(1e-8, static_cast<double>(std::numeric_limits<T>::epsilon()) / 2);

template <class T>
Divergence alpha_family(double alpha) {
  if (std::abs(alpha - 1) <= kLimit<T>) return *named("kl");
  if (std::abs(alpha) <= kLimit<T>) return *named("reverse-kl");
  Divergence divergence = *named("alpha");
  divergence.order = alpha;
  divergence.has_powers = true;
  divergence.finite_one_vs_all = alpha >= 0;
  divergence.finite_one_vs_one = alpha >= 0 && alpha <= 1;
  return divergence;
}

// The divergence of a name, for predictions in T; nothing if there is none.
template <class T>
std::optional<Divergence> find(const std::string& name, double alpha) {
  if (name == "alpha") return alpha_family<T>(alpha);
  if (name == "half-chi2") {  // t^2 / 2 = (t - 1)^2 / 2 + 1/2 + (t - 1), whose last term adds 0
    Divergence divergence = *named("pearson");
    divergence.scale = divergence.at_one = 0.5;
    return divergence;
  }
  return named(name);
}

const ObjectiveFactory registration("f-divergence", [](const Parameters& parameters, ObjectivePtr& out) -> Status {
  const std::string name = parameters.text("f");
  const double alpha = parameters.number("alpha", 1);
  const std::optional<Divergence> in_single = find<float>(name, alpha), in_double = find<double>(name, alpha);
  if (!in_single || !in_double)
    return {Code::kOutOfRange, explain("f", "the name of an f-divergence or { alpha: number }", quote(name))};
  out = std::make_shared<FDivergence>(*in_single, *in_double, parameters.one_vs_one());
  return Status::ok();
});

}  // namespace
}  // namespace genmi::objectives
