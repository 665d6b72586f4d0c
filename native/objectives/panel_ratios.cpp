#include "objectives/panel_ratios.h"

#include <algorithm>

namespace genmi::objectives {
namespace {

using simd::kPanel;

// Calls lanes(k, at, count) for every column of every panel, with the number of samples in it.
template <class Lanes>
void for_each_column(std::size_t n, std::size_t k, const Lanes& lanes) {
  for (std::size_t p = 0; p < simd::panels_of(n); ++p)
    for (std::size_t a = 0; a < k; ++a) lanes(a, (p * k + a) * kPanel, std::min(kPanel, n - p * kPanel));
}

}  // namespace

template <class T, class S>
void centred_ratios(const Predictions<T>& p, S* out) {
  for_each_column(p.n(), p.k(), [&](std::size_t a, std::size_t at, std::size_t count) {
    std::fill(out + at + count, out + at + kPanel, S{0});
    if (p.is_known_by_logarithm(a)) {
      for (std::size_t i = at; i < at + count; ++i) out[i] = static_cast<S>(p.ratio_by_logarithm(a, i) - 1);
    } else {
      const double pi = p.pi()[a], rest = p.pi_rest()[a], inverse = 1 / pi;
      for (std::size_t i = at; i < at + count; ++i)
        out[i] = static_cast<S>((static_cast<double>(p.tau()[i]) - pi - rest) * inverse);
    }
  });
}

template <class S>
void centred_ratios(const DensityRatios& p, S* out) {
  for_each_column(p.n(), p.k(), [&](std::size_t a, std::size_t at, std::size_t count) {
    std::fill(out + at + count, out + at + kPanel, S{0});
    const double* ratio = p.ratio() + at / (p.k() * kPanel) * kPanel * p.k() + a;
    for (std::size_t i = 0; i < count; ++i) out[at + i] = static_cast<S>(ratio[i * p.k()] - 1);
  });
}

template <class T, class S>
void add_log_gradient(const Predictions<T>& p, std::span<const Comparison> comparisons,
                      std::span<const double> distances, const S* by_ratio, double factor,
                      std::span<double> by_proportion, Totals<T>& totals) {
  for (std::size_t c = 0; c < comparisons.size(); ++c) {
    const Comparison& pair = comparisons[c];
    by_proportion[pair.a] += factor * p.pi()[pair.a] * pair.by_pi_a * distances[c];
    if (pair.b != kAllData) by_proportion[pair.b] += factor * p.pi()[pair.b] * pair.by_pi_b * distances[c];
  }
  totals.prepare_to_add();
  for_each_column(p.n(), p.k(), [&](std::size_t a, std::size_t at, std::size_t count) {
    double sum = 0;
    const double by_tau = factor / p.pi()[a];
    const bool by_logarithm = p.is_known_by_logarithm(a);
    for (std::size_t i = at; i < at + count; ++i) {
      const double ratio =
          by_logarithm ? factor * p.ratio_by_logarithm(a, i) : by_tau * static_cast<double>(p.tau()[i]);
      const double by_log = ratio * static_cast<double>(by_ratio[i]);
      totals.log_gradient[i] += static_cast<T>(by_log);
      sum += by_log;
    }
    by_proportion[a] -= sum;
  });
}

#define GENMI_INSTANTIATE(T, S)                                                                               \
  template void centred_ratios(const Predictions<T>&, S*);                                                    \
  template void add_log_gradient(const Predictions<T>&, std::span<const Comparison>, std::span<const double>, \
                                 const S*, double, std::span<double>, Totals<T>&);
GENMI_INSTANTIATE(float, float)
GENMI_INSTANTIATE(float, double)
GENMI_INSTANTIATE(double, float)
GENMI_INSTANTIATE(double, double)
#undef GENMI_INSTANTIATE
template void centred_ratios(const DensityRatios&, float*);
template void centred_ratios(const DensityRatios&, double*);

}  // namespace genmi::objectives
