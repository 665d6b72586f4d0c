// The backends whose promises backend_test.cpp holds them to.
#pragma once

#include <vector>

#include "genmi/backend.h"

namespace genmi::test {

std::vector<const Backend*> all_backends();

}  // namespace genmi::test
