#include "objectives/comparisons.h"

namespace genmi::objectives {

std::span<Comparison> make_comparisons(const Predictions& p, bool one_vs_one, Workspace& workspace) {
  const std::size_t k = p.k();
  const double* pi = p.pi();
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

void add_log_gradient(const Predictions& p, std::span<const Comparison> comparisons, const double* distances,
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
