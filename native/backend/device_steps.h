// The steps of a training on a device. Samples, network and optimiser are in its memory; logits and their gradient
// travel. Four kinds of trainings stay on the CPU. Trainings on pairs have other samples in each step. Penalties beside
// L2 and tables of logits have no kernels. Small networks stay where the device was not asked for by name.
#pragma once

#include <memory>

#include "backend/device.h"
#include "networks/steps.h"

namespace genmi {

// Throws DeviceFailure.
template <class T>
std::unique_ptr<networks::Steps<T>> make_steps(const DevicePtr& device, const networks::Learner<T>& learner);

}  // namespace genmi
