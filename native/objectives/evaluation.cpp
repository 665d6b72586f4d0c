#include "genmi/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "objectives/density_ratios.h"
#include "objectives/predictions.h"

namespace genmi {
namespace {

Status overflowed(bool single) {
  const char* remedy = single ? "use Float64Array for predictions and out, a larger epsilon or smaller distances"
                              : "use a larger epsilon, smaller factors, or an affinity of smaller numbers";
  return {Code::kOutOfRange,
          explain("predictions", "some whose value and gradient are finite numbers", "an overflow", remedy)};
}

// Logarithms of probabilities are at least -kLargestLogarithm: simd/panels.inl bounds the logarithms of a softmax.
template <class T>
constexpr double kLargestLogarithm = sizeof(T) == 4 ? 1e30 : 1e300;

// Whether every gradient with respect to such predictions is finite in T.
template <class T>
bool stays_finite(const Objective& objective, const EvaluationOptions& options, std::size_t n) {
  constexpr double kSmallest = std::numeric_limits<T>::min();
  const bool logits = options.from == From::kLogits;
  const double epsilon = std::max(options.epsilon, kSmallest);
  const double slope = objective.largest_slope(n, epsilon, logits ? kLargestLogarithm<T> : -std::log(epsilon));
  return (logits ? slope : slope / epsilon) < std::numeric_limits<T>::max();
}

// Copies all numbers, or none where one is not finite in both precisions.
template <class From, class To>
bool copy_if_finite(std::span<const From> from, const Context& context, std::span<To> out) {
  constexpr double kLargest = std::min<double>(std::numeric_limits<From>::max(), std::numeric_limits<To>::max());
  constexpr auto kHighest = static_cast<From>(kLargest);
  if (!context.kernels.panel<From>().are_within(from.data(), from.size(), -kHighest, kHighest)) return false;
  if constexpr (std::is_same_v<From, To>) std::copy(from.begin(), from.end(), out.begin());
  else std::transform(from.begin(), from.end(), out.begin(), [](From number) { return static_cast<To>(number); });
  return true;
}

template <class T, class Out>
Status write_gradient(const Objective& objective, const Batch<T>& batch, Totals<T>& totals, const Context& context,
                      std::span<Out> out) {
  if constexpr (std::is_same_v<T, Out>) {
    // Without a copy where the call cannot fail any more: no job that may be cancelled, and no overflow.
    if (context.job == nullptr && stays_finite<T>(objective, batch.options(), batch.n()))
      return batch.finish_gradient(totals, out.data());
  }
  const std::span<T> gradient = context.workspace.take<T>(out.size());
  if (Status status = batch.finish_gradient(totals, gradient.data()); !status) return status;
  if (!copy_if_finite(std::span<const T>(gradient), context, out))
    return overflowed(sizeof(T) == 4 || sizeof(Out) == 4);
  return Status::ok();
}

Status check_samples(const Objective& objective, const EvaluationOptions& options, std::size_t n) {
  if (Status status = check_rows(options.rows, n, objective.affinity_size()); !status) return status;
  if (options.rows.index != nullptr || n >= objective.named_samples()) return Status::ok();
  return {Code::kOutOfRange, explain("predictions",
                                     "at least " + std::to_string(objective.named_samples()) +
                                         " rows, one for each sample that the objective names",
                                     std::to_string(n), "for a mini-batch pass rows, the samples' indices")};
}

// Reads the predictions in their precision, and calls with(batch).
template <class With>
Status read(const Objective& objective, AnyMatrix predictions, const EvaluationOptions& options, const Context& context,
            const With& with) {
  const auto read_as = [&]<class T>(const MatrixView<T>& view) -> Status {
    if (Status status = check_samples(objective, options, view.rows); !status) return status;
    const Workspace::Frame frame(context.workspace);
    Batch<T> batch(options, context);
    if (Status status = batch.read(view); !status) return status;
    return with(batch);
  };
  return std::visit(read_as, predictions);
}

}  // namespace

Status evaluate(const Objective& objective, AnyMatrix predictions, const EvaluationOptions& options,
                const Context& context, double& value, AnyOutput gradient) {
  const bool wanted = std::visit([](const auto& out) { return !out.empty(); }, gradient);
  return read(objective, predictions, options, context, [&]<class T>(const Batch<T>& batch) -> Status {
    Totals<T> totals = batch.totals(wanted);
    if (Status status = objective.evaluate(batch, context, 1, totals); !status) return status;
    if (!std::isfinite(totals.value)) return overflowed(sizeof(T) == 4);
    const auto write = [&](const auto& out) { return write_gradient(objective, batch, totals, context, out); };
    if (wanted)
      if (Status status = std::visit(write, gradient); !status) return status;
    value = totals.value;
    return Status::ok();
  });
}

Status evaluate_affinity_gradient(const Objective& objective, AnyMatrix predictions, const EvaluationOptions& options,
                                  const Context& context, AnyOutput out) {
  return read(objective, predictions, options, context, [&](const auto& batch) -> Status {
    const DensityRatios ratios(batch, context.workspace);
    const std::span<double> gradient = context.workspace.take<double>(batch.n() * batch.n());
    if (Status status = objective.affinity_gradient(ratios, context, gradient.data()); !status) return status;
    const auto write = [&]<class Out>(std::span<Out> to) {
      return copy_if_finite(std::span<const double>(gradient), context, to) ? Status::ok()
                                                                            : overflowed(sizeof(Out) == 4);
    };
    return std::visit(write, out);
  });
}

}  // namespace genmi
