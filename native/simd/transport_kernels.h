// The vector kernels of exact transport. All give the same bits on every instruction set: minima do not depend on an
// order, sums have a fixed one, and nothing is fused.
#pragma once

#include <cstddef>
#include <cstdint>

namespace genmi::simd {

// Padded rows have a multiple of this many entries.
inline constexpr std::size_t kPadding = 32;
// The number of rows that scale_rows takes at a time.
inline constexpr std::size_t kSinkhornRows = 4;
// Entries of the Gibbs kernel are at least kLeastGibbs. Factors below kLeastGibbsWeight count as 0. All products are
// then normal numbers: some processors take a hundred times as long for denormal ones.
inline constexpr float kLeastGibbs = 1e-24f, kLeastGibbsWeight = 1e-12f;
// The number of rows that coarse_minima takes at a time.
inline constexpr std::size_t kCoarseRows = 4;

// Costs in 16 bits are below kCoarseRange. Potentials differ from a centre by at most that: differences fit 16 bits.
inline constexpr int kCoarseRange = 1 << 14;

constexpr std::size_t padded(std::size_t count) { return (count + kPadding - 1) / kPadding * kPadding; }

// Costs in padded rows, `stride` numbers apart, and the potentials of both sides: all in 16 bits, as their differences.
struct CoarsePotentials {
  const std::int16_t *costs, *rows, *columns;
  std::size_t stride;
  std::int16_t margin;
};

struct TransportKernels {
  // min_j costs[j] - prices[j] over a padded row; 3e38 where all prices are -infinity.
  float (*row_minimum)(const float* costs, const float* prices, std::size_t count);
  // The first j at which costs[j] - prices[j] is `minimum`, which row_minimum has found.
  std::size_t (*find_minimum)(const float* costs, const float* prices, std::size_t count, float minimum);

  // min_j costs[j] - prices[j] in float64, over unpadded costs, for any count.
  double (*exact_minimum_single)(const float* costs, const double* prices, std::size_t count);
  double (*exact_minimum_double)(const double* costs, const double* prices, std::size_t count);
  // min_j costs[j] - |potentials[j] - own|.
  double (*exact_slack_single)(const float* costs, const double* potentials, double own, std::size_t count);
  double (*exact_slack_double)(const double* costs, const double* potentials, double own, std::size_t count);
  // targets[j] = min(targets[j], costs[j] - price).
  void (*lower_single)(const float* costs, double price, double* targets, std::size_t count);
  void (*lower_double)(const double* costs, double price, double* targets, std::size_t count);

  // minima[r] = min_j rows[r][j] - prices[j] for kCoarseRows padded rows. All differences must fit 16 bits.
  void (*coarse_minima)(const std::int16_t* const* rows, const std::int16_t* prices, std::size_t count,
                        std::int16_t* minima);
  // out[j] = the least integer not below (prices[j] - centre) * inverse_unit, from -kCoarseRange to kCoarseRange - 1.
  void (*coarse_prices)(const float* prices, float centre, float inverse_unit, std::int16_t* out, std::size_t count);
  // min costs(i, j) + row_potentials[i] - column_potentials[j] over `count` rows of `columns` costs. Stretches of j are
  // skipped where the 16-bit difference is nowhere below the margin; infinity if all are. close_pair_slack is for
  // symmetric costs between points: it looks at both directions of each pair at once.
  double (*close_slack_single)(const CoarsePotentials& coarse, const float* costs, const double* row_potentials,
                               const double* column_potentials, std::size_t count, std::size_t columns);
  double (*close_slack_double)(const CoarsePotentials& coarse, const double* costs, const double* row_potentials,
                               const double* column_potentials, std::size_t count, std::size_t columns);
  double (*close_pair_slack_single)(const CoarsePotentials& coarse, const float* costs, const double* row_potentials,
                                    const double* column_potentials, std::size_t count, std::size_t columns);
  double (*close_pair_slack_double)(const CoarsePotentials& coarse, const double* costs, const double* row_potentials,
                                    const double* column_potentials, std::size_t count, std::size_t columns);

  // Sinkhorn's iteration works on padded rows of the Gibbs kernel exp((row_price + prices[j] - costs[j]) / epsilon),
  // clamped to [e^-55, e^80]; e^-55 is a little above kLeastGibbs.
  void (*gibbs_row)(const float* costs, float row_price, const float* prices, float inverse_epsilon, float* kernel,
                    std::size_t count);
  // kernel[j] = (row_scale * kernel[j] * scales[j])^2, clamped to [kLeastGibbs, 1e36]: the kernel for half the epsilon,
  // with the scalings absorbed.
  void (*square_row)(float* kernel, float row_scale, const float* scales, std::size_t count);
  // For kSinkhornRows rows: scales[r] = 1 / <kernel_r, columns>, at most 1e30; then
  // sums += sum_r weights[r] scales[r] kernel_r. A weights[r] scales[r] below kLeastGibbsWeight counts as 0; the caller
  // has set columns below it to 0.
  void (*scale_rows)(const float* kernel, const float* columns, const float* weights, float* scales, float* sums,
                     std::size_t count);
  // scales[j] = next = 1 / sums[j], at most 1e30. If relaxed: log scales[j] moves to log next, and half as far again.
  void (*scale_columns)(const float* sums, bool relaxed, float* scales, std::size_t count);

  // out[i] = weights[0] in[i] + sum_d weights[d] (in[i - d step] + in[i + d step]) for d = 1 … reach, for any count;
  // added to out[i] if `adds`.
  void (*filter)(const double* in, std::size_t step, const double* weights, std::size_t reach, std::size_t count,
                 bool adds, double* out);
};

}  // namespace genmi::simd
