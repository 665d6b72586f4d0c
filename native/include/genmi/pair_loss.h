// Losses on pairs of views: two matrices whose rows i belong to one sample. A loss is minimised.
#pragma once

#include <string>

#include "genmi/context.h"
#include "genmi/evaluation.h"
#include "genmi/matrix.h"
#include "genmi/status.h"

namespace genmi {

struct PairLoss {
  std::string name;      // one of pair_loss.cpp
  double parameter = 0;  // the number that the loss has, such as IIC's lambda
};

struct Views {
  AnyMatrix a, b;  // in one precision
  From from = From::kProbabilities;
};

// The gradients with respect to both views; empty where they are not wanted.
struct ViewGradients {
  AnyOutput a, b;
};

// The value L, and dL/da and dL/db: row-major, in any precision. Everything is written only where the answer is ok.
// Errors: kInvalidType for views of two precisions; kOutOfRange for sizes that do not fit, numbers that are not finite,
// and a value or gradient that is not finite in its precision; kAborted.
Status evaluate(const PairLoss& loss, const Views& views, const Context& context, double& value,
                const ViewGradients& gradients = {});

}  // namespace genmi
