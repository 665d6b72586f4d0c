// Losses that contrast positive pairs with negative ones: NT-Xent and InfoNCE.
//
// Row i of the scores s has positives and negatives; Z_i is the sum of exp(s) over the negatives, and what else counts
// as negative. L is the mean over all positives of -log(exp(s_p) / (exp(s_p) + Z_i)). With D_p = exp(s_p) + Z_i,
// dL/ds of a positive is -Z_i / D_p, of a negative exp(s) sum_p 1 / D_p, each over the number of positives.
//
// Sources: Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", 2020, eq. (1);
// van den Oord et al., "Representation Learning with Contrastive Predictive Coding", 2018, eq. (4), over locations as
// in Hjelm et al., "Learning deep representations by mutual information estimation and maximization", 2019, eq. (7).
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "objectives/predictions.h"
#include "pairs/features.h"
#include "pairs/losses.h"
#include "simd/kernels.h"

namespace genmi::pairs {
namespace {

using simd::kPanel;

// A score whose exponential is 0.
constexpr double kNone = -1e300;

// Which columns of a row of scores are its positives, and which one is left out.
struct Roles {
  std::size_t rows, columns;
  std::size_t positives;  // of each row, side by side
  std::size_t shift;      // row i has its positives from (i + shift) % rows * positives on
  bool without_self;      // column i is no negative of row i
  double scale;           // of the scores
  double own;             // a score that counts as a negative, once for each positive

  std::size_t first_positive(std::size_t row) const { return (row + shift) % rows * positives; }
};

// Turns a panel of scores into `positives rows` times dL/ds, and returns the sum of log(exp(s_p) / D_p).
double contrast_panel(const Roles& roles, std::size_t first_row, const Context& context, std::span<double> positive,
                      double* scores) {
  const std::size_t numbers = roles.columns * kPanel, lanes = std::min(kPanel, roles.rows - first_row);
  double largest[kPanel];
  std::fill_n(largest, kPanel, std::isfinite(roles.own) ? roles.own : kNone);
  for (std::size_t at = 0; at < numbers; ++at) scores[at] *= roles.scale;
  for (std::size_t lane = 0; roles.without_self && lane < lanes; ++lane)
    scores[(first_row + lane) * kPanel + lane] = kNone;
  for (std::size_t at = 0; at < numbers; at += kPanel)
    for (std::size_t lane = 0; lane < kPanel; ++lane) largest[lane] = std::max(largest[lane], scores[at + lane]);
  for (std::size_t at = 0; at < numbers; at += kPanel)
    for (std::size_t lane = 0; lane < kPanel; ++lane) scores[at + lane] -= largest[lane];
  const auto place = [&](std::size_t lane, std::size_t each) {
    return (roles.first_positive(first_row + lane) + each) * kPanel + lane;
  };
  for (std::size_t lane = 0; lane < lanes; ++lane)
    for (std::size_t each = 0; each < roles.positives; ++each)
      positive[each * kPanel + lane] = std::exchange(scores[place(lane, each)], kNone);
  context.kernels.panel<double>().exp(scores, numbers, scores);

  double negatives[kPanel] = {}, value = 0;
  double weight[kPanel] = {};
  for (std::size_t at = 0; at < numbers; at += kPanel)
    for (std::size_t lane = 0; lane < kPanel; ++lane) negatives[lane] += scores[at + lane];
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    const double shift = largest[lane];
    negatives[lane] += static_cast<double>(roles.positives) * std::exp(roles.own - shift);
    double sum = 0;
    for (std::size_t each = 0; each < roles.positives; ++each) {
      const double score = positive[each * kPanel + lane];
      const double denominator = std::exp(score) + negatives[lane];
      value += score - std::log(denominator);
      sum += 1 / denominator;
      positive[each * kPanel + lane] = -negatives[lane] / denominator;
    }
    weight[lane] = sum;
  }
  for (std::size_t at = 0; at < numbers; at += kPanel)
    for (std::size_t lane = 0; lane < kPanel; ++lane) scores[at + lane] *= weight[lane];
  for (std::size_t lane = 0; lane < lanes; ++lane)
    for (std::size_t each = 0; each < roles.positives; ++each)
      scores[place(lane, each)] = positive[each * kPanel + lane];
  return value;
}

// The same for all panels; returns L.
double contrast(const Roles& roles, const Context& context, double* scores) {
  constexpr double kNanosecondsPerScore = 1;
  const Workspace::Frame frame(context.workspace);
  const std::size_t panels = simd::panels_of(roles.rows), size = roles.columns * kPanel;
  const std::span<double> values = context.workspace.take_zeroed<double>(panels);
  const std::size_t scratch = roles.positives * kPanel;
  const std::span<double> positives = context.workspace.take<double>(context.slots() * scratch);
  context.for_each_range(panels, 1, kNanosecondsPerScore * static_cast<double>(roles.rows * roles.columns),
                         [&](std::size_t p, std::size_t, std::size_t slot) {
                           if (context.cancelled()) return;
                           values[p] = contrast_panel(roles, p * kPanel, context,
                                                      positives.subspan(slot * scratch, scratch), scores + p * size);
                         });
  double sum = 0;
  for (const double each : values) sum -= each;
  return sum / static_cast<double>(roles.rows * roles.positives);
}

// The rows of a view with length 1, from row `first` on. A row's length is size * root; squares neither overflow nor
// vanish.
Status normalise(MatrixView<double> view, const char* argument, std::size_t first, Features& features, double* sizes,
                 double* roots) {
  for (std::size_t i = 0; i < view.rows; ++i) {
    double size = 0, sum = 0;
    for (std::size_t f = 0; f < view.columns; ++f) size = std::max(size, std::abs(view(i, f)));
    if (size == 0)
      return {Code::kOutOfRange, explain(argument, "rows with a direction", "only zeros in row " + std::to_string(i))};
    for (std::size_t f = 0; f < view.columns; ++f) sum += std::pow(view(i, f) / size, 2);
    sizes[first + i] = size;
    roots[first + i] = std::sqrt(sum);
    for (std::size_t f = 0; f < view.columns; ++f) features.set(first + i, f, view(i, f) / size / roots[first + i]);
  }
  return Status::ok();
}

}  // namespace

Status nt_xent(const Call<double>& call, double& value) {
  const Context& context = call.context;
  const std::size_t n = call.a.rows, d = call.a.columns;
  if (Status status = check_finite(call.a, "a", context); !status) return status;
  if (Status status = check_finite(call.b, "b", context); !status) return status;
  Features z(2 * n, d, context.workspace);
  const std::span<double> sizes = context.workspace.take<double>(2 * n), roots = context.workspace.take<double>(2 * n);
  if (Status status = normalise(call.a, "a", 0, z, sizes.data(), roots.data()); !status) return status;
  if (Status status = normalise(call.b, "b", n, z, sizes.data(), roots.data()); !status) return status;

  double* const by_score = scores(z, z, context);
  value = contrast({2 * n, 2 * n, 1, n, true, 1 / call.parameter, -std::numeric_limits<double>::infinity()}, context,
                   by_score);
  if (context.cancelled()) return aborted();
  if (call.by_a == nullptr && call.by_b == nullptr) return Status::ok();

  // Both factors of a score are z: the derivatives are those of a symmetric matrix.
  for (std::size_t i = 0; i < 2 * n; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      double &lower = by_score[simd::place_in_panels(i, j, 2 * n)],
             &upper = by_score[simd::place_in_panels(j, i, 2 * n)];
      lower = upper = lower + upper;
    }
  const double* const by_z = through_scores(by_score, 2 * n, z, context);
  if (context.cancelled()) return aborted();
  const double factor = 1 / (2 * static_cast<double>(n) * call.parameter);
  for (std::size_t i = 0; i < 2 * n; ++i) {
    double* const out = i < n ? call.by_a : call.by_b;
    if (out == nullptr) continue;
    const auto slope = [&](std::size_t f) { return by_z[simd::place_in_panels(i, f, d)]; };
    double along = 0;
    for (std::size_t f = 0; f < d; ++f) along += slope(f) * z.at(i, f);
    for (std::size_t f = 0; f < d; ++f)
      out[i % n * d + f] = factor * (slope(f) - along * z.at(i, f)) / sizes[i] / roots[i];
  }
  return Status::ok();
}

Status info_nce(const Call<double>& call, double& value) {
  ScoredViews views(call);
  if (Status status = views.read(call); !status) return status;
  const std::size_t positives = views.n * views.locations;
  value = contrast({views.n, positives, views.locations, 0, false, 1, call.parameter}, call.context, views.scores);
  if (call.context.cancelled()) return aborted();
  return views.write_gradients(call, 1 / static_cast<double>(positives));
}

}  // namespace genmi::pairs
