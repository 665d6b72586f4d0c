// The steps of a training on a device: samples, network and optimiser are in its memory, and logits and their gradients
// travel. Some trainings stay on the CPU: those on pairs, whose samples are others in each step; those with penalties
// beside L2; tables of logits; and, where the device was not asked for by name, networks with few weights.
#pragma once

#include <memory>

#include "backend/device.h"
#include "networks/steps.h"

namespace genmi {

// Throws DeviceFailure.
template <class T>
std::unique_ptr<networks::Steps<T>> make_steps(const DevicePtr& device, const networks::Learner<T>& learner);

}  // namespace genmi
