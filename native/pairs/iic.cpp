// Invariant information clustering: the negative mutual information of the clusters of two views.
//
//   A = X' Y, S = sum A, Q = (A + A') / (2 S), p = the row sums of Q
//   L = -sum_ij Q_ij (log Q_ij - lambda log p_i - lambda log p_j)
//
// Entries of Q and of p below epsilon count as epsilon, and no gradient passes through them. Otherwise
//
//   M_ij = dL/dQ_ij = -log Q_ij - 1 + lambda (log p_i + log p_j + 2),
//   Gamma = (M - <M, Q>) / S, dL/dX = Y Gamma, dL/dY = X Gamma.
//
// Source: Ji, Henriques, Vedaldi, "Invariant Information Clustering", 2019, eq. (3).
#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>

#include "objectives/panel_algebra.h"
#include "objectives/predictions.h"
#include "pairs/losses.h"

namespace genmi::pairs {
namespace {

using simd::kPanel;

constexpr double kLeast = std::numeric_limits<double>::epsilon();

// The factor of gradients through a number that is clamped from below.
double passes(double number) { return number >= kLeast ? 1 : 0; }

// A = X' Y. Beyond the last sample, panels have copies of it: those of Y are made zero.
template <class T>
std::span<double> products(const Predictions<T>& x, const Predictions<T>& y, const Context& context) {
  const std::size_t n = x.n(), k = x.k(), size = simd::panel_size(n, k);
  const std::span<double> out = context.workspace.take<double>(k * k);
  const Workspace::Frame frame(context.workspace);
  const std::span<T> without_copies = context.workspace.take<T>(size);
  std::copy_n(y.tau(), size, without_copies.data());
  for (std::size_t row = n; row % kPanel != 0; ++row)
    for (std::size_t column = 0; column < k; ++column) without_copies[simd::place_in_panels(row, column, k)] = 0;
  objectives::inner_products(x.tau(), without_copies.data(), n, k, context, out.data(), objectives::Entries::kAll);
  return out;
}

// L, and Gamma in the place of A.
double value_and_gamma(std::span<double> a, std::size_t k, double lambda, const Context& context) {
  // Vector kernels take whole panels of numbers.
  const std::size_t entries = simd::panels_of(k * k) * kPanel, proportions = simd::panels_of(k) * kPanel;
  const std::span<double> q = context.workspace.take<double>(entries), log_q = context.workspace.take<double>(entries);
  const std::span<double> p = context.workspace.take_zeroed<double>(proportions);
  const std::span<double> log_p = context.workspace.take<double>(proportions);
  const std::span<double> slope = context.workspace.take_zeroed<double>(k);  // sum_j Q_ij / p_i
  double sum = 0;
  for (const double each : a) sum += each;
  std::fill(q.begin(), q.end(), kLeast);
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = 0; j < k; ++j) {
      const double entry = (a[i * k + j] + a[j * k + i]) / (2 * sum);
      p[i] += entry;
      q[i * k + j] = std::max(entry, kLeast);
      slope[i] += q[i * k + j];
    }
  for (std::size_t i = 0; i < k; ++i) slope[i] *= passes(p[i]) / std::max(p[i], kLeast);
  for (double& each : p) each = std::max(each, kLeast);
  const auto log = context.kernels.panel<double>().log;
  log(q.data(), entries, log_q.data());
  log(p.data(), proportions, log_p.data());

  double value = 0, mean = 0;
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = i; j < k; ++j) {
      const double entry = (a[i * k + j] + a[j * k + i]) / (2 * sum), twice = i == j ? 1 : 2;
      const double logarithm = log_q[i * k + j] - lambda * (log_p[i] + log_p[j]);
      const double m = lambda * (slope[i] + slope[j]) - passes(entry) * (logarithm + 1);
      value -= twice * q[i * k + j] * logarithm;
      mean += twice * entry * m;
      a[i * k + j] = a[j * k + i] = m;
    }
  for (double& each : a) each = (each - mean) / sum;
  return value;
}

// dL/dX = Y Gamma, or through the softmax of X.
template <class T>
Status write_gradient(const Batch<T>& x, const Batch<T>& y, const double* gamma, const Context& context, T* out) {
  const Workspace::Frame frame(context.workspace);
  Totals<T> totals = x.totals(true);
  totals.unwritten = false;
  T* const gradient = totals.log_gradient.data();
  objectives::multiply_clusters(y.exact().tau(), y.n(), y.k(), gamma, context, gradient);
  const T* const tau = x.exact().tau();
  for (std::size_t at = 0; at < totals.log_gradient.size(); ++at) gradient[at] *= tau[at];
  return x.finish_gradient(totals, out);
}

}  // namespace

template <class T>
Status iic(const Call<T>& call, double& value) {
  // Zeros are read as numbers that matter nowhere; dL/dX is found as X dL/dX / X.
  constexpr double kNearlyZero = sizeof(T) == 4 ? 1e-30 : 1e-280;
  EvaluationOptions options;
  options.from = call.from;
  options.epsilon = kNearlyZero;
  Batch<T> x(options, call.context, "a"), y(options, call.context, "b");
  if (Status status = x.read(call.a); !status) return status;
  if (Status status = y.read(call.b); !status) return status;
  const std::span<double> joint = products(x.exact(), y.exact(), call.context);
  if (call.context.cancelled()) return aborted();
  value = value_and_gamma(joint, x.k(), call.parameter, call.context);
  if (call.by_a != nullptr)
    if (Status status = write_gradient(x, y, joint.data(), call.context, call.by_a); !status) return status;
  return call.by_b == nullptr ? Status::ok() : write_gradient(y, x, joint.data(), call.context, call.by_b);
}

template Status iic(const Call<float>&, double&);
template Status iic(const Call<double>&, double&);

}  // namespace genmi::pairs
