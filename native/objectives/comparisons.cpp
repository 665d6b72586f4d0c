#include "objectives/comparisons.h"

namespace genmi::objectives {
namespace {

template <class T, class Evaluate>
Status add(const Batch<T>& batch, Context& context, Totals<T>& totals, const Evaluate& evaluate) {
  const Workspace::Frame frame(context.workspace);
  const DensityRatios p(batch, context.workspace);
  const std::size_t n = p.n(), k = p.k(), numbers = totals.with_gradient() ? n * k : 0;
  const std::span<double> log_gradient = context.workspace.take_zeroed<double>(numbers);
  RatioTotals own{0, numbers == 0 ? nullptr : log_gradient.data()};
  if (Status status = evaluate(p, own); !status) return status;
  totals.value += own.value;
  totals.prepare_to_add();
  for (std::size_t at = 0; at < numbers; ++at)
    totals.log_gradient[batch.exact().offset(at / k) + at % k * simd::kPanel] += static_cast<T>(log_gradient[at]);
  return Status::ok();
}

}  // namespace

Status RatioObjective::evaluate(const Batch<float>& batch, Context& context, double factor,
                                Totals<float>& totals) const {
  return add(batch, context, totals,
             [&](const DensityRatios& p, RatioTotals& own) { return evaluate(p, context, factor, own); });
}

Status RatioObjective::evaluate(const Batch<double>& batch, Context& context, double factor,
                                Totals<double>& totals) const {
  return add(batch, context, totals,
             [&](const DensityRatios& p, RatioTotals& own) { return evaluate(p, context, factor, own); });
}

std::span<Comparison> make_comparisons(const double* pi, std::size_t k, bool one_vs_one, Workspace& workspace) {
  if (!one_vs_one) {
    const std::span<Comparison> clusters = workspace.take<Comparison>(k);
    for (std::size_t a = 0; a < k; ++a) clusters[a] = {a, kAllData, pi[a], 1, 0};
    return clusters;
  }
  const std::span<Comparison> pairs = workspace.take<Comparison>(k * (k - 1) / 2);
  std::size_t next = 0;
  for (std::size_t a = 0; a < k; ++a)
    for (std::size_t b = a + 1; b < k; ++b) pairs[next++] = {a, b, 2 * pi[a] * pi[b], 2 * pi[b], 2 * pi[a]};
  return pairs;
}

void add_log_gradient(const DensityRatios& p, std::span<const Comparison> comparisons, const double* distances,
                      const double* by_ratio, double factor, Workspace& workspace, double* log_gradient) {
  const std::size_t n = p.n(), k = p.k();
  const double share = 1 / static_cast<double>(n);
  const double* ratio = p.ratio();
  const std::span<double> by_proportion = workspace.take_zeroed<double>(k);
  for (std::size_t c = 0; c < comparisons.size(); ++c) {
    by_proportion[comparisons[c].a] += comparisons[c].by_pi_a * distances[c];
    if (comparisons[c].b != kAllData) by_proportion[comparisons[c].b] += comparisons[c].by_pi_b * distances[c];
  }
  // pi is a mean over the batch, so every sample's gradient sees what the others' ratios do: <r, by_ratio> / N.
  const std::span<double> mean = workspace.take_zeroed<double>(k);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t a = 0; a < k; ++a) mean[a] += ratio[i * k + a] * by_ratio[i * k + a] * share;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t a = 0; a < k; ++a) {
      const std::size_t at = i * k + a;
      log_gradient[at] += factor * (ratio[at] * (by_ratio[at] - mean[a]) + p.tau()[at] * by_proportion[a] * share);
    }
  }
}

}  // namespace genmi::objectives
