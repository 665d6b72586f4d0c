#include "networks/optimizer.h"

#include <algorithm>
#include <cmath>

#include "simd/kernels.h"

namespace genmi::networks {
namespace {

using Rule = OptimizerOptions::Rule;

// This many numbers are updated together.
constexpr std::size_t kRange = 16384;
// An update waits for memory.
constexpr double kNanosecondsPerNumber = 1.5;

}  // namespace

template <class T>
Optimizer<T>::Optimizer(const OptimizerOptions& options, const std::vector<Parameter<T>*>& parameters)
    : options_(options), parameters_(parameters), states_(parameters.size()) {
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    const std::size_t size = parameters[p]->values.size();
    if (options.rule != Rule::kRmsprop) states_[p].first.assign(size, T{0});
    if (options.rule != Rule::kSgd) states_[p].second.assign(size, T{0});
  }
}

// The Euclidean norm of all gradients together. Ranges are added in order, so it has the same bits for any threads.
template <class T>
double Optimizer<T>::norm(const Context& context) const {
  double sum = 0;
  for (const Parameter<T>* parameter : parameters_) {
    const auto& gradient = parameter->gradient;
    std::vector<double> sums((gradient.size() + kRange - 1) / kRange);
    context.for_each_range(gradient.size(), kRange, kNanosecondsPerNumber * static_cast<double>(gradient.size()),
                           [&](std::size_t first, std::size_t count, std::size_t) {
                             double& into = sums[first / kRange];
                             for (std::size_t at = first; at < first + count; ++at)
                               into += static_cast<double>(gradient[at]) * static_cast<double>(gradient[at]);
                           });
    for (const double each : sums) sum += each;
  }
  return std::sqrt(sum);
}

template <class T>
typename Optimizer<T>::Corrected Optimizer<T>::corrected(std::size_t t, double share) const {
  const double rate = share * options_.rate;
  if (options_.rule != Rule::kAdam) return {rate, options_.epsilon};
  const auto steps = static_cast<double>(t);
  const double root = std::sqrt(1 - std::pow(options_.second, steps));
  return {rate * (root / (1 - std::pow(options_.first, steps))),
          options_.corrected_epsilon ? options_.epsilon * root : options_.epsilon};
}

template <class T>
void Optimizer<T>::step(const Context& context, double share) {
  steps_ += 1;
  const simd::NetworkKernels<T>& kernels = context.kernels.network<T>();
  const auto update = options_.rule == Rule::kAdam  ? kernels.adam
                      : options_.rule == Rule::kSgd ? kernels.momentum
                                                    : kernels.rms;
  const auto [rate, epsilon] = corrected(steps_, share);
  last_rate_ = rate;
  simd::Step<T> step{T{1},
                     T{0},
                     static_cast<T>(rate),
                     static_cast<T>(options_.first),
                     static_cast<T>(options_.second),
                     static_cast<T>(epsilon)};
  if (options_.largest_norm > 0) step.scale = static_cast<T>(std::min(1.0, options_.largest_norm / norm(context)));

  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    Parameter<T>& parameter = *parameters_[p];
    step.decay = parameter.kind == Parameter<T>::Kind::kWeights ? static_cast<T>(2 * options_.decay) : T{0};
    const std::size_t size = parameter.values.size();
    context.for_each_range(size, kRange, kNanosecondsPerNumber * static_cast<double>(size),
                           [&](std::size_t first, std::size_t count, std::size_t) {
                             const auto from = [first](AlignedVector<T>& numbers) {
                               return numbers.empty() ? nullptr : numbers.data() + first;
                             };
                             update(step, parameter.gradient.data() + first,
                                    {from(states_[p].first), from(states_[p].second)}, count,
                                    parameter.values.data() + first);
                           });
  }
}

template <class T>
double Optimizer<T>::penalty() const {
  double sum = 0;
  for (const Parameter<T>* parameter : parameters_) {
    if (options_.decay == 0 || parameter->kind != Parameter<T>::Kind::kWeights) continue;
    for (const T value : parameter->values) sum += static_cast<double>(value) * static_cast<double>(value);
  }
  return options_.decay * sum;
}

template <class T>
std::vector<std::span<T>> Optimizer<T>::moments() {
  std::vector<std::span<T>> all;
  for (State& state : states_)
    for (AlignedVector<T>* numbers : {&state.first, &state.second})
      if (!numbers->empty()) all.emplace_back(*numbers);
  return all;
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace genmi::networks
