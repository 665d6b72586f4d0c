// The energy distance objectives: 2 E d(x, y) - E d(x, x') - E d(y, y') = -w' A w / N^2 for a distance A.
//
// Source: Szekely, Rizzo, "Energy statistics: A class of statistics based on distances", 2013, eq. (5).
#include "objectives/discrepancy.h"

namespace genmi::objectives {
namespace {

const ObjectiveFactory registration("energy", [](const Parameters& parameters, ObjectivePtr& out) -> Status {
  const SharedAffinityPtr distance = parameters.affinity();
  if (!distance || distance->kind() != Kind::kDistance)
    return {Code::kInvalidType, explain("affinity", "a distance, as Affinity.distance() and Affinity.hops() make",
                                        distance ? "a kernel" : "nothing", "kernels are for mmd()")};
  out = make_quadratic_objective(distance, parameters.one_vs_one(), Discrepancy::kEnergy);
  return Status::ok();
});

}  // namespace
}  // namespace genmi::objectives
