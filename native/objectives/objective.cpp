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

ObjectiveFactory::ObjectiveFactory(const char* name, Make maker)
    : name_(name), make_(maker), next_(std::exchange(first_factory, this)) {}

std::vector<std::string> ObjectiveFactory::names() {
  std::vector<std::string> names;
  for (const ObjectiveFactory* each = first_factory; each != nullptr; each = each->next_)
    names.emplace_back(each->name_);
  std::sort(names.begin(), names.end());
  return names;
}

Status ObjectiveFactory::make(const std::string& name, const Parameters& parameters, ObjectivePtr& out) {
  for (const ObjectiveFactory* each = first_factory; each != nullptr; each = each->next_)
    if (name == each->name_) return each->make_(parameters, out);
  std::string known;
  for (const std::string& each : names()) known += (known.empty() ? "" : ", ") + quote(each);
  return {Code::kOutOfRange, explain("objective", "one of " + known, quote(name))};
}

}  // namespace genmi
