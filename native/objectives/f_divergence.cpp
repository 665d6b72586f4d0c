// The f-divergence objectives, from the predictions alone. Derivations: native/README.md, "f-divergences".
#include <algorithm>
#include <cmath>
#include <variant>

#include "genmi/objective.h"
#include "objectives/divergences.h"

namespace genmi::objectives {
namespace {

using Divergence =
    std::variant<KullbackLeibler, ReverseKullbackLeibler, TotalVariation, JensenShannon, Jeffreys, LeCam, Power>;

// Per cluster: the sum over the batch of the derivative with respect to log pi_k, which reaches every sample's gradient
// because pi_k is their mean.
void add_proportion_gradient(const Predictions& p, const double* by_proportion, double factor, double* log_gradient) {
  const double* ratio = p.ratio();
  const double per_sample = factor / static_cast<double>(p.n()) / static_cast<double>(p.n());
  for (std::size_t i = 0; i < p.n(); ++i)
    for (std::size_t k = 0; k < p.k(); ++k)
      log_gradient[i * p.k() + k] += per_sample * ratio[i * p.k() + k] * by_proportion[k];
}

// I = 1/N sum_ik F(tau_ik, pi_k). Cost O(N K).
template <class F>
void one_vs_all(const F& divergence, const Predictions& p, Workspace& workspace, double factor, Totals& totals) {
  const double share = factor / static_cast<double>(p.n());
  const double* log_ratio = p.log_ratio();
  const std::span<double> by_proportion = workspace.take_zeroed<double>(p.k());
  double sum = 0;
  for (std::size_t i = 0; i < p.n(); ++i) {
    for (std::size_t k = 0; k < p.k(); ++k) {
      const std::size_t at = i * p.k() + k;
      const Perspective f = divergence(p.tau()[at], p.pi()[k], log_ratio[at]);
      sum += f.value;
      by_proportion[k] += f.by_q;
      if (totals.log_gradient != nullptr) totals.log_gradient[at] += share * f.by_p;
    }
  }
  totals.value += share * sum;
  if (totals.log_gradient != nullptr) add_proportion_gradient(p, by_proportion.data(), factor, totals.log_gradient);
}

// One-vs-one, I = 1/N sum_i sum_ab F(tau_ia pi_b, tau_ib pi_a), sample by sample: a Row sees one sample's tau and
// log ratio, returns the inner sum, and adds the derivatives with respect to log tau_ia and log pi_a.
struct Row {
  const double *tau, *log_ratio, *pi;
  std::size_t k;
};

template <class RowSum>
void one_vs_one(const RowSum& row_sum, const Predictions& p, Workspace& workspace, double factor, Totals& totals) {
  const double share = factor / static_cast<double>(p.n());
  const std::size_t K = p.k();
  const double* log_ratio = p.log_ratio();
  const std::span<double> by_prediction = workspace.take<double>(K);
  const std::span<double> by_proportion = workspace.take_zeroed<double>(K);
  double sum = 0;
  for (std::size_t i = 0; i < p.n(); ++i) {
    for (double& value : by_prediction) value = 0;
    sum += row_sum(Row{p.tau() + i * K, log_ratio + i * K, p.pi(), K}, by_prediction.data(), by_proportion.data());
    if (totals.log_gradient != nullptr)
      for (std::size_t k = 0; k < K; ++k) totals.log_gradient[i * K + k] += share * by_prediction[k];
  }
  totals.value += share * sum;
  if (totals.log_gradient != nullptr) add_proportion_gradient(p, by_proportion.data(), factor, totals.log_gradient);
}

// Any divergence with F(p, p) = 0, pair by pair: O(K^2) a sample.
template <class F>
double sum_over_pairs(const F& divergence, const Row& row, double* by_prediction, double* by_proportion) {
  double sum = 0;
  for (std::size_t a = 0; a < row.k; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const double p = row.tau[a] * row.pi[b], q = row.tau[b] * row.pi[a];
      const double l = row.log_ratio[a] - row.log_ratio[b];
      const Perspective ab = divergence(p, q, l), ba = divergence(q, p, -l);
      sum += ab.value + ba.value;
      by_prediction[a] += ab.by_p + ba.by_q;
      by_prediction[b] += ba.by_p + ab.by_q;
      by_proportion[a] += ab.by_q + ba.by_p;
      by_proportion[b] += ba.by_q + ab.by_p;
    }
  }
  return sum;
}

// sum_ab p l separates: Kullback-Leibler and, with a and b exchanged, its reverse. O(K).
double sum_of_logarithms(const Row& row, double* by_prediction, double* by_proportion) {
  double mass = 0, proportions = 0, mean_log = 0, proportion_log = 0;
  for (std::size_t k = 0; k < row.k; ++k) {
    mass += row.tau[k];
    proportions += row.pi[k];
    mean_log += row.tau[k] * row.log_ratio[k];
    proportion_log += row.pi[k] * row.log_ratio[k];
  }
  for (std::size_t k = 0; k < row.k; ++k) {
    const double asymmetry = row.tau[k] * proportions - row.pi[k] * mass;
    by_prediction[k] += row.tau[k] * (proportions * row.log_ratio[k] - proportion_log) + asymmetry;
    by_proportion[k] += row.pi[k] * (mean_log - mass * row.log_ratio[k]) - asymmetry;
  }
  return proportions * mean_log - mass * proportion_log;
}

// sum_ab p^a q^(1 - a) separates: the product of two sums, of tau_k + e_k = pi_k r^a and of pi_k + f_k = pi_k r^(1-a),
// where e and f are small for a near 1, see Power. Exchanging the clusters exchanges a and 1 - a, so a may be taken to
// be at least 1/2. O(K).
double sum_of_powers(const Power& power, const Row& row, double* by_prediction, double* by_proportion) {
  const Power upper{std::max(power.order, 1 - power.order), power.scale, power.slope, power.constant};
  const double order = upper.order, linear = power.slope + power.constant;
  const auto forward_change = [&](std::size_t k) {
    return upper.change_from_p(row.tau[k], row.pi[k], row.log_ratio[k]);
  };
  const auto backward_change = [&](std::size_t k) { return row.pi[k] * std::expm1((1 - order) * row.log_ratio[k]); };
  double mass = 0, proportions = 0, forward = 0, backward = 0;
  for (std::size_t k = 0; k < row.k; ++k) {
    mass += row.tau[k];
    proportions += row.pi[k];
    forward += forward_change(k);
    backward += backward_change(k);
  }
  for (std::size_t k = 0; k < row.k; ++k) {
    const double tau = row.tau[k], pi = row.pi[k], e = forward_change(k), f = backward_change(k);
    const double ahead = (tau + e) * (proportions + backward), behind = (pi + f) * (mass + forward);
    by_prediction[k] += power.scale * ((order - linear) * tau * proportions +
                                       order * (e * (proportions + backward) + tau * backward) + (1 - order) * behind);
    by_proportion[k] += power.scale * ((order - linear) * pi * mass + order * (f * (mass + forward) + pi * forward) +
                                       (1 - order) * ahead);
  }
  return power.scale *
         ((1 - linear) * mass * proportions + mass * backward + proportions * forward + forward * backward);
}

class FDivergence final : public Objective {
 public:
  FDivergence(Divergence divergence, bool one_vs_one) : divergence_(divergence), one_vs_one_(one_vs_one) {}

  Status evaluate(const Batch& batch, Context& context, double factor, Totals& totals) const override {
    const Workspace::Frame frame(context.workspace);
    const Predictions& p = has_finite_limit() ? batch.exact() : batch.clipped();
    std::visit([&](const auto& divergence) { add(divergence, p, context.workspace, factor, totals); }, divergence_);
    return Status::ok();
  }

  Cost cost(std::size_t n, std::size_t k) const override {
    const double numbers = static_cast<double>(n) * static_cast<double>(k);
    return {numbers * (pairwise() ? static_cast<double>(k) : 1), 5 * numbers * sizeof(double)};
  }

 private:
  template <class F>
  void add(const F& f, const Predictions& p, Workspace& workspace, double factor, Totals& totals) const {
    if (!one_vs_one_) return one_vs_all(f, p, workspace, factor, totals);
    constexpr bool logarithmic =
        std::is_same_v<F, KullbackLeibler> || std::is_same_v<F, ReverseKullbackLeibler> || std::is_same_v<F, Jeffreys>;
    const auto row_sum = [&f](const Row& row, double* by_prediction, double* by_proportion) {
      if constexpr (logarithmic) return sum_of_logarithms(row, by_prediction, by_proportion);
      else if constexpr (std::is_same_v<F, Power>) return sum_of_powers(f, row, by_prediction, by_proportion);
      else return sum_over_pairs(f, row, by_prediction, by_proportion);
    };
    // Over all ordered pairs, Jeffreys' divergence counts Kullback-Leibler's twice.
    one_vs_one(row_sum, p, workspace, std::is_same_v<F, Jeffreys> ? 2 * factor : factor, totals);
  }

  bool has_finite_limit() const {
    const Power* power = std::get_if<Power>(&divergence_);
    return power == nullptr || (one_vs_one_ ? power->finite_one_vs_one() : power->finite_one_vs_all());
  }

  bool pairwise() const {
    return one_vs_one_ &&
           (std::holds_alternative<TotalVariation>(divergence_) || std::holds_alternative<JensenShannon>(divergence_) ||
            std::holds_alternative<LeCam>(divergence_));
  }

  Divergence divergence_;
  bool one_vs_one_;
};

// Closer to 0 or 1 than this, the alpha family is its limit there.
constexpr double kLimit = 1e-8;

Divergence alpha_family(double alpha) {
  if (std::abs(alpha - 1) < kLimit) return KullbackLeibler{};
  if (std::abs(alpha) < kLimit) return ReverseKullbackLeibler{};
  return Power::alpha(alpha);
}

struct Named {
  const char* name;
  Divergence divergence;
};

const Named kDivergences[] = {
    {"kl", KullbackLeibler{}},     {"reverse-kl", ReverseKullbackLeibler{}},
    {"tv", TotalVariation{}},      {"hellinger", Power::hellinger()},
    {"pearson", Power::pearson()}, {"half-chi2", Power::half_chi2()},
    {"neyman", Power::neyman()},   {"js", JensenShannon{}},
    {"jeffreys", Jeffreys{}},      {"lecam", LeCam{}},
};

const ObjectiveFactory registration("f-divergence", [](const Parameters& parameters, ObjectivePtr& out) -> Status {
  const std::string name = parameters.text("f");
  if (name == "alpha") {
    out = std::make_shared<FDivergence>(alpha_family(parameters.number("alpha", 1)), parameters.one_vs_one());
    return Status::ok();
  }
  for (const Named& each : kDivergences) {
    if (name != each.name) continue;
    out = std::make_shared<FDivergence>(each.divergence, parameters.one_vs_one());
    return Status::ok();
  }
  return {Code::kOutOfRange, explain("f", "the name of an f-divergence or { alpha: number }", quote(name))};
});

}  // namespace
}  // namespace genmi::objectives
