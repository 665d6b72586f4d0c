// The entropies that the papers add as regularisers: of the proportions (balanced clusters) and of the predictions
// (unsure ones). Mutual information is their difference.
#include "objectives/divergence_blocks.h"

namespace genmi::objectives {
namespace {

// H(pi) = -sum_k pi_k log pi_k, in [0, log K]. Cost O(N K), for pi.
class ProportionEntropy final : public InBothPrecisions<ProportionEntropy> {
 public:
  template <class T>
  Status add(const Batch<T>& batch, const Context&, double factor, Totals<T>& totals) const {
    const Predictions<T>& p = batch.exact();
    for (std::size_t k = 0; k < p.k(); ++k) totals.value -= factor * p.pi()[k] * p.log_pi()[k];
    if (!totals.with_gradient()) return Status::ok();
    const std::span<double> by_proportion = batch.by_proportion(p, totals);
    for (std::size_t k = 0; k < p.k(); ++k) by_proportion[k] -= factor * p.pi()[k] * (p.log_pi()[k] + 1);
    return Status::ok();
  }

  Cost cost(std::size_t n, std::size_t k) const override { return {static_cast<double>(n * k), 0}; }
  double largest_slope(std::size_t, double, double logarithm) const override { return logarithm + 1; }
};

// -1/N sum_ik tau_ik log tau_ik, in [0, log K]. Cost O(N K).
class PredictionEntropy final : public InBothPrecisions<PredictionEntropy> {
 public:
  template <class T>
  Status add(const Batch<T>& batch, const Context& context, double factor, Totals<T>& totals) const {
    return add_over_blocks(context.kernels.panel<T>().entropy, {}, batch, batch.exact(), context, factor, totals);
  }

  Cost cost(std::size_t n, std::size_t k) const override { return {static_cast<double>(n * k), 0}; }
  double largest_slope(std::size_t, double, double logarithm) const override { return logarithm + 1; }
};

const ObjectiveFactory registration("entropy", [](const Parameters& parameters, ObjectivePtr& out) -> Status {
  if (parameters.text("of") == "proportions") out = std::make_shared<ProportionEntropy>();
  else out = std::make_shared<PredictionEntropy>();
  return Status::ok();
});

}  // namespace
}  // namespace genmi::objectives
