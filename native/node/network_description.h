// The description of a network, from JavaScript.
#pragma once

#include <napi.h>

#include <memory>

#include "networks/network.h"

namespace genmi::node {

template <class T>
std::unique_ptr<networks::Network<T>> build_network(const Napi::Object& description);

}  // namespace genmi::node
