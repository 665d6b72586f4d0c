#include "backends.h"

#include "reference_backend.h"

namespace genmi::test {

std::vector<const Backend*> all_backends() { return {&cpu_backend(), &reference_backend()}; }

}  // namespace genmi::test
