// The instruction sets that run here, for tests of the code compiled for each.
#pragma once

#include <vector>

#include "simd/isa.h"

namespace genmi::test {

inline std::vector<simd::Isa> supported_isas() {
  std::vector<simd::Isa> isas;
  for (const simd::Isa isa : simd::kAllIsas)
    if (simd::is_supported(isa)) isas.push_back(isa);
  return isas;
}

// Makes an instruction set the default as long as this object lives.
class WithIsa {
 public:
  explicit WithIsa(simd::Isa isa) : before_(simd::default_isa()) { simd::set_default_isa(isa); }
  ~WithIsa() { simd::set_default_isa(before_); }
  WithIsa(const WithIsa&) = delete;
  WithIsa& operator=(const WithIsa&) = delete;

 private:
  simd::Isa before_;
};

}  // namespace genmi::test
