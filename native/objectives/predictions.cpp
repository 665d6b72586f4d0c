#include "objectives/predictions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "objectives/panel_blocks.h"

namespace genmi {
namespace {

using objectives::blocks_of;
using objectives::for_each_block;
using objectives::PanelBlock;
using simd::kPanel;

// About the time for one number: to read it, or to finish its gradient. Clipping takes half of it.
constexpr double kNanoseconds = 0.5;

double work_of(std::size_t n, std::size_t k) { return kNanoseconds * static_cast<double>(n) * static_cast<double>(k); }

std::size_t padded_rows(std::size_t n) { return simd::panels_of(n) * kPanel; }

// A sum in two numbers: the second one holds the rounding errors of the first. (Knuth, TAOCP vol. 2, 4.2.2.)
class LongSum {
 public:
  void add(double term) {
    const double sum = high_ + term, added = sum - high_;
    low_ += (high_ - (sum - added)) + (term - added);
    high_ = sum;
  }
  // factor: an integer below 2^24, so that its products with both parts of a number are exact.
  void add_product(double factor, double number) {
    const double high = upper_part(number);
    add(factor * high);
    add(factor * (number - high));
  }
  // The quotient, and its rounding error.
  std::pair<double, double> divided_by(double n) const {
    const double quotient = (high_ + low_) / n, high = upper_part(quotient);
    return {quotient, ((high_ - high * n) - (quotient - high) * n + low_) / n};
  }

 private:
  static double upper_part(double number) { return static_cast<double>(static_cast<float>(number)); }

  double high_ = 0, low_ = 0;
};

// log(sum_i exp(log_tau_ik) / n), for a cluster whose probabilities underflow.
template <class T>
double log_mean_exp(const Predictions<T>& p, std::size_t cluster) {
  const auto log_tau = [&](std::size_t i) { return static_cast<double>(p.log_tau()[p.offset(i) + cluster * kPanel]); };
  double largest = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < p.n(); ++i) largest = std::max(largest, log_tau(i));
  double sum = 0;
  for (std::size_t i = 0; i < p.n(); ++i) sum += std::exp(log_tau(i) - largest);
  return largest + std::log(sum / static_cast<double>(p.n()));
}

// dI/dlog pi_k reaches the gradient of sample i with the factor tau_ik / (N pi_k), since pi_k = mean tau_ik. Here it is
// divided by N pi_k. Where pi_k underflows, so does every term with the factor pi_k: 0.
template <class T>
std::span<T> by_tau(const Predictions<T>& p, std::span<const double> by_proportion, Workspace& workspace) {
  const std::span<T> coefficients = workspace.take<T>(p.k());
  for (std::size_t k = 0; k < p.k(); ++k)
    coefficients[k] = p.pi()[k] > Predictions<T>::kUnderflow
                          ? static_cast<T>(by_proportion[k] / (p.pi()[k] * static_cast<double>(p.n())))
                          : T(0);
  return coefficients;
}

bool all_true(std::span<const unsigned char> flags) {
  return std::all_of(flags.begin(), flags.end(), [](unsigned char each) { return each != 0; });
}

}  // namespace

template <class T>
Predictions<T>::Predictions(std::size_t n, std::size_t k, Workspace& workspace)
    : n_(n),
      k_(k),
      pi_(workspace.take<double>(3 * k).data()),
      pi_rest_(pi_ + k),
      log_pi_(pi_ + 2 * k),
      constants_(workspace.take<T>(5 * k).data()),
      columns_{constants_, constants_ + k, constants_ + 2 * k, constants_ + 3 * k, constants_ + 4 * k, 1} {}

template <class T>
std::pair<double, double> Predictions<T>::mean(std::size_t k, std::span<const double> sums) const {
  const auto samples = static_cast<double>(n_);
  if (sizeof(T) == 4) {
    double sum = 0;
    for (std::size_t at = k; at < sums.size(); at += k_) sum += sums[at];
    return {sum / samples, 0};
  }
  LongSum sum;
  for (std::size_t block = 0; block < sums.size() / k_; ++block) {
    const std::size_t row = block * objectives::kRowsPerBlock;
    const double first = static_cast<double>(tau_[row * k_ + k * kPanel]);
    sum.add_product(static_cast<double>(std::min(objectives::kRowsPerBlock, n_ - row)), first);
    sum.add(sums[block * k_ + k]);
  }
  return sum.divided_by(samples);
}

template <class T>
void Predictions<T>::set_proportions(std::span<const double> sums) {
  total_ = 0;
  for (std::size_t k = 0; k < k_; ++k) {
    std::tie(pi_[k], pi_rest_[k]) = mean(k, sums);
    log_pi_[k] = is_known_by_logarithm(k) ? log_mean_exp(*this, k) : std::log(pi_[k]);
    total_ += pi_[k];
    const double floored = std::max(pi_[k], static_cast<double>(std::numeric_limits<T>::min()));
    const auto rest = [&](double number, T rounded, double more) {
      return static_cast<T>(number - static_cast<double>(rounded) + more);
    };
    constants_[k] = static_cast<T>(floored);
    constants_[k_ + k] = rest(floored, constants_[k], pi_rest_[k]);
    constants_[2 * k_ + k] = static_cast<T>(1 / floored);
    constants_[3 * k_ + k] = static_cast<T>(log_pi_[k]);
    constants_[4 * k_ + k] = rest(log_pi_[k], constants_[3 * k_ + k], pi_rest_[k] / floored);
  }
  columns_.total = static_cast<T>(total_);
}

template <class T>
Status not_finite(MatrixView<T> data, const char* argument) {
  std::string received = "others, which another thread has overwritten since";
  for (std::size_t at = 0; at < data.rows * data.columns; ++at) {
    const auto number = static_cast<double>(data.data[at]);
    if (std::isfinite(number)) continue;
    received = format(number) + " at row " + std::to_string(at / data.columns) + ", column " +
               std::to_string(at % data.columns);
    break;
  }
  return {Code::kOutOfRange, explain(argument, "finite numbers", received, "the network or its input has diverged")};
}

template <class T>
T Batch<T>::least() const {
  return std::max(static_cast<T>(options_.epsilon), std::numeric_limits<T>::min());
}

template <class T>
Status Batch<T>::read(MatrixView<T> data) {
  n_ = data.rows;
  k_ = data.columns;
  Workspace& workspace = context_.workspace;
  const bool logits = options_.from == From::kLogits;
  const std::size_t numbers = padded_rows(n_) * k_;
  T* tau = workspace.take<T>(numbers).data();
  T* log_tau = logits ? workspace.take<T>(numbers).data() : nullptr;
  clipped_.emplace(n_, k_, workspace);
  clipped_->tau_ = logits ? workspace.take<T>(numbers).data() : tau;
  if (logits && options_.clip == Clip::kFused) {
    exact_.emplace(n_, k_, workspace);
    exact_->tau_ = tau;
    exact_->log_tau_ = log_tau;
  }

  // Predictions that are not clipped later have their columns summed here, while they are in the caches.
  const bool complete = exact_ || !logits;
  const std::span<double> sums = workspace.take_zeroed<double>(complete ? blocks_of(n_) * k_ : 0);
  const std::span<unsigned char> finite = workspace.take<unsigned char>(blocks_of(n_));
  for_each_block(context_, n_, work_of(n_, k_), [&](const PanelBlock& block) {
    if (context_.cancelled()) return;
    const std::size_t at = block.first * k_;
    const auto& kernels = context_.kernels.panel<T>();
    finite[block.index] =
        logits ? kernels.read_logits(data.data + at, block.rows, k_, log_tau + at, tau + at)
               : kernels.read_probabilities(data.data + at, block.rows, k_, least(), greatest(), tau + at);
    if (complete) kernels.add_columns(tau + at, block.rows, k_, sums.data() + block.index * k_);
  });
  if (context_.cancelled()) return aborted();
  if (!all_true(finite)) return not_finite(data, argument_);

  softmax_ = logits ? tau : nullptr;
  if (complete) (exact_ ? *exact_ : *clipped_).set_proportions(sums);
  has_clipped_ = !logits;
  return Status::ok();
}

template <class T>
const Predictions<T>& Batch<T>::clipped() const {
  if (std::exchange(has_clipped_, true)) return *clipped_;
  const Workspace::Frame frame(context_.workspace);
  const std::span<double> sums = context_.workspace.take_zeroed<double>(blocks_of(n_) * k_);
  for_each_block(context_, n_, work_of(n_, k_) / 2, [&](const PanelBlock& block) {
    const std::size_t at = block.first * k_;
    const auto& kernels = context_.kernels.panel<T>();
    kernels.clip(softmax_ + at, block.rows, k_, least(), greatest(), clipped_->tau_ + at);
    kernels.add_columns(clipped_->tau_ + at, block.rows, k_, sums.data() + block.index * k_);
  });
  clipped_->set_proportions(sums);
  return *clipped_;
}

template <class T>
Totals<T> Batch<T>::totals(bool with_gradient) const {
  Totals<T> totals;
  if (!with_gradient) return totals;
  totals.log_gradient = context_.workspace.take<T>(padded_rows(n_) * k_);
  totals.by_exact = context_.workspace.take_zeroed<double>(k_);
  totals.by_clipped = context_.workspace.take_zeroed<double>(k_);
  return totals;
}

template <class T>
Status Batch<T>::finish_gradient(Totals<T>& totals, T* out) const {
  const Workspace::Frame frame(context_.workspace);
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  totals.prepare_to_add();
  const bool mask = options_.clip == Clip::kMask;
  simd::GradientPass<T> pass{};
  pass.k = k_;
  pass.least = mask ? least() : -kInfinity;
  pass.greatest = mask ? greatest() : kInfinity;
  // From logits, gradients are multiplied with the softmax. Clipped predictions, where there are any, add a term of
  // their own.
  const bool apart = softmax_ != nullptr && has_clipped_;
  const std::span<T> zeros = context_.workspace.take_zeroed<T>(k_);
  const std::span<T> panels = context_.workspace.take<T>(context_.slots() * k_ * kPanel);
  pass.by_tau = exact_ ? by_tau(*exact_, totals.by_exact, context_.workspace).data() : zeros.data();
  if (apart) pass.by_clipped = by_tau(clipped(), totals.by_clipped, context_.workspace).data();
  if (softmax_ == nullptr) pass.by_tau = by_tau(clipped(), totals.by_clipped, context_.workspace).data();

  for_each_block(context_, n_, work_of(n_, k_), [&](const PanelBlock& block) {
    if (context_.cancelled()) return;
    const std::size_t at = block.first * k_;
    simd::GradientPass<T> part = pass;
    part.rows = block.rows;
    part.tau = (softmax_ != nullptr ? softmax_ : clipped_->tau_) + at;
    part.clipped = apart ? clipped_->tau_ + at : nullptr;
    part.log_gradient = totals.log_gradient.data() + at;
    part.scratch = panels.data() + block.slot * k_ * kPanel;
    part.out = out + at;
    const auto& kernels = context_.kernels.panel<T>();
    if (softmax_ != nullptr) kernels.gradient_of_logits(part);
    else kernels.gradient_of_probabilities(part);
  });
  return context_.cancelled() ? aborted() : Status::ok();
}

template class Predictions<float>;
template class Predictions<double>;
template class Batch<float>;
template class Batch<double>;
template Status not_finite(MatrixView<float>, const char*);
template Status not_finite(MatrixView<double>, const char*);

}  // namespace genmi
