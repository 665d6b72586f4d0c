// The predictions of one batch in the forms that objectives use, and the way back from an objective's gradient to the
// caller's variables.
#pragma once

#include <cstddef>
#include <optional>

#include "genmi/affinity.h"
#include "genmi/matrix.h"
#include "genmi/status.h"
#include "genmi/workspace.h"

namespace genmi {

enum class From { kProbabilities, kLogits };

// What happens to probabilities outside [epsilon, 1 - epsilon].
//
// kFused: the gradient does not stop there, so that a saturated model can recover. From logits, objectives whose
// gradient has a finite limit are not clipped at all: value and gradient are those of the exact softmax, in the log
// domain.
//
// kMask: clipped always, and the gradient is 0 where clipping changed anything, as the Python packages do it.
enum class Clip { kFused, kMask };

struct BatchOptions {
  From from = From::kProbabilities;
  Clip clip = Clip::kFused;
  double epsilon = 1e-12;
  Rows rows;  // which samples of the affinity these are
};

// tau: N x K, tau_ik = p(y = k | x_i); pi: K, its column means; ratio = tau / pi, the density ratio p(x | k) / p(x).
// All in float64, row-major; all but tau and pi is computed when it is first asked for, in memory reserved at the start
// (an objective's own workspace frame may have ended when the next one asks).
class Predictions {
 public:
  Predictions(std::size_t n, std::size_t k, Workspace& workspace);

  std::size_t n() const { return n_; }
  std::size_t k() const { return k_; }
  const double* tau() const { return tau_; }
  const double* pi() const { return pi_; }
  const double* ratio() const;
  const double* log_ratio() const;
  const double* log_pi() const;

 private:
  friend class Batch;
  void set_proportions();

  std::size_t n_, k_;
  double *tau_, *pi_, *ratio_, *log_ratio_, *log_pi_;
  const double* log_tau_ = nullptr;  // known from the start when the predictions came as logits
  mutable bool has_ratio_ = false, has_log_ratio_ = false, has_log_pi_ = false;
};

// One call's predictions as the caller gave them.
class Batch {
 public:
  // Views the workspace until its frame ends.
  Batch(const BatchOptions& options, Workspace& workspace) : options_(options), workspace_(workspace) {}

  // data: N x K numbers, checked to be finite.
  Status read(AnyMatrix data);

  std::size_t n() const { return n_; }
  std::size_t k() const { return k_; }
  Rows rows() const { return options_.rows.count == 0 ? Rows{nullptr, n_} : options_.rows; }

  // For objectives whose gradient with respect to logits has a finite limit as a probability vanishes.
  const Predictions& exact() const { return exact_ ? *exact_ : clipped(); }
  // For all others, and for everything that came as probabilities or with Clip::kMask.
  const Predictions& clipped() const;

  // From tau dI/dtau, which it may overwrite, to dI/dtau or, for logits z, dI/dz = tau (dI/dtau - <tau, dI/dtau>).
  void finish_gradient(double* log_gradient, double* out) const;

 private:
  void softmax();

  BatchOptions options_;
  Workspace& workspace_;
  std::size_t n_ = 0, k_ = 0;
  double* raw_ = nullptr;  // N x K probabilities before clipping
  std::optional<Predictions> exact_;
  mutable std::optional<Predictions> clipped_;
  mutable bool has_clipped_ = false;
};

}  // namespace genmi
