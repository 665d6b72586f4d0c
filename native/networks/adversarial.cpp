#include "networks/adversarial.h"

#include <algorithm>
#include <cmath>

#include "genmi/random_bits.h"
#include "simd/reductions.h"

namespace genmi::networks {
namespace {

using Normalization = AdversarialOptions::Normalization;

constexpr double kAddedToNorm = 1e-8;
constexpr double kSafeSquare = 1e-200;
// A direction this short has none: its inverse could overflow.
constexpr double kLeastNorm = 1e-290;
// This many samples are worked on together, and about how long a feature of a sample takes.
constexpr std::size_t kRows = 16;
constexpr double kNanosecondsPerNumber = 1;
// A cluster of a divergence takes as long as this many numbers.
constexpr std::size_t kNumbersPerCluster = 25;

// Calls visit(i, slot) for each of n samples of d numbers.
template <class Visit>
void for_each_sample(std::size_t n, std::size_t d, const Context& context, const Visit& visit) {
  const double nanoseconds = kNanosecondsPerNumber * static_cast<double>(n * d);
  context.for_each_range(n, kRows, nanoseconds, [&](std::size_t first, std::size_t count, std::size_t slot) {
    for (std::size_t i = first; i < first + count; ++i) visit(i, slot);
  });
}

// The Euclidean norm, whose square may overflow or vanish.
template <class T>
double norm(const T* numbers, std::size_t d) {
  const double square = simd::inner(numbers, numbers, d);
  if (square > kSafeSquare && square < 1 / kSafeSquare) return std::sqrt(square);
  double largest = 0;
  for (std::size_t f = 0; f < d; ++f) largest = std::max(largest, std::abs(static_cast<double>(numbers[f])));
  if (largest == 0) return 0;
  const auto product = [largest](double a, double b) { return a / largest * (b / largest); };
  return largest * std::sqrt(simd::sum(numbers, numbers, d, product));
}

// Gives a direction, times `factor`, the length `length`; 0 stays 0.
template <class T>
void set_length(double factor, double length, Normalization normalization, std::size_t d, T* direction) {
  const double now = factor * norm(direction, d);
  const double by =
      now < kLeastNorm ? 0 : length * factor / (normalization == Normalization::kAdditive ? now + kAddedToNorm : now);
  for (std::size_t f = 0; f < d; ++f) direction[f] = static_cast<T>(by * static_cast<double>(direction[f]));
}

// p = softmax(z), and log p.
template <class T>
void softmax(const T* z, std::size_t k, double* p, double* log_p) {
  const auto largest = static_cast<double>(*std::max_element(z, z + k));
  double total = 0;
  for (std::size_t j = 0; j < k; ++j) total += p[j] = std::exp(static_cast<double>(z[j]) - largest);
  const double log_total = std::log(total);
  for (std::size_t j = 0; j < k; ++j) {
    log_p[j] = static_cast<double>(z[j]) - largest - log_total;
    p[j] /= total;
  }
}

// KL(p || q) of the predictions for one sample; writes factor (q - p), its gradient by q's logits, to `gradient`.
template <class T>
double divergence(const T* p_logits, const T* q_logits, std::size_t k, double factor, std::span<double> scratch,
                  T* gradient) {
  double *p = scratch.data(), *log_p = p + k, *q = log_p + k, *log_q = q + k, value = 0;
  softmax(p_logits, k, p, log_p);
  softmax(q_logits, k, q, log_q);
  for (std::size_t j = 0; j < k; ++j) {
    if (p[j] > 0) value += p[j] * (log_p[j] - log_q[j]);
    gradient[j] = static_cast<T>(factor * (q[j] - p[j]));
  }
  return value;
}

// A pass at x + scale d, its mean KL(p || q), and the gradient of `weight` times it by the logits.
template <class T>
struct MovedPass {
  typename Network<T>::Pass pass;
  std::span<T> gradient;
  double value = 0;

  MovedPass(Network<T>& network, const AdversarialBatch<T>& batch, const T* d, double scale, double weight,
            const Context& context) {
    const std::size_t n = batch.x.rows, width = batch.x.columns, k = batch.logits.columns;
    T* const moved = context.workspace.take<T>(n * width).data();
    for_each_sample(n, width, context, [&](std::size_t i, std::size_t) {
      for (std::size_t at = i * width; at < (i + 1) * width; ++at)
        moved[at] = batch.x.data[at] + static_cast<T>(scale) * d[at];
    });
    pass = network.forward({moved, n, width}, Mode::kFrozen, context);
    gradient = context.workspace.take<T>(n * k);
    const std::span<double> terms = context.workspace.take<double>(n);
    const std::span<double> scratch = context.workspace.take<double>(context.slots() * 4 * k);
    const double factor = weight / static_cast<double>(n);
    for_each_sample(n, kNumbersPerCluster * k, context, [&](std::size_t i, std::size_t slot) {
      terms[i] = divergence(batch.logits.row(i), pass.logits.data() + i * k, k, factor,
                            scratch.subspan(slot * 4 * k, 4 * k), gradient.data() + i * k);
    });
    for (const double term : terms) value += term / static_cast<double>(n);
  }
};

}  // namespace

template <class T>
void draw_directions(const AdversarialBatch<T>& batch, std::uint64_t seed, const Context& context, T* directions) {
  const std::size_t d = batch.x.columns;
  for_each_sample(batch.x.rows, d, context, [&](std::size_t i, std::size_t) {
    std::uint64_t random = seed;
    random = next_random(random) ^ batch.step;
    random = next_random(random) ^ batch.rows[i];
    for (T *at = directions + i * d, *end = at + d; at < end; ++at) *at = static_cast<T>(uniform(random) - 0.5);
  });
}

template <class T>
void make_perturbations(Network<T>& network, const AdversarialBatch<T>& batch, const AdversarialOptions& options,
                        const Context& context, T* directions) {
  const std::size_t n = batch.x.rows, d = batch.x.columns;
  const auto normalise = [&](double factor, bool is_last) {
    for_each_sample(n, d, context, [&](std::size_t i, std::size_t) {
      const double epsilon = options.epsilons.empty() ? options.epsilon : options.epsilons[batch.rows[i]];
      set_length(factor, is_last ? epsilon : 1, options.normalization, d, directions + i * d);
    });
  };
  normalise(1, options.power == 0);
  for (std::size_t left = options.power; left > 0; --left) {
    const Workspace::Frame frame(context.workspace);
    MovedPass<T> moved(network, batch, directions, options.xi, 1, context);
    network.backward(moved.pass, moved.gradient, false, context, directions);
    normalise(options.xi, left == 1);  // dKL/d direction = xi dKL/dx
  }
}

template <class T>
double add_smoothness(Network<T>& network, const AdversarialBatch<T>& batch, const T* perturbations, double weight,
                      const Context& context) {
  const Workspace::Frame frame(context.workspace);
  MovedPass<T> moved(network, batch, perturbations, 1, weight, context);
  network.backward(moved.pass, moved.gradient, true, context);
  return moved.value;
}

Status check_smoothness(double lds) {
  if (std::isfinite(lds)) return Status::ok();
  return {Code::kOutOfRange, explain("vat", "a finite divergence between the predictions for a sample and those nearby",
                                     format(lds), "use a smaller learning rate, xi or epsilon")};
}

template <class T>
Status train_adversarially(Network<T>& network, const AdversarialBatch<T>& batch, const AdversarialOptions& options,
                           const Context& context, double& lds) {
  const Workspace::Frame frame(context.workspace);
  T* const perturbations = context.workspace.take<T>(batch.x.rows * batch.x.columns).data();
  draw_directions(batch, options.seed, context, perturbations);
  make_perturbations(network, batch, options, context, perturbations);
  lds = add_smoothness(network, batch, perturbations, options.weight, context);
  return check_smoothness(lds);
}

template void draw_directions(const AdversarialBatch<float>&, std::uint64_t, const Context&, float*);
template void draw_directions(const AdversarialBatch<double>&, std::uint64_t, const Context&, double*);
template void make_perturbations(Network<float>&, const AdversarialBatch<float>&, const AdversarialOptions&,
                                 const Context&, float*);
template void make_perturbations(Network<double>&, const AdversarialBatch<double>&, const AdversarialOptions&,
                                 const Context&, double*);
template double add_smoothness(Network<float>&, const AdversarialBatch<float>&, const float*, double, const Context&);
template double add_smoothness(Network<double>&, const AdversarialBatch<double>&, const double*, double,
                               const Context&);
template Status train_adversarially(Network<float>&, const AdversarialBatch<float>&, const AdversarialOptions&,
                                    const Context&, double&);
template Status train_adversarially(Network<double>&, const AdversarialBatch<double>&, const AdversarialOptions&,
                                    const Context&, double&);

}  // namespace genmi::networks
