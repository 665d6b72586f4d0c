// The predictions of one batch in the forms that objectives use, and the way back from an objective's gradient to the
// caller's variables. Numbers of a cluster are float64, all others in the caller's precision T.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "genmi/context.h"
#include "genmi/evaluation.h"
#include "genmi/matrix.h"
#include "genmi/status.h"
#include "simd/kernels.h"

namespace genmi {

// tau: N x K, tau_ik = p(y = k | x_i), in panels of 16 samples (simd/panels.h); pi: K, its column means.
template <class T>
class Predictions {
 public:
  // Below this a proportion is better known by its logarithm.
  static constexpr double kUnderflow = sizeof(T) == 4 ? 1e-30 : 1e-280;

  Predictions(std::size_t n, std::size_t k, Workspace& workspace);

  std::size_t n() const { return n_; }
  std::size_t k() const { return k_; }
  const T* tau() const { return tau_; }
  // Known when the predictions came as logits, and exact where tau underflows; otherwise null.
  const T* log_tau() const { return log_tau_; }
  const double* pi() const { return pi_; }
  // pi + pi_rest is the mean of a float64 column to twice as many digits: where pi is nearly 1, tau - pi is as small as
  // the other clusters' probabilities.
  const double* pi_rest() const { return pi_rest_; }
  const double* log_pi() const { return log_pi_; }
  // Where pi_k underflows, tau / pi = exp(log tau - log pi). offset: a place in the panels that belongs to cluster k.
  bool is_known_by_logarithm(std::size_t k) const { return pi_[k] <= kUnderflow && log_tau_ != nullptr; }
  double ratio_by_logarithm(std::size_t k, std::size_t offset) const {
    return std::exp(static_cast<double>(log_tau_[offset]) - log_pi_[k]);
  }
  // The sum of pi: 1, unless the caller's rows sum to something else.
  double total() const { return total_; }
  const simd::ColumnConstants<T>& columns() const { return columns_; }
  // The place of sample i and cluster 0 in the panels; cluster k is k kPanel further on.
  std::size_t offset(std::size_t i) const { return i / simd::kPanel * k_ * simd::kPanel + i % simd::kPanel; }

 private:
  template <class>
  friend class Batch;
  // sums: over the rows of each block, for each column; in float64, of the differences from the block's first row.
  void set_proportions(std::span<const double> sums);
  // The mean of column k, and its rounding error.
  std::pair<double, double> mean(std::size_t k, std::span<const double> sums) const;

  std::size_t n_, k_;
  T* tau_ = nullptr;
  const T* log_tau_ = nullptr;
  double *pi_, *pi_rest_, *log_pi_, total_ = 0;
  T* constants_;
  simd::ColumnConstants<T> columns_;
};

// The sums of one evaluation. Each objective adds to them, so that sums of objectives need no memory of their own.
template <class T>
struct Totals {
  double value = 0;
  // tau dI/dtau, the derivative with respect to log tau for fixed pi: N x K in panels, empty where no gradient is
  // wanted. It is finite where dI/dtau is not, and the gradients with respect to probabilities and logits both follow
  // from it.
  std::span<T> log_gradient;
  bool unwritten = true;  // log_gradient has no meaning yet: the first writer overwrites it
  // K: dI/dlog pi, for Batch::exact() and for Batch::clipped().
  std::span<double> by_exact, by_clipped;

  bool with_gradient() const { return !log_gradient.empty(); }
  void prepare_to_add() {
    if (std::exchange(unwritten, false)) std::fill(log_gradient.begin(), log_gradient.end(), T(0));
  }
};

// The error that names the first number of data that is not finite. The panels decide whether there is one, since each
// number is read into them once. Another thread may have changed shared memory since.
template <class T>
Status not_finite(MatrixView<T> data, const char* argument);

// The predictions of one call, read from the caller's memory.
template <class T>
class Batch {
 public:
  // Refers to memory of the context's workspace until its frame ends. argument: the name of the predictions in errors.
  Batch(const EvaluationOptions& options, const Context& context, const char* argument = "predictions")
      : options_(options), context_(context), argument_(argument) {}

  // data: N x K numbers, checked to be finite. kAborted, as below, when the context's job was cancelled.
  Status read(MatrixView<T> data);

  std::size_t n() const { return n_; }
  std::size_t k() const { return k_; }
  const EvaluationOptions& options() const { return options_; }
  Rows rows() const { return options_.rows.count == 0 ? Rows{nullptr, n_} : options_.rows; }

  // For objectives whose gradient with respect to logits has a finite limit as a probability vanishes.
  const Predictions<T>& exact() const { return exact_ ? *exact_ : clipped(); }
  // For all other objectives, and for predictions that came as probabilities or with Clip::kMask.
  const Predictions<T>& clipped() const;

  // Empty sums, with room for a gradient if one is wanted.
  Totals<T> totals(bool with_gradient) const;
  // dI/dlog pi of the totals, for these predictions.
  std::span<double> by_proportion(const Predictions<T>& p, Totals<T>& totals) const {
    return exact_ && &p == &*exact_ ? totals.by_exact : totals.by_clipped;
  }

  // Writes dI/dtau or, for logits z, dI/dz = tau (dI/dtau - <tau, dI/dtau>) to out. Overwrites the totals' tau dI/dtau.
  // kAborted leaves out half-written.
  Status finish_gradient(Totals<T>& totals, T* out) const;

 private:
  T least() const;
  T greatest() const { return static_cast<T>(1 - options_.epsilon); }

  EvaluationOptions options_;
  const Context& context_;
  const char* argument_;
  std::size_t n_ = 0, k_ = 0;
  T* softmax_ = nullptr;  // from logits: tau before clipping
  std::optional<Predictions<T>> exact_;
  mutable std::optional<Predictions<T>> clipped_;
  mutable bool has_clipped_ = false;
};

}  // namespace genmi
