// The entropies that the papers add as regularisers: of the proportions (balanced clusters) and of the predictions
// (unsure ones). Mutual information is their difference.
#include <cmath>

#include "genmi/objective.h"

namespace genmi::objectives {
namespace {

// H(pi) = -sum_k pi_k log pi_k, in [0, log K]. Cost O(N K).
class ProportionEntropy final : public Objective {
 public:
  Status evaluate(const Batch& batch, Context&, double factor, Totals& totals) const override {
    const Predictions& p = batch.exact();
    const double* log_pi = p.log_pi();
    for (std::size_t k = 0; k < p.k(); ++k) totals.value -= factor * p.pi()[k] * log_pi[k];
    if (totals.log_gradient == nullptr) return Status::ok();
    const double share = factor / static_cast<double>(p.n());
    for (std::size_t i = 0; i < p.n(); ++i)
      for (std::size_t k = 0; k < p.k(); ++k)
        totals.log_gradient[i * p.k() + k] -= share * p.tau()[i * p.k() + k] * (log_pi[k] + 1);
    return Status::ok();
  }

  Cost cost(std::size_t n, std::size_t k) const override { return {static_cast<double>(n * k), 0}; }
};

// -1/N sum_ik tau_ik log tau_ik, in [0, log K]. Cost O(N K).
class PredictionEntropy final : public Objective {
 public:
  Status evaluate(const Batch& batch, Context& context, double factor, Totals& totals) const override {
    const Workspace::Frame frame(context.workspace);
    const Predictions& p = batch.exact();
    const double *log_ratio = p.log_ratio(), *log_pi = p.log_pi();
    const double share = factor / static_cast<double>(p.n());
    for (std::size_t i = 0; i < p.n(); ++i) {
      for (std::size_t k = 0; k < p.k(); ++k) {
        const std::size_t at = i * p.k() + k;
        const double log_tau = log_ratio[at] + log_pi[k];
        totals.value -= share * p.tau()[at] * log_tau;
        if (totals.log_gradient != nullptr) totals.log_gradient[at] -= share * p.tau()[at] * (log_tau + 1);
      }
    }
    return Status::ok();
  }

  Cost cost(std::size_t n, std::size_t k) const override { return {static_cast<double>(n * k), 0}; }
};

const ObjectiveFactory registration("entropy", [](const Parameters& parameters, ObjectivePtr& out) -> Status {
  if (parameters.text("of") == "proportions") out = std::make_shared<ProportionEntropy>();
  else out = std::make_shared<PredictionEntropy>();
  return Status::ok();
});

}  // namespace
}  // namespace genmi::objectives
