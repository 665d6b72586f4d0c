// One evaluation computes an objective's value and its gradient with respect to the predictions. Trainers, backends,
// the binding and the tests call this header and nothing below it.
#pragma once

#include <cstdint>
#include <span>
#include <variant>

#include "genmi/context.h"
#include "genmi/matrix.h"
#include "genmi/objective.h"
#include "genmi/rows.h"
#include "genmi/status.h"

namespace genmi {

enum class From { kProbabilities, kLogits };

// How probabilities outside [epsilon, 1 - epsilon] are treated.
//
// kFused: the gradient passes through the clipping, so that a saturated model can recover. From logits, objectives
// whose gradient has a finite limit are not clipped: value and gradient come from the exact softmax, in the log domain.
//
// kMask: probabilities are always clipped. The gradient is 0 where clipping changed them, as in the Python packages.
enum class Clip { kFused, kMask };

struct EvaluationOptions {
  From from = From::kProbabilities;
  Clip clip = Clip::kFused;
  double epsilon = 1e-12;  // in (0, 0.5)
  Rows rows;               // which samples of the affinity the predictions are; default: all of them
  std::uint64_t draw = 0;  // the number of this draw in the objective's random sequence
  bool rehearsal = false;  // a trial run, for an estimate of time: nothing is drawn at random, nothing is kept
};

// An array that receives a result, in either precision; empty where it is not wanted.
using AnyOutput = std::variant<std::span<float>, std::span<double>>;

// The objective's value, and dI/dtau or, from logits z, dI/dz: N x K, row-major, in any combination of precisions.
// Scratch memory is the context's workspace. value and gradient are written only where the answer is ok. Errors:
// kOutOfRange for rows that do not fit, predictions that are not finite, and a value or gradient that is not finite in
// its precision; kAborted; those of the objective.
Status evaluate(const Objective& objective, AnyMatrix predictions, const EvaluationOptions& options,
                const Context& context, double& value, AnyOutput gradient = {});

// dI/dA for the entries of the objective's affinity as free variables, N x N. `out` is written as `gradient` of
// evaluate() is; the errors are the same.
Status evaluate_affinity_gradient(const Objective& objective, AnyMatrix predictions, const EvaluationOptions& options,
                                  const Context& context, AnyOutput out);

}  // namespace genmi
