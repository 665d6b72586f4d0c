// Trainings on pairs of views: a loss that compares two views of the same samples takes the place of an objective.
#pragma once

#include <cstddef>
#include <vector>

#include "genmi/pair_loss.h"

namespace genmi::networks {

// Consecutive columns of the logits, which the loss sees as predictions of their own.
struct Head {
  std::size_t columns = 0;
  double weight = 1;  // of its loss in the loss of all heads
};

struct Pairs {
  PairLoss loss;
  std::vector<Head> heads;  // their columns one after the other: all of the logits
  std::size_t samples = 0;  // of an epoch
  std::size_t copies = 1;   // pairs of each sample in a step
};

}  // namespace genmi::networks
