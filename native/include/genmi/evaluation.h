// One evaluation: from predictions to an objective's value and its gradient with respect to them. Trainers, backends,
// the binding and the tests call this and nothing below it.
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

// What happens to probabilities outside [epsilon, 1 - epsilon].
//
// kFused: the gradient does not stop there, so that a saturated model can recover. From logits, objectives whose
// gradient has a finite limit are not clipped at all: value and gradient are those of the exact softmax, in the log
// domain.
//
// kMask: clipped always, and the gradient is 0 where clipping changed anything, as the Python packages do it.
enum class Clip { kFused, kMask };

struct EvaluationOptions {
  From from = From::kProbabilities;
  Clip clip = Clip::kFused;
  double epsilon = 1e-12;  // in (0, 0.5)
  Rows rows;               // which samples of the affinity the predictions are; default: all of them
  std::uint64_t draw = 0;  // which of its sequence of random choices an objective is to make
  bool rehearsal = false;  // the trial run of an estimate: nothing is drawn at random, nothing is kept
};

// An array that receives a result, in either precision; empty where it is not wanted.
using AnyOutput = std::variant<std::span<float>, std::span<double>>;

// The objective's value, and dI/dtau or, from logits z, dI/dz: N x K, row-major, in any combination of precisions.
// Scratch memory is the context's workspace. value and gradient are written only where the answer is ok. Errors:
// kOutOfRange for rows that do not fit, predictions that are not finite, and a value or gradient that is not finite in
// its precision; kAborted; those of the objective.
Status evaluate(const Objective& objective, AnyMatrix predictions, const EvaluationOptions& options,
                const Context& context, double& value, AnyOutput gradient = {});

// dI/dA for the entries of the objective's affinity as free variables, N x N. Written and refused as above.
Status evaluate_affinity_gradient(const Objective& objective, AnyMatrix predictions, const EvaluationOptions& options,
                                  const Context& context, AnyOutput out);

}  // namespace genmi
