// Weighted sums of objectives: what add() and scale() make.
#include <algorithm>

#include "genmi/objective.h"

namespace genmi::objectives {
namespace {

class WeightedSum final : public Objective {
 public:
  explicit WeightedSum(std::vector<Parameters::Term> terms) : terms_(std::move(terms)) {}

  Status evaluate(const Batch& batch, Context& context, double factor, Totals& totals) const override {
    for (const auto& [objective, weight] : terms_)
      if (Status status = objective->evaluate(batch, context, factor * weight, totals); !status) return status;
    return Status::ok();
  }

  Cost cost(std::size_t n, std::size_t k) const override {
    Cost total;
    for (const auto& [objective, weight] : terms_) {
      const Cost cost = objective->cost(n, k);
      total.operations += cost.operations;
      total.bytes = std::max(total.bytes, cost.bytes);
    }
    return total;
  }

  // Rows must fit every affinity.
  std::size_t affinity_size() const override {
    std::size_t smallest = 0;
    for (const auto& [objective, weight] : terms_) {
      const std::size_t size = objective->affinity_size();
      if (size != 0) smallest = smallest == 0 ? size : std::min(smallest, size);
    }
    return smallest;
  }

 private:
  std::vector<Parameters::Term> terms_;
};

const ObjectiveFactory registration("sum", [](const Parameters& parameters, ObjectivePtr& out) -> Status {
  out = std::make_shared<WeightedSum>(parameters.get<std::vector<Parameters::Term>>("terms", {}));
  return Status::ok();
});

}  // namespace
}  // namespace genmi::objectives
