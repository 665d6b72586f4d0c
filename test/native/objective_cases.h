// The one list of objectives for native tests. A new objective needs a line here; f-divergences are found on their own.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "simd/kernels.h"

namespace genmi::test {

struct ObjectiveCase {
  std::string name;  // the factory's name of the objective
  std::string f;     // the name of the f-divergence, if it is one
  double alpha = 0;
  bool squared = false;

  bool has_kernel() const { return name == "mmd"; }
  bool has_affinity() const { return name != "f-divergence"; }
};

// Objectives that are 0 at uniform predictions. Regularisers and sums are not.
inline std::vector<ObjectiveCase> objective_cases() {
  std::vector<ObjectiveCase> cases = {
      {"f-divergence", "half-chi2"}, {"mmd", ""}, {"mmd", "", 0, true}, {"energy", ""}, {"wasserstein", ""}};
  const simd::DivergenceKernels& divergences = simd::default_kernels().divergence;
  for (std::size_t at = 0; at < divergences.count; ++at)
    if (const std::string name = divergences.all[at].name; name != "alpha") cases.push_back({"f-divergence", name});
  for (const double alpha : {-1.0, 0.5, 1.0, 3.0}) cases.push_back({"f-divergence", "alpha", alpha});
  return cases;
}

inline ObjectiveCase f_divergence_case(const std::string& f) {
  for (const ObjectiveCase& each : objective_cases())
    if (each.f == f) return each;
  throw std::invalid_argument(f);
}

}  // namespace genmi::test
