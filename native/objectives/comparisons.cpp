#include "objectives/comparisons.h"

namespace genmi::objectives {

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

}  // namespace genmi::objectives
