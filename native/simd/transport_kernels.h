// The vector kernels of exact transport. All give the same bits on every instruction set: minima do not depend on an
// order, sums have a fixed one, and nothing is fused.
#pragma once

#include <cstddef>
#include <cstdint>

namespace genmi::simd {

// Rows are padded to a multiple of this many entries where a kernel says so.
inline constexpr std::size_t kPadding = 32;
// How many rows scale_rows takes at a time.
inline constexpr std::size_t kSinkhornRows = 4;
// What is less counts as this in the Gibbs kernel, and as 0 in what it is multiplied by: their products are normal
// numbers, where some processors take a hundred times as long for others.
inline constexpr float kLeastGibbs = 1e-24f, kLeastGibbsWeight = 1e-12f;
// How many rows coarse_minima takes at a time.
inline constexpr std::size_t kCoarseRows = 4;

// Costs in 16 bits are below this, and potentials within it of a centre: their differences fit too.
inline constexpr int kCoarseRange = 1 << 14;

constexpr std::size_t padded(std::size_t count) { return (count + kPadding - 1) / kPadding * kPadding; }

// Costs in padded rows of `stride` and the potentials of both sides in 16 bits, which hold their differences too.
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

  // The same in float64, over costs as they are in memory; count is any.
  double (*exact_minimum_single)(const float* costs, const double* prices, std::size_t count);
  double (*exact_minimum_double)(const double* costs, const double* prices, std::size_t count);
  // min_j costs[j] - |potentials[j] - own|.
  double (*exact_slack_single)(const float* costs, const double* potentials, double own, std::size_t count);
  double (*exact_slack_double)(const double* costs, const double* potentials, double own, std::size_t count);
  // targets[j] = min(targets[j], costs[j] - price).
  void (*lower_single)(const float* costs, double price, double* targets, std::size_t count);
  void (*lower_double)(const double* costs, double price, double* targets, std::size_t count);

  // minima[r] = min_j rows[r][j] - prices[j] for kCoarseRows padded rows, in 16 bits that must hold the differences.
  void (*coarse_minima)(const std::int16_t* const* rows, const std::int16_t* prices, std::size_t count,
                        std::int16_t* minima);
  // out[j] = the least integer not below (prices[j] - centre) * inverse_unit, from -kCoarseRange to kCoarseRange - 1.
  void (*coarse_prices)(const float* prices, float centre, float inverse_unit, std::int16_t* out, std::size_t count);
  // The least of costs(i, j) + row_potentials[i] - column_potentials[j], but for stretches of j in which the same in 16
  // bits is nowhere below the margin; infinity if there are no others. `count` rows of `columns` costs. The second pair
  // is for symmetric costs between points: it looks at both directions of each pair at once.
  double (*close_slack_single)(const CoarsePotentials& coarse, const float* costs, const double* row_potentials,
                               const double* column_potentials, std::size_t count, std::size_t columns);
  double (*close_slack_double)(const CoarsePotentials& coarse, const double* costs, const double* row_potentials,
                               const double* column_potentials, std::size_t count, std::size_t columns);
  double (*close_pair_slack_single)(const CoarsePotentials& coarse, const float* costs, const double* row_potentials,
                                    const double* column_potentials, std::size_t count, std::size_t columns);
  double (*close_pair_slack_double)(const CoarsePotentials& coarse, const double* costs, const double* row_potentials,
                                    const double* column_potentials, std::size_t count, std::size_t columns);

  // Sinkhorn's iteration, on padded rows of the Gibbs kernel exp((row_price + prices[j] - costs[j]) / epsilon), kept
  // within e^-55, which is kLeastGibbs and a little, and e^80.
  void (*gibbs_row)(const float* costs, float row_price, const float* prices, float inverse_epsilon, float* kernel,
                    std::size_t count);
  // kernel[j] = (row_scale * kernel[j] * scales[j])^2, the kernel of half the epsilon with the scalings absorbed; kept
  // within kLeastGibbs and 1e36.
  void (*square_row)(float* kernel, float row_scale, const float* scales, std::size_t count);
  // For each of kSinkhornRows rows: scales[r] = 1 / <kernel_r, columns>, at most 1e30; then
  // sums += sum_r weights[r] scales[r] kernel_r. Neither columns nor weights[r] scales[r] count below
  // kLeastGibbsWeight: the caller has made such columns 0.
  void (*scale_rows)(const float* kernel, const float* columns, const float* weights, float* scales, float* sums,
                     std::size_t count);
  // scales[j] = 1 / sums[j], at most 1e30, or, `relaxed`, half as far again from where it was, on a scale of
  // logarithms.
  void (*scale_columns)(const float* sums, bool relaxed, float* scales, std::size_t count);
};

}  // namespace genmi::simd
