#include "networks/penalties.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "simd/reductions.h"

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

// Calls visit(i, k, (K W)_ik) for all samples i and outputs k.
template <class T>
template <class Visit>
void KernelNorm<T>::for_each_product(const Context& context, const Visit& visit) const {
  const Workspace::Frame frame(context.workspace);
  const std::size_t n = weights_.rows, panel = weights_.panel;
  const std::span<T> rows = context.workspace.take<T>(context.slots() * n);
  const std::span<double> products = context.workspace.take<double>(context.slots() * panel);
  const auto multiply_row = [&](std::size_t i, std::size_t, std::size_t slot) {
    const auto index = static_cast<std::int32_t>(i);
    const std::span<T> row = rows.subspan(slot * n, n);
    const std::span<double> product = products.subspan(slot * panel, panel);
    kernel_.gather({&index, 1}, row.data());
    for (std::size_t first = 0; first < weights_.columns; first += panel) {
      std::fill(product.begin(), product.end(), 0.0);
      const T* const from = weights_.values.data() + weights_.place(0, first);
      for (std::size_t j = 0; j < n; ++j)
        simd::add_scaled(static_cast<double>(row[j]), from + j * panel, panel, product.data());
      for (std::size_t k = first; k < std::min(first + panel, weights_.columns); ++k) visit(i, k, product[k - first]);
    }
  };
  const double work = static_cast<double>(n) * static_cast<double>(weights_.values.size());
  context.for_each_range(n, 1, kNanosecondsPerNumber / 4 * work, multiply_row);
}

template <class T>
double KernelNorm<T>::value(const Context& context) const {
  std::vector<double> terms(weights_.rows);
  for_each_product(context, [&](std::size_t i, std::size_t k, double product) {
    terms[i] += static_cast<double>(weights_.values[weights_.place(i, k)]) * product;
  });
  double trace = 0;
  for (const double term : terms) trace += term;
  return factor_ * trace;
}

template <class T>
void KernelNorm<T>::add_gradient(const Context& context) {
  weights_.prepare_to_add();
  for_each_product(context, [&](std::size_t i, std::size_t k, double product) {
    weights_.gradient[weights_.place(i, k)] += static_cast<T>(2 * factor_ * product);
  });
}

template class GroupLasso<float>;
template class GroupLasso<double>;
template class HierarchicalLasso<float>;
template class HierarchicalLasso<double>;
template class KernelNorm<float>;
template class KernelNorm<double>;

}  // namespace genmi::networks
