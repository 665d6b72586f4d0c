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
#include <array>
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
template <class T>
constexpr T kNone = std::numeric_limits<T>::lowest();

// Which columns of a row of scores are its positives, and which one is left out.
struct Roles {
  std::size_t rows, columns;
  std::size_t positives;  // of each row, side by side
  std::size_t shift;      // row i has its positives from (i + shift) % rows * positives on
  bool without_self;      // column i is no negative of row i
  double scale;           // of the scores
  double own;             // a score that counts as a negative, once for each positive

  // Where positive `each` of row `first_row + lane` is in the panel that begins with first_row.
  std::size_t place(std::size_t first_row, std::size_t lane, std::size_t each) const {
    return ((first_row + lane + shift) % rows * positives + each) * kPanel + lane;
  }
};

// Scales a panel of scores, and subtracts the largest one of each row, which it returns. Scores that are out of the sum
// over the negatives become kNone; those of the positives go to `positive`.
template <class T>
std::array<double, kPanel> prepare_panel(const Roles& roles, std::size_t first_row, double* positive, T* scores) {
  const std::size_t numbers = roles.columns * kPanel, lanes = std::min(kPanel, roles.rows - first_row);
  const auto leave_self_out = [&] {
    for (std::size_t lane = 0; roles.without_self && lane < lanes; ++lane)
      scores[(first_row + lane) * kPanel + lane] = kNone<T>;
  };
  leave_self_out();
  T greatest[kPanel];
  std::fill_n(greatest, kPanel, kNone<T>);
  for (std::size_t at = 0; at < numbers; at += kPanel)
    for (std::size_t lane = 0; lane < kPanel; ++lane) greatest[lane] = std::max(greatest[lane], scores[at + lane]);
  std::array<double, kPanel> largest;
  for (std::size_t lane = 0; lane < kPanel; ++lane)
    largest[lane] = std::max(roles.own, static_cast<double>(greatest[lane]) * roles.scale);
  for (std::size_t at = 0; at < numbers; at += kPanel)
    for (std::size_t lane = 0; lane < kPanel; ++lane)
      scores[at + lane] = static_cast<T>(static_cast<double>(scores[at + lane]) * roles.scale - largest[lane]);
  leave_self_out();
  for (std::size_t lane = 0; lane < lanes; ++lane)
    for (std::size_t each = 0; each < roles.positives; ++each)
      positive[each * kPanel + lane] =
          static_cast<double>(std::exchange(scores[roles.place(first_row, lane, each)], kNone<T>));
  return largest;
}

// Turns a panel of scores into `positives rows` times dL/ds, and returns the sum of log(exp(s_p) / D_p).
template <class T>
double contrast_panel(const Roles& roles, std::size_t first_row, const Context& context, double* positive, T* scores) {
  const std::size_t numbers = roles.columns * kPanel, lanes = std::min(kPanel, roles.rows - first_row);
  const std::array<double, kPanel> largest = prepare_panel(roles, first_row, positive, scores);
  context.kernels.panel<T>().exp(scores, numbers, scores);

  double negatives[kPanel] = {}, value = 0;
  T weight[kPanel] = {};
  for (std::size_t at = 0; at < numbers; at += kPanel)
    for (std::size_t lane = 0; lane < kPanel; ++lane) negatives[lane] += static_cast<double>(scores[at + lane]);
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    negatives[lane] += static_cast<double>(roles.positives) * std::exp(roles.own - largest[lane]);
    double sum = 0;
    for (std::size_t each = 0; each < roles.positives; ++each) {
      const double score = positive[each * kPanel + lane];
      const double denominator = std::exp(score) + negatives[lane];
      value += score - std::log(denominator);
      sum += 1 / denominator;
      positive[each * kPanel + lane] = -negatives[lane] / denominator;
    }
    weight[lane] = static_cast<T>(sum);
  }
  for (std::size_t at = 0; at < numbers; at += kPanel)
    for (std::size_t lane = 0; lane < kPanel; ++lane) scores[at + lane] *= weight[lane];
  for (std::size_t lane = 0; lane < lanes; ++lane)
    for (std::size_t each = 0; each < roles.positives; ++each)
      scores[roles.place(first_row, lane, each)] = static_cast<T>(positive[each * kPanel + lane]);
  return value;
}

// The same for all panels; returns L.
template <class T>
double contrast(const Roles& roles, const Context& context, T* scores) {
  constexpr double kNanosecondsPerScore = 1;
  const Workspace::Frame frame(context.workspace);
  const std::size_t panels = simd::panels_of(roles.rows), size = roles.columns * kPanel;
  const std::span<double> values = context.workspace.take_zeroed<double>(panels);
  const std::size_t scratch = roles.positives * kPanel;
  const std::span<double> positives = context.workspace.take<double>(context.slots() * scratch);
  context.for_each_range(panels, 1, kNanosecondsPerScore * static_cast<double>(roles.rows * roles.columns),
                         [&](std::size_t p, std::size_t, std::size_t slot) {
                           if (context.cancelled()) return;
                           values[p] = contrast_panel(roles, p * kPanel, context, positives.data() + slot * scratch,
                                                      scores + p * size);
                         });
  double sum = 0;
  for (const double each : values) sum -= each;
  return sum / static_cast<double>(roles.rows * roles.positives);
}

// The rows of both views with length 1, those of b after those of a. A row's length is size * root; squares neither
// overflow nor vanish.
template <class T>
struct Directions {
  Features<T> z;
  std::span<double> sizes, roots;

  Directions(std::size_t rows, std::size_t columns, Workspace& workspace)
      : z(rows, columns, workspace), sizes(workspace.take<double>(rows)), roots(workspace.take<double>(rows)) {}

  // Reads a view into the rows from `first` on.
  Status read(MatrixView<T> view, const char* argument, std::size_t first, const Context& context) {
    if (Status status = check_finite(view, argument, context); !status) return status;
    for (std::size_t i = 0; i < view.rows; ++i) {
      const T* const row = view.row(i);
      T size = 0;
      for (std::size_t f = 0; f < view.columns; ++f) size = std::max(size, std::abs(row[f]));
      if (size == 0)
        return {Code::kOutOfRange,
                explain(argument, "rows with a direction", "only zeros in row " + std::to_string(i))};
      double squares = 0;
      for (std::size_t f = 0; f < view.columns; ++f) {
        const auto part = static_cast<double>(row[f] / size);
        squares += part * part;
      }
      sizes[first + i] = static_cast<double>(size);
      roots[first + i] = std::sqrt(squares);
      for (std::size_t f = 0; f < view.columns; ++f)
        z.set(first + i, f, static_cast<T>(static_cast<double>(row[f] / size) / roots[first + i]));
    }
    return Status::ok();
  }

  // dL/d(row) is the part of `factor` dL/dz across z, over the length of the row.
  void write_gradient(const T* by_z, std::size_t first, std::size_t rows, double factor, T* out) const {
    const std::size_t d = z.length;
    for (std::size_t i = first; i < first + rows; ++i, out += d) {
      const std::size_t begin = simd::place_in_panels(i, 0, d);
      const auto slope = [&](std::size_t f) { return static_cast<double>(by_z[begin + f * kPanel]); };
      const auto unit = [&](std::size_t f) { return static_cast<double>(z.by_vector[begin + f * kPanel]); };
      double along = 0;
      for (std::size_t f = 0; f < d; ++f) along += slope(f) * unit(f);
      for (std::size_t f = 0; f < d; ++f)
        out[f] = static_cast<T>(factor * (slope(f) - along * unit(f)) / sizes[i] / roots[i]);
    }
  }
};

// Adds its transpose to a square matrix in panels, block by block.
template <class T>
void add_transpose(std::size_t size, T* matrix) {
  const auto add = [&](std::size_t i, std::size_t j) {
    T &lower = matrix[simd::place_in_panels(i, j, size)], &upper = matrix[simd::place_in_panels(j, i, size)];
    lower = upper = lower + upper;
  };
  for (std::size_t i = 0; i < size; i += kPanel)
    for (std::size_t j = 0; j <= i; j += kPanel)
      for (std::size_t row = i; row < std::min(i + kPanel, size); ++row)
        for (std::size_t column = j; column < std::min(j + kPanel, i == j ? row : size); ++column) add(row, column);
}

}  // namespace

template <class T>
Status nt_xent(const Call<T>& call, double& value) {
  const Context& context = call.context;
  const std::size_t n = call.a.rows;
  Directions<T> directions(2 * n, call.a.columns, context.workspace);
  if (Status status = directions.read(call.a, "a", 0, context); !status) return status;
  if (Status status = directions.read(call.b, "b", n, context); !status) return status;

  T* const by_score = scores(directions.z, directions.z, context);
  value = contrast({2 * n, 2 * n, 1, n, true, 1 / call.parameter, -std::numeric_limits<double>::infinity()}, context,
                   by_score);
  if (context.cancelled()) return aborted();
  if (call.by_a == nullptr && call.by_b == nullptr) return Status::ok();

  add_transpose(2 * n, by_score);  // both factors of a score are z
  const T* const by_z = through_scores(by_score, 2 * n, directions.z, context);
  if (context.cancelled()) return aborted();
  const double factor = 1 / (2 * static_cast<double>(n) * call.parameter);
  if (call.by_a != nullptr) directions.write_gradient(by_z, 0, n, factor, call.by_a);
  if (call.by_b != nullptr) directions.write_gradient(by_z, n, n, factor, call.by_b);
  return Status::ok();
}

template Status nt_xent(const Call<float>&, double&);
template Status nt_xent(const Call<double>&, double&);

Status info_nce(const Call<double>& call, double& value) {
  ScoredViews views(call);
  if (Status status = views.read(call); !status) return status;
  const std::size_t positives = views.n * views.locations;
  value = contrast({views.n, positives, views.locations, 0, false, 1, call.parameter}, call.context, views.scores);
  if (call.context.cancelled()) return aborted();
  return views.write_gradients(call, 1 / static_cast<double>(positives));
}

}  // namespace genmi::pairs
