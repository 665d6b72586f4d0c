#include "genmi/predictions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace genmi {
namespace {

// Below this a proportion is better known by its logarithm.
constexpr double kUnderflow = 1e-280;

// Logits of opposite signs near the largest number have no finite difference.
constexpr double kLeastLogarithm = -1e300;

// log(sum_i exp(log_tau_ik) / n), for a cluster whose probabilities underflow.
double log_mean_exp(const double* log_tau, std::size_t n, std::size_t k, std::size_t cluster) {
  double largest = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, log_tau[i * k + cluster]);
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += std::exp(log_tau[i * k + cluster] - largest);
  return largest + std::log(sum / static_cast<double>(n));
}

Status check_finite(const double* data, std::size_t n, std::size_t k) {
  for (std::size_t at = 0; at < n * k; ++at)
    if (!std::isfinite(data[at]))
      return {Code::kOutOfRange,
              explain("predictions", "finite numbers",
                      format(data[at]) + " at row " + std::to_string(at / k) + ", column " + std::to_string(at % k),
                      "the network or its input has diverged")};
  return Status::ok();
}

}  // namespace

Predictions::Predictions(std::size_t n, std::size_t k, Workspace& workspace)
    : n_(n),
      k_(k),
      tau_(workspace.take<double>(n * k).data()),
      pi_(workspace.take<double>(k).data()),
      ratio_(workspace.take<double>(n * k).data()),
      log_ratio_(workspace.take<double>(n * k).data()),
      log_pi_(workspace.take<double>(k).data()) {}

void Predictions::set_proportions() {
  std::fill(pi_, pi_ + k_, 0.0);
  for (std::size_t i = 0; i < n_; ++i)
    for (std::size_t k = 0; k < k_; ++k) pi_[k] += tau_[i * k_ + k];
  for (std::size_t k = 0; k < k_; ++k) pi_[k] /= static_cast<double>(n_);
}

const double* Predictions::log_pi() const {
  if (std::exchange(has_log_pi_, true)) return log_pi_;
  for (std::size_t k = 0; k < k_; ++k)
    log_pi_[k] = pi_[k] > kUnderflow || log_tau_ == nullptr ? std::log(pi_[k]) : log_mean_exp(log_tau_, n_, k_, k);
  return log_pi_;
}

const double* Predictions::log_ratio() const {
  if (std::exchange(has_log_ratio_, true)) return log_ratio_;
  const double* log_proportions = log_pi();
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t k = 0; k < k_; ++k) {
      const std::size_t at = i * k_ + k;
      log_ratio_[at] = (log_tau_ != nullptr ? log_tau_[at] : std::log(tau_[at])) - log_proportions[k];
    }
  }
  return log_ratio_;
}

const double* Predictions::ratio() const {
  if (std::exchange(has_ratio_, true)) return ratio_;
  const bool underflow = std::any_of(pi_, pi_ + k_, [](double proportion) { return proportion <= kUnderflow; });
  const double* logarithms = underflow ? log_ratio() : nullptr;
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t k = 0; k < k_; ++k) {
      const std::size_t at = i * k_ + k;
      ratio_[at] = pi_[k] > kUnderflow ? tau_[at] / pi_[k] : std::exp(logarithms[at]);
    }
  }
  return ratio_;
}

Status Batch::read(AnyMatrix data) {
  std::visit(
      [this](const auto& view) {
        n_ = view.rows;
        k_ = view.columns;
        raw_ = workspace_.take<double>(n_ * k_).data();
        std::transform(view.data, view.data + n_ * k_, raw_, [](auto value) { return static_cast<double>(value); });
      },
      data);
  if (Status status = check_finite(raw_, n_, k_); !status) return status;
  clipped_.emplace(n_, k_, workspace_);
  if (options_.from == From::kLogits) softmax();
  return Status::ok();
}

void Batch::softmax() {
  double* logarithms = workspace_.take<double>(n_ * k_).data();
  for (std::size_t i = 0; i < n_; ++i) {
    double* row = raw_ + i * k_;
    double* log_row = logarithms + i * k_;
    const double largest = *std::max_element(row, row + k_);
    double sum = 0;
    for (std::size_t k = 0; k < k_; ++k) sum += std::exp(row[k] - largest);
    const double log_sum = std::log(sum);
    for (std::size_t k = 0; k < k_; ++k) {
      log_row[k] = std::max(row[k] - largest, kLeastLogarithm) - log_sum;
      row[k] = std::exp(log_row[k]);
    }
  }
  if (options_.clip == Clip::kMask) return;
  exact_.emplace(n_, k_, workspace_);
  std::copy(raw_, raw_ + n_ * k_, exact_->tau_);
  exact_->log_tau_ = logarithms;
  exact_->set_proportions();
}

const Predictions& Batch::clipped() const {
  if (std::exchange(has_clipped_, true)) return *clipped_;
  std::transform(raw_, raw_ + n_ * k_, clipped_->tau_,
                 [this](double tau) { return std::clamp(tau, options_.epsilon, 1 - options_.epsilon); });
  clipped_->set_proportions();
  return *clipped_;
}

void Batch::finish_gradient(double* log_gradient, double* out) const {
  if (options_.clip == Clip::kMask)
    for (std::size_t at = 0; at < n_ * k_; ++at)
      if (!(raw_[at] > options_.epsilon && raw_[at] < 1 - options_.epsilon)) log_gradient[at] = 0;
  if (options_.from == From::kProbabilities) {
    const double* tau = clipped().tau();
    for (std::size_t at = 0; at < n_ * k_; ++at) out[at] = log_gradient[at] / tau[at];
    return;
  }
  for (std::size_t i = 0; i < n_; ++i) {
    const double* row = log_gradient + i * k_;
    double sum = 0;
    for (std::size_t k = 0; k < k_; ++k) sum += row[k];
    for (std::size_t k = 0; k < k_; ++k) out[i * k_ + k] = row[k] - raw_[i * k_ + k] * sum;
  }
}

}  // namespace genmi
