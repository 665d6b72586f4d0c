#include "genmi/objective.h"

#include <algorithm>
#include <utility>

namespace genmi {
namespace {

// The list of all factories.
constinit const ObjectiveFactory* first_factory = nullptr;

}  // namespace

Status Objective::affinity_gradient(const DensityRatios&, const Context&, double*) const {
  return {Code::kInvalidType, explain("objective", "an objective with an affinity of its own", "one without")};
}

ObjectiveFactory::ObjectiveFactory(const char* name, Make make)
    : name_(name), make_(make), next_(std::exchange(first_factory, this)) {}

std::vector<std::string> ObjectiveFactory::names() {
  std::vector<std::string> names;
  for (const auto& [name, make] : factories()) names.push_back(name);
  return names;
}

Status ObjectiveFactory::make(const std::string& name, const Parameters& parameters, ObjectivePtr& out) {
  std::vector<std::string> known;
  for (const ObjectiveFactory* each = first_factory; each != nullptr; each = each->next_) {
    if (name == each->name_) return each->make_(parameters, out);
    known.push_back(quote(each->name_));
  }
  std::sort(known.begin(), known.end());
  std::string names;
  for (const std::string& each : known) names += (names.empty() ? "" : ", ") + each;
  return {Code::kOutOfRange, explain("objective", "one of " + names, quote(name))};
}

}  // namespace genmi
