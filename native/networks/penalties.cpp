#include "networks/penalties.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

#include "networks/product.h"

namespace genmi::networks {
namespace {

constexpr double kNanosecondsPerNumber = 1;

// Calls visit(weight) for each weight of a group's features.
template <class T, class Visit>
void for_each_weight(Parameter<T>& weights, const std::vector<std::size_t>& group, const Visit& visit) {
  for (const std::size_t feature : group)
    for (std::size_t output = 0; output < weights.columns; ++output)
      visit(weights.values[weights.place(feature, output)]);
}

template <class T>
double norm(Parameter<T>& weights, const std::vector<std::size_t>& group) {
  double sum = 0;
  for_each_weight(weights, group, [&](T weight) { sum += static_cast<double>(weight) * static_cast<double>(weight); });
  return std::sqrt(sum);
}

template <class T>
double sum_of_norms(Parameter<T>& weights, const Groups& groups) {
  double sum = 0;
  for (const auto& group : groups) sum += norm(weights, group);
  return sum;
}

template <class T>
void scale(Parameter<T>& weights, const std::vector<std::size_t>& group, double factor) {
  for_each_weight(weights, group, [&](T& weight) { weight = static_cast<T>(factor * static_cast<double>(weight)); });
}

// The norm of the shrunk skip connection's weights, whose norm is v > 0. magnitudes: |u|, which it sorts. With the s
// largest magnitudes at the bound M n, the minimiser has n = max(v - t + M sum of these, 0) / (1 + s M^2); s is right
// where no other magnitude exceeds the bound.
double shrunk_norm(double v, double t, double m, std::vector<double>& magnitudes) {
  std::sort(magnitudes.begin(), magnitudes.end(), std::greater<>());
  double sum = 0, n = std::max(v - t, 0.0);
  for (std::size_t s = 0; s < magnitudes.size() && magnitudes[s] > m * n; ++s) {
    sum += magnitudes[s];
    n = std::max(v - t + m * sum, 0.0) / (1 + static_cast<double>(s + 1) * m * m);
  }
  return n;
}

std::string feature_of(std::size_t list, std::size_t at) {
  return "groups[" + std::to_string(list) + "][" + std::to_string(at) + "]";
}

}  // namespace

Status make_groups(const std::vector<std::vector<std::int32_t>>& lists, std::size_t features, Groups& out) {
  std::vector<bool> seen(features);
  Groups groups;
  for (std::size_t list = 0; list < lists.size(); ++list) {
    if (lists[list].empty()) continue;
    groups.emplace_back();
    for (std::size_t at = 0; at < lists[list].size(); ++at) {
      const std::int32_t feature = lists[list][at];
      const auto index = static_cast<std::size_t>(feature);
      if (feature < 0 || index >= features)
        return {Code::kOutOfRange, explain(feature_of(list, at), "a feature, from 0 to " + std::to_string(features - 1),
                                           std::to_string(feature))};
      if (seen[index])
        return {Code::kOutOfRange, explain(feature_of(list, at), "a feature that no other place of the groups has",
                                           std::to_string(feature), "groups are disjoint")};
      seen[index] = true;
      groups.back().push_back(index);
    }
  }
  for (std::size_t feature = 0; feature < features; ++feature)
    if (!seen[feature]) groups.push_back({feature});
  out = std::move(groups);
  return Status::ok();
}

template <class T>
double GroupLasso<T>::value(const Context&) const {
  return alpha_ * sum_of_norms(weights_, groups_);
}

template <class T>
void GroupLasso<T>::shrink(double rate, const Context& context) {
  const double t = alpha_ * rate, work = static_cast<double>(weights_.values.size());
  context.for_each_range(groups_.size(), 16, kNanosecondsPerNumber * work,
                         [&](std::size_t first, std::size_t count, std::size_t) {
                           for (std::size_t g = first; g < first + count; ++g) {
                             const double length = norm(weights_, groups_[g]);
                             if (length > 0) scale(weights_, groups_[g], std::max(length - t, 0.0) / length);
                           }
                         });
}

template <class T>
double HierarchicalLasso<T>::value(const Context&) const {
  return alpha_ * sum_of_norms(skip_, groups_);
}

template <class T>
void HierarchicalLasso<T>::shrink(double rate, const Context& context) {
  const double t = alpha_ * rate, work = static_cast<double>(hidden_.values.size());
  const auto shrink_groups = [&](std::size_t first, std::size_t count, std::size_t) {
    std::vector<double> magnitudes;
    for (std::size_t g = first; g < first + count; ++g) {
      magnitudes.clear();
      for_each_weight(hidden_, groups_[g], [&](T u) { magnitudes.push_back(std::abs(static_cast<double>(u))); });
      const double length = norm(skip_, groups_[g]);
      const double n = length > 0 ? shrunk_norm(length, t, m_, magnitudes) : 0;
      if (length > 0) scale(skip_, groups_[g], n / length);
      const double bound = m_ * n;
      for_each_weight(hidden_, groups_[g], [&](T& u) {
        if (std::abs(static_cast<double>(u)) > bound) u = static_cast<T>(std::copysign(bound, static_cast<double>(u)));
      });
    }
  };
  context.for_each_range(groups_.size(), 16, 10 * kNanosecondsPerNumber * work, shrink_groups);
}

// K W, as many rows of K at a time as a cache holds beside W.
template <class T>
MatrixView<T> KernelNorm<T>::product(const Context& context) const {
  constexpr std::size_t kRows = 256;
  const std::size_t n = weights_.rows, outputs = weights_.columns;
  const std::span<T> product = context.workspace.take<T>(n * outputs);
  std::array<std::int32_t, kRows> rows;
  for (std::size_t first = 0; first < n; first += kRows) {
    const Workspace::Frame frame(context.workspace);
    const std::size_t count = std::min(kRows, n - first);
    std::iota(rows.begin(), rows.end(), static_cast<std::int32_t>(first));
    const std::span<T> some = context.workspace.take<T>(count * n);
    kernel_.gather({rows.data(), count}, context, some.data());
    const auto finish = [&](const simd::Tile<T>& tile, std::size_t row, std::size_t column) {
      copy_tile(tile, row, column, count, outputs, product.data() + first * outputs);
    };
    multiply<T>(rows_in_panels(MatrixView<T>{some.data(), count, n}, context), {weights_.values.data(), outputs}, n,
                context, finish);
  }
  return {product.data(), n, outputs};
}

template <class T>
double KernelNorm<T>::value(const Context& context) const {
  const Workspace::Frame frame(context.workspace);
  const MatrixView<T> product = this->product(context);
  double trace = 0;
  for (std::size_t i = 0; i < product.rows; ++i)
    for (std::size_t k = 0; k < product.columns; ++k)
      trace += static_cast<double>(weights_.values[weights_.place(i, k)]) * static_cast<double>(product(i, k));
  return factor_ * trace;
}

template <class T>
void KernelNorm<T>::add_gradient(const Context& context) {
  const Workspace::Frame frame(context.workspace);
  const MatrixView<T> product = this->product(context);
  weights_.prepare_to_add();
  for (std::size_t i = 0; i < product.rows; ++i)
    for (std::size_t k = 0; k < product.columns; ++k)
      weights_.gradient[weights_.place(i, k)] += static_cast<T>(2 * factor_ * static_cast<double>(product(i, k)));
}

template class GroupLasso<float>;
template class GroupLasso<double>;
template class HierarchicalLasso<float>;
template class HierarchicalLasso<double>;
template class KernelNorm<float>;
template class KernelNorm<double>;

}  // namespace genmi::networks
