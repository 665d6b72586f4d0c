#include "genmi/objective.h"

namespace genmi {
namespace {

std::map<std::string, ObjectiveFactory::Make>& factories() {
  static std::map<std::string, ObjectiveFactory::Make> registered;
  return registered;
}

}  // namespace

Status Objective::affinity_gradient(const DensityRatios&, const Context&, double*) const {
  return {Code::kInvalidType, explain("objective", "an objective with an affinity of its own", "one without")};
}

ObjectiveFactory::ObjectiveFactory(const char* name, Make make) { factories().emplace(name, std::move(make)); }

Status ObjectiveFactory::make(const std::string& name, const Parameters& parameters, ObjectivePtr& out) {
  const auto found = factories().find(name);
  if (found != factories().end()) return found->second(parameters, out);
  std::string known;
  for (const auto& [each, make] : factories()) known += (known.empty() ? "" : ", ") + quote(each);
  return {Code::kOutOfRange, explain("objective", "one of " + known, quote(name))};
}

}  // namespace genmi
