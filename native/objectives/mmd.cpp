// The maximum mean discrepancy objectives, plain and squared: sqrt(w' A w) / N and w' A w / N^2 for a kernel A.
//
// Source: Ohl et al. 2022, eq. (9), (10); Gretton et al., "A Kernel Two-Sample Test", JMLR 2012 (the V-statistic).
#include "objectives/discrepancy.h"

namespace genmi::objectives {
namespace {

const ObjectiveFactory registration("mmd", [](const Parameters& parameters, ObjectivePtr& out) -> Status {
  const SharedAffinityPtr kernel = parameters.affinity();
  if (!kernel || kernel->kind() != Kind::kKernel)
    return {Code::kInvalidType,
            explain("affinity", "a kernel, as Affinity.kernel() makes", kernel ? "a distance" : "nothing",
                    "distances are for wasserstein() and energy()")};
  const Discrepancy discrepancy = parameters.flag("squared") ? Discrepancy::kSquaredMmd : Discrepancy::kMmd;
  out = make_quadratic_objective(kernel, parameters.one_vs_one(), discrepancy);
  return Status::ok();
});

}  // namespace
}  // namespace genmi::objectives
