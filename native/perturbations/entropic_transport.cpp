#include "perturbations/entropic_transport.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace genmi {
namespace {

constexpr std::size_t kIterationsBetweenBounds = 10;
constexpr double kRelaxation = 1.8;      // steps are this much longer than Sinkhorn's, except the last before a bound
constexpr double kLeastEpsilon = 1e-6;   // in squared pixels
constexpr double kShareOfEntropy = 0.5;  // epsilon falls when what P leaves behind costs at most this share
constexpr double kFirstRound = 0.25, kNextRound = 8;  // the epsilons of the rounds that send the rest

double log_of(double mass) { return mass > 0 ? std::log(mass) : kLogOfZero; }

}  // namespace

EntropicTransport::EntropicTransport(const ImagePair& pair, const Context& context, double* memory)
    : pair_(pair), context_(context), grid_(pair.height, pair.width, context, memory) {
  memory += Grid::room(pair.height, pair.width);
  const std::size_t plane = Grid::plane(pair.height, pair.width);
  for (double** each : {&log_a_, &log_b_, &f_, &g_, &u_, &v_, &exponents_, &moved_, &costs_, &left_, &wanted_, &logs_,
                        &log_wanted_, &zeros_, &best_}) {
    *each = memory;
    memory += plane;
    std::fill_n(*each, plane, kLogOfZero);
  }
  for (double* each : {f_, g_, zeros_}) std::fill_n(each, plane, 0.0);
  for (std::size_t p = 0; p < pair.size(); ++p) {
    log_a_[grid_.place(p)] = log_of(pair.a[p]);
    log_b_[grid_.place(p)] = log_of(pair.b[p]);
  }
  const double side = static_cast<double>(std::max(pair.height, pair.width));
  epsilon_ = side * side / 4;
}

void EntropicTransport::solve(const EntropicLimits& limits, double* numbers) {
  double lower = 0, upper = std::numeric_limits<double>::infinity();
  std::size_t iterations = 0;
  for (bool done = false; !done && !context_.cancelled();) {
    const std::size_t count = std::clamp<std::size_t>(limits.iterations - iterations, 1, kIterationsBetweenBounds);
    iterate(count);
    iterations += count;
    const double plan = upper_bound();
    upper = std::min(upper, plan);
    const double potentials = lower_bound();
    if (potentials > lower || iterations == count) std::copy_n(v_, Grid::plane(pair_.height, pair_.width), best_);
    lower = std::clamp(potentials, lower, upper);
    done = std::sqrt(upper) - std::sqrt(lower) <= 2 * limits.tolerance || iterations >= limits.iterations;
    const bool is_blurred = plan - sent_cost_ < kShareOfEntropy * (sent_cost_ - lower);
    if (is_blurred && epsilon_ > kLeastEpsilon) epsilon_ /= 2;
  }
  numbers[0] = lower;
  numbers[1] = upper;
  numbers[2] = static_cast<double>(iterations);
}

// The last f is that of g, so that the rows of P sum to a.
void EntropicTransport::iterate(std::size_t count) {
  for (std::size_t k = 1; k < count; ++k) {
    const double factor = has_begun_ ? kRelaxation : 1;
    move(log_b_, g_, factor, f_);
    move(log_a_, f_, factor, g_);
    has_begun_ = true;
  }
  transform(log_b_, g_, f_);
}

void EntropicTransport::move(const double* log_mass, const double* from, double factor, double* to) {
  transform(log_mass, from, moved_);
  for (std::size_t p = 0; p < pair_.size(); ++p) {
    const std::size_t at = grid_.place(p);
    to[at] += factor * (moved_[at] - to[at]);
  }
}

// out_q = -epsilon log sum_p mass_p exp((potentials_p - |p - q|^2) / epsilon)
void EntropicTransport::transform(const double* log_mass, const double* potentials, double* out, double* costs) {
  for (std::size_t p = 0; p < pair_.size(); ++p) {
    const std::size_t at = grid_.place(p);
    exponents_[at] = log_mass[at] == kLogOfZero ? kLogOfZero : log_mass[at] + potentials[at] / epsilon_;
  }
  grid_.log_sums(exponents_, 1 / epsilon_, out, costs);
  for (std::size_t p = 0; p < pair_.size(); ++p) out[grid_.place(p)] *= -epsilon_;
}

// The cost of a plan from a to b.
double EntropicTransport::upper_bound() {
  for (std::size_t p = 0; p < pair_.size(); ++p) {
    left_[grid_.place(p)] = pair_.a[p];
    wanted_[grid_.place(p)] = pair_.b[p];
  }
  sent_cost_ = send(log_b_, f_, g_);
  double cost = sent_cost_;
  const double epsilon = epsilon_, side = static_cast<double>(std::max(pair_.height, pair_.width));
  for (epsilon_ = std::max(epsilon, kFirstRound); epsilon_ < side * side; epsilon_ *= kNextRound) {
    for (std::size_t q = 0; q < pair_.size(); ++q) {
      const std::size_t at = grid_.place(q);
      log_wanted_[at] = log_of(wanted_[at]);
    }
    transform(log_wanted_, zeros_, u_);
    cost += send(log_wanted_, u_, zeros_);
  }
  epsilon_ = epsilon;
  return cost + rest();
}

// Sends what is left in proportion to b_q exp((g_q - C_pq) / epsilon), where f is the transform of g, but to no pixel
// more than it wants. Returns the cost.
double EntropicTransport::send(const double* log_b, const double* f, const double* g) {
  for (std::size_t p = 0; p < pair_.size(); ++p) logs_[grid_.place(p)] = log_of(left_[grid_.place(p)]);
  transform(logs_, f, v_);
  for (std::size_t q = 0; q < pair_.size(); ++q) {
    const std::size_t at = grid_.place(q);
    const bool wants = wanted_[at] > 0;
    const double log_sum = log_b[at] + (g[at] - v_[at]) / epsilon_;
    logs_[at] = wants ? log_b[at] + std::min(0.0, std::log(wanted_[at]) - log_sum) : kLogOfZero;
    if (wants) wanted_[at] -= std::min(wanted_[at], std::exp(log_sum));
  }
  transform(logs_, g, v_, costs_);
  double cost = 0;
  for (std::size_t p = 0; p < pair_.size(); ++p) {
    const std::size_t at = grid_.place(p);
    if (!(left_[at] > 0)) continue;
    const double sent = left_[at] * std::exp(std::min(0.0, (f[at] - v_[at]) / epsilon_));
    cost += sent * costs_[at];
    left_[at] -= sent;
  }
  return cost;
}

// The cost of what is left, if it moves to the pixels that want mass independently of its place.
double EntropicTransport::rest() const {
  double mass = 0, squares = 0, from_y = 0, from_x = 0, to_y = 0, to_x = 0;
  for (std::size_t p = 0; p < pair_.size(); ++p) {
    const double y = static_cast<double>(p / pair_.width), x = static_cast<double>(p % pair_.width);
    const double left = left_[grid_.place(p)], wanted = wanted_[grid_.place(p)];
    mass += left;
    squares += (left + wanted) * (y * y + x * x);
    from_y += left * y;
    from_x += left * x;
    to_y += wanted * y;
    to_x += wanted * x;
  }
  return mass > 0 ? std::max(0.0, squares - 2 * (from_y * to_y + from_x * to_x) / mass) : 0;
}

double EntropicTransport::lower_bound() {
  grid_.make_feasible(pair_.a, f_, v_);
  grid_.make_feasible(pair_.b, v_, u_);
  double value = 0;
  for (std::size_t p = 0; p < pair_.size(); ++p) {
    const std::size_t at = grid_.place(p);
    if (pair_.a[p] > 0) value += pair_.a[p] * u_[at];
    if (pair_.b[p] > 0) value += pair_.b[p] * v_[at];
  }
  return value;
}

}  // namespace genmi
