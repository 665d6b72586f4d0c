// Projected Sinkhorn: block coordinate ascent on the dual of
//   min lambda / 2 |w - z|^2 + sum P log P,  P 1 = x, P' 1 = z, <P, C> <= cost.
// With P_ij = exp(alpha_i + beta_j - psi C_ij), an iteration is
//   alpha_i = log x_i - log sum_j exp(beta_j - psi C_ij),
//   beta_j = lambda w_j - omega(log lambda + lambda w_j + log sum_i exp(alpha_i - psi C_ij)),  omega + log omega = y,
// after a step of Newton's method in psi. Momentum in beta and psi is given up where it points backwards. For squared
// distances, sums over windows are two filters, along the rows and along the columns.
//
// After the step in alpha, P has the margin x. A search for psi then gives <P, C> <= cost, so z = P' 1 is in the ball.
// The gap between primal and dual is lambda / 2 |w - z - beta / lambda|^2 + psi (cost - <P, C>); the primal problem is
// strongly convex in z, so |z - argmin|^2 <= 2 gap / lambda.
//
// Sources: Wong, Schmidt, Kolter, "Wasserstein adversarial examples via projected Sinkhorn iterations", 2019, section 4
// and appendix; O'Donoghue, Candes, "Adaptive restart for accelerated gradient schemes", 2015.
#include "genmi/projection.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "simd/kernels.h"

namespace genmi {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSmall = 1e-280;         // smaller sums are made again, from logarithms
constexpr std::size_t kLanes = 16;        // vector kernels take a multiple of this many numbers
constexpr double kCostTolerance = 1e-12;  // of the ball's cost
constexpr int kSearches = 200;

// omega + log omega = y: the Lambert W function of exp(y), for any y. The first guess is too small, and then Newton's
// method stays below the solution.
[[gnu::cold]] double wright_omega(double y) {
  y = std::max(y, -690.0);
  double omega = y > 1 ? y - std::log(y) : std::exp(y) / (1 + std::exp(y));
  for (int k = 0; k < 6; ++k) omega *= (1 + y - std::log(omega)) / (1 + omega);
  return omega;
}

// A pixel, in the order of an image and in padded planes.
struct Cell {
  std::size_t pixel, place;
};

// Costs under a plan. The variance is that within its rows.
struct Moments {
  double mean = 0, variance = 0;

  // Adds a row: its mass, the cost of a squared distance of 1, the means of squared distances and of their squares.
  void add(double mass, double unit, double first, double second) {
    mean += mass * unit * first;
    variance += mass * unit * unit * std::max(0.0, second - first * first);
  }
};

// Each channel is a plane that has `reach` empty pixels on all sides; those beside a row serve the next row too.
struct Sizes {
  explicit Sizes(const WassersteinBalls& balls)
      : stride(balls.width + balls.reach),
        first(balls.reach * (stride + 1)),
        plane((balls.height + 2 * balls.reach) * stride + 2 * balls.reach),
        padded((balls.size() + kLanes - 1) / kLanes * kLanes) {}

  std::size_t stride, first, plane;  // of a plane: its row, the place of its first pixel, its size
  std::size_t padded;                // an image in whole vectors
};

// Plans that move the mass of one image.
class Plans {
 public:
  static std::size_t room(const WassersteinBalls& balls) {
    const Sizes sizes(balls);
    return (4 * balls.channels + 6) * sizes.plane + 4 * (balls.reach + 1) + balls.channels + 9 * sizes.padded;
  }

  // Takes room() numbers of memory, and two cells for each pixel of an image.
  Plans(const WassersteinBalls& balls, const Context& context, double* memory, Cell* cells);

  // Stops early when the job is cancelled.
  void project(const double* center, const double* image, const Convergence& convergence, double* out);
  [[gnu::cold]] void maximise(const double* center, const double* gradient, double* out);

 private:
  double* take(std::size_t count) { return (memory_ += count) - count; }
  // The targets, in whole vectors.
  std::size_t vectors() const { return (target_count_ + kLanes - 1) / kLanes * kLanes; }

  [[gnu::cold]] void load(const double* center, const double* image);
  [[gnu::cold]] bool can_gain() const;
  void set_beta(const double* beta);
  [[gnu::noinline]] void weigh(std::size_t channel, double psi);
  void filter(const double* in, std::size_t step, std::size_t weights, bool adds, double* out) const;
  const double* sum_windows(const double* plane);
  void sum_costs(const double* plane);
  [[gnu::noinline]] Moments fill_rows(double psi, bool with_costs);
  [[gnu::cold]] Moments fill_rows_of_logarithms(double psi);
  [[gnu::noinline]] void fill_columns(double psi);
  [[gnu::cold]] void fill_columns_of_logarithms(double psi);
  [[gnu::cold]] Moments search(double& psi);
  void update_omega();
  double squared_error(double psi, double mean) const;
  [[gnu::cold]] void write(double* out) const;
  template <class Use>
  void for_each_in_window(const Cell& cell, const Use& use) const;

  const WassersteinBalls& balls_;
  const Context& context_;
  const simd::PanelKernels<double>& kernels_;
  const Sizes sizes_;
  double* memory_;

  Cell *sources_, *targets_;  // pixels with mass, and pixels that mass can reach
  std::size_t source_count_ = 0, target_count_ = 0;
  double *mass_, *units_;  // of each source; the cost of a squared distance of 1, for each channel
  // In planes: exp(alpha + shift) and exp(beta - shift), 0 where there is no such pixel; alpha and beta, -infinity
  // there.
  double *a_, *b_, *alpha_, *beta_, *filtered_[6];
  double shift_ = 0;
  bool in_logarithms_ = false;  // numbers in a_ would overflow: rows are in alpha_
  double* weights_[4];          // exp(-psi d^2) times 1, d^2, d^4 and 2 d^2
  // For each target: lambda w; beta, with momentum, and as the last iteration gave it; log sum_i exp(alpha_i - psi
  // C_ij); P' 1; omega.
  double *scaled_, *current_, *last_, *columns_, *z_, *omega_, *scratch_, *logarithms_;
};

Plans::Plans(const WassersteinBalls& balls, const Context& context, double* memory, Cell* cells)
    : balls_(balls),
      context_(context),
      kernels_(context.kernels.panel<double>()),
      sizes_(balls),
      memory_(memory),
      sources_(cells),
      targets_(cells + balls.size()) {
  for (double** each : {&mass_, &scaled_, &current_, &last_, &columns_, &z_, &omega_, &scratch_, &logarithms_})
    *each = take(sizes_.padded);
  for (double** each : {&a_, &b_, &alpha_, &beta_}) *each = take(sizes_.plane * balls.channels);
  for (double*& each : filtered_) each = take(sizes_.plane);
  for (double*& each : weights_) each = take(balls.reach + 1);
  units_ = take(balls.channels);
}

void Plans::load(const double* center, const double* image) {
  const std::size_t planes = sizes_.plane * balls_.channels;
  for (double* const each : {a_, b_}) std::fill_n(each, planes, 0.0);
  for (double* const each : {alpha_, beta_}) std::fill_n(each, planes, -kInfinity);
  for (double* const each : filtered_) std::fill_n(each, sizes_.plane, 0.0);
  for (double* const each : {scaled_, current_, last_, scratch_}) std::fill_n(each, sizes_.padded, 0.0);
  std::fill_n(omega_, sizes_.padded, 1.0);
  const std::size_t pixels = balls_.height * balls_.width;
  const auto cell = [&](std::size_t pixel) {
    const std::size_t within = pixel % pixels, y = within / balls_.width;
    return Cell{pixel, pixel / pixels * sizes_.plane + sizes_.first + within + y * (sizes_.stride - balls_.width)};
  };
  for (std::size_t c = 0; c < balls_.channels; ++c) {
    double mass = 0;
    for (std::size_t pixel = c * pixels; pixel < (c + 1) * pixels; ++pixel) {
      if (!(center[pixel] > 0)) continue;
      mass += mass_[source_count_] = center[pixel];
      sources_[source_count_] = cell(pixel);
      a_[sources_[source_count_++].place] = 1;
    }
    units_[c] = 1 / (static_cast<double>(balls_.channels) * mass);
    weigh(c, 0);
    const double* const reached = sum_windows(a_ + c * sizes_.plane);
    for (std::size_t pixel = c * pixels; pixel < (c + 1) * pixels; ++pixel) {
      const Cell target = cell(pixel);
      if (!(reached[target.place - c * sizes_.plane] > 0)) continue;
      scaled_[target_count_] = balls_.lambda * image[pixel];
      targets_[target_count_++] = target;
    }
  }
}

void Plans::set_beta(const double* beta) {
  shift_ = *std::max_element(beta, beta + target_count_);
  for (std::size_t j = 0; j < target_count_; ++j) scratch_[j] = beta[j] - shift_;
  kernels_.exp(scratch_, vectors(), scratch_);
  for (std::size_t j = 0; j < target_count_; ++j) {
    b_[targets_[j].place] = scratch_[j];
    beta_[targets_[j].place] = beta[j];
  }
}

void Plans::weigh(std::size_t channel, double psi) {
  for (std::size_t d = 0; d <= balls_.reach; ++d) {
    const double square = static_cast<double>(d * d);
    weights_[0][d] = std::exp(-psi * units_[channel] * square);
    weights_[1][d] = square * weights_[0][d];
    weights_[2][d] = square * weights_[1][d];
    weights_[3][d] = 2 * weights_[1][d];
  }
}

// Sums over windows of one dimension, for the rows of a plane; added to out if `adds`.
void Plans::filter(const double* in, std::size_t step, std::size_t weights, bool adds, double* out) const {
  context_.kernels.transport.filter(in + sizes_.first, step, weights_[weights], balls_.reach,
                                    balls_.height * sizes_.stride, adds, out + sizes_.first);
}

// sum_j exp(-psi C_ij) plane_j, as a plane.
const double* Plans::sum_windows(const double* plane) {
  filter(plane, 1, 0, false, filtered_[0]);
  filter(filtered_[0], sizes_.stride, 0, false, filtered_[3]);
  return filtered_[3];
}

// The same in filtered_[3]; with summands times |i - j|^2 in filtered_[4], times |i - j|^4 in filtered_[5].
void Plans::sum_costs(const double* plane) {
  sum_windows(plane);
  filter(plane, 1, 1, false, filtered_[1]);
  filter(plane, 1, 2, false, filtered_[2]);
  filter(filtered_[0], sizes_.stride, 1, false, filtered_[4]);
  filter(filtered_[1], sizes_.stride, 0, true, filtered_[4]);
  filter(filtered_[0], sizes_.stride, 2, false, filtered_[5]);
  filter(filtered_[1], sizes_.stride, 3, true, filtered_[5]);
  filter(filtered_[2], sizes_.stride, 0, true, filtered_[5]);
}

template <class Use>
void Plans::for_each_in_window(const Cell& cell, const Use& use) const {
  const auto reach = static_cast<std::ptrdiff_t>(balls_.reach), row = static_cast<std::ptrdiff_t>(sizes_.stride);
  for (std::ptrdiff_t y = -reach; y <= reach; ++y)
    for (std::ptrdiff_t x = -reach; x <= reach; ++x)
      use(static_cast<std::size_t>(static_cast<std::ptrdiff_t>(cell.place) + y * row + x),
          static_cast<double>(y * y + x * x));
}

// Gives each row of the plan its mass. Without costs, moments are those of other sums.
Moments Plans::fill_rows(double psi, bool with_costs) {
  Moments moments;
  in_logarithms_ = false;
  for (std::size_t c = 0, i = 0; c < balls_.channels; ++c) {
    const std::size_t begin = c * sizes_.plane;
    weigh(c, psi);
    if (with_costs) sum_costs(b_ + begin);
    else sum_windows(b_ + begin);
    for (; i < source_count_ && sources_[i].place < begin + sizes_.plane; ++i) {
      const std::size_t at = sources_[i].place - begin;
      const double sum = filtered_[3][at], inverse = 1 / sum;
      if (!(sum > kSmall)) return fill_rows_of_logarithms(psi);
      a_[sources_[i].place] = mass_[i] * inverse;
      moments.add(mass_[i], units_[c], filtered_[4][at] * inverse, filtered_[5][at] * inverse);
    }
  }
  return moments;
}

Moments Plans::fill_rows_of_logarithms(double psi) {
  Moments moments;
  in_logarithms_ = true;
  for (std::size_t i = 0; i < source_count_; ++i) {
    const double unit = units_[sources_[i].place / sizes_.plane];
    double largest = -kInfinity, sum = 0, first = 0, second = 0;
    for_each_in_window(sources_[i], [&](std::size_t place, double square) {
      largest = std::max(largest, beta_[place] - psi * unit * square);
    });
    for_each_in_window(sources_[i], [&](std::size_t place, double square) {
      const double share = std::exp(beta_[place] - psi * unit * square - largest);
      sum += share;
      first += share * square;
      second += share * square * square;
    });
    alpha_[sources_[i].place] = std::log(mass_[i]) - largest - std::log(sum);
    moments.add(mass_[i], unit, first / sum, second / sum);
  }
  return moments;
}

// After fill_rows: the columns' sums, and their logarithms without beta.
void Plans::fill_columns(double psi) {
  if (in_logarithms_) return fill_columns_of_logarithms(psi);
  bool are_sums = true;
  for (std::size_t c = 0, j = 0; c < balls_.channels; ++c) {
    const std::size_t begin = c * sizes_.plane;
    weigh(c, psi);
    const double* const sums = sum_windows(a_ + begin);
    for (; j < target_count_ && targets_[j].place < begin + sizes_.plane; ++j) {
      const double sum = sums[targets_[j].place - begin];
      scratch_[j] = sum;
      z_[j] = sum * b_[targets_[j].place];
      are_sums = are_sums && sum > kSmall;
    }
  }
  kernels_.log(scratch_, vectors(), columns_);
  for (std::size_t j = 0; j < target_count_; ++j) columns_[j] -= shift_;
  if (are_sums) return;
  for (std::size_t i = 0; i < source_count_; ++i) {
    const std::size_t place = sources_[i].place;
    alpha_[place] = std::log(a_[place]) - shift_;
  }
  fill_columns_of_logarithms(psi);
}

// Where sums are too small; everywhere, if the rows are logarithms.
void Plans::fill_columns_of_logarithms(double psi) {
  for (std::size_t j = 0; j < target_count_; ++j) {
    if (!in_logarithms_ && scratch_[j] > kSmall) continue;
    const double unit = units_[targets_[j].place / sizes_.plane];
    double largest = -kInfinity, sum = 0;
    for_each_in_window(targets_[j], [&](std::size_t place, double square) {
      largest = std::max(largest, alpha_[place] - psi * unit * square);
    });
    for_each_in_window(targets_[j], [&](std::size_t place, double square) {
      sum += std::exp(alpha_[place] - psi * unit * square - largest);
    });
    columns_[j] = largest + std::log(sum);
    z_[j] = std::exp(beta_[targets_[j].place] + columns_[j]);
  }
}

// Newton's method for the psi with this cost, on the logarithm of the cost: that is nearly linear where few arcs cost.
double newton(double psi, const Moments& moments, double cost) {
  return psi + moments.mean / moments.variance * std::log(moments.mean / cost);
}

// The least psi >= 0 for which the plan costs no more than the ball allows; its rows are filled. Costs fall as psi
// grows.
Moments Plans::search(double& psi) {
  double low = -1, high = kInfinity;  // the cost is too large at low, and not at high
  for (int k = 0; k < kSearches; ++k) {
    const Moments moments = fill_rows(psi, true);
    const double missing = balls_.cost - moments.mean, tolerance = kCostTolerance * balls_.cost;
    if (missing >= 0 && (psi == 0 || missing <= tolerance)) return moments;
    (missing >= 0 ? high : low) = psi;
    const double doubled = 2 * psi + 1;
    double next = newton(psi, moments, balls_.cost - tolerance / 2);
    if (low < 0) next = std::max(next, 0.0);
    if (high == kInfinity) next = next < doubled ? next : doubled;
    if (!(next > low && next < high)) next = high == kInfinity ? doubled : (std::max(low, 0.0) + high) / 2;
    if (next == low || next == high) break;
    psi = next;
  }
  psi = high;
  return fill_rows(psi, true);
}

// omega + log omega = log lambda + lambda w + log sum_i exp(alpha_i - psi C_ij), from the omega of the last iteration.
void Plans::update_omega() {
  const double log_lambda = std::log(balls_.lambda);
  kernels_.log(omega_, vectors(), logarithms_);
  for (std::size_t j = 0; j < target_count_; ++j) {
    const double y = log_lambda + scaled_[j] + columns_[j], rest = y - logarithms_[j] - omega_[j];
    if (std::abs(rest) <= 0.1) omega_[j] += omega_[j] * rest / (1 + omega_[j]);
    else omega_[j] = wright_omega(y);
  }
}

// The bound on |z - argmin|^2, where <P, C> is at most the ball's cost.
double Plans::squared_error(double psi, double mean) const {
  double sum = 2 * psi * std::abs(balls_.cost - mean) / balls_.lambda;
  for (std::size_t j = 0; j < target_count_; ++j) {
    const double rest = (scaled_[j] - current_[j]) / balls_.lambda - z_[j];
    sum += rest * rest;
  }
  return sum;
}

void Plans::write(double* out) const {
  std::fill_n(out, balls_.size(), 0.0);
  for (std::size_t j = 0; j < target_count_; ++j) out[targets_[j].pixel] = z_[j];
}

void Plans::project(const double* center, const double* image, const Convergence& convergence, double* out) {
  load(center, image);
  const double tolerance = convergence.tolerance * convergence.tolerance;
  double psi = 1, last_psi = 1, steps = 1, promising = tolerance;
  for (std::size_t k = 0; !context_.cancelled(); ++k) {
    set_beta(current_);
    const Moments moments = fill_rows(psi, true);
    const double step = newton(psi, moments, balls_.cost);
    psi = step > psi / 4 ? std::min(step, 2 * psi + 1) : psi / 4;
    fill_rows(psi, false);
    fill_columns(psi);
    const bool ends = k == convergence.iterations;
    if (ends || squared_error(psi, moments.mean) <= promising) {
      double feasible = psi;
      const double mean = search(feasible).mean;
      fill_columns(feasible);
      const double error = squared_error(feasible, mean);
      if (ends || error <= tolerance) {
        write(out);
        out[balls_.size()] = std::sqrt(error);
        out[balls_.size() + 1] = static_cast<double>(k);
        return;
      }
      promising /= 4;
      fill_rows(psi, false);
      fill_columns(psi);
    }
    update_omega();
    double backwards = 0;
    for (std::size_t j = 0; j < target_count_; ++j) {
      const double next = scaled_[j] - omega_[j];
      backwards += (current_[j] - next) * (next - last_[j]);
    }
    if (backwards > 0) steps = 1;
    const double more_steps = (1 + std::sqrt(1 + 4 * steps * steps)) / 2, momentum = (steps - 1) / more_steps;
    steps = more_steps;
    for (std::size_t j = 0; j < target_count_; ++j) {
      const double next = scaled_[j] - omega_[j];
      current_[j] = next + momentum * (next - last_[j]);
      last_[j] = next;
    }
    const double moved = psi - last_psi;
    last_psi = psi;
    psi = std::max(0.0, psi + momentum * moved);
  }
}

// Whether some mass can reach pixels of different gradients.
bool Plans::can_gain() const {
  bool differs = false;
  for (std::size_t i = 0; i < source_count_; ++i) {
    for_each_in_window(sources_[i], [&](std::size_t place, double) {
      differs = differs || (beta_[place] != beta_[sources_[i].place] && beta_[place] > -kInfinity);
    });
  }
  return differs;
}

void Plans::maximise(const double* center, const double* gradient, double* out) {
  load(center, gradient);
  set_beta(scaled_);
  if (!can_gain()) return void(std::copy_n(center, balls_.size(), out));
  double psi = 1;
  search(psi);
  fill_columns(psi);
  write(out);
}

}  // namespace

Status project(const WassersteinBalls& balls, const std::optional<Convergence>& convergence, const double* centers,
               const double* images, const Context& context, std::span<double> out) {
  const Workspace::Frame frame(context.workspace);
  const std::size_t room = Plans::room(balls), size = balls.size(), cells = 2 * size;
  const std::span<double> memory = context.workspace.take<double>(room * context.slots());
  const std::span<Cell> lists = context.workspace.take<Cell>(cells * context.slots());
  context.for_each(balls.count, [&](std::size_t i, std::size_t slot) {
    if (context.cancelled()) return;
    Plans plans(balls, context, &memory[slot * room], &lists[slot * cells]);
    const double *const center = centers + i * size, *const image = images + i * size;
    if (convergence) plans.project(center, image, *convergence, &out[i * (size + kProjectionNumbers)]);
    else plans.maximise(center, image, &out[i * size]);
  });
  return context.cancelled() ? aborted() : Status::ok();
}

}  // namespace genmi
