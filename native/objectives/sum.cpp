// Weighted sums of objectives, as add() and scale() make them.
#include <algorithm>
#include <cmath>
#include <optional>

#include "genmi/objective.h"
#include "objectives/in_both_precisions.h"

namespace genmi::objectives {
namespace {

class WeightedSum final : public InBothPrecisions<WeightedSum> {
 public:
  explicit WeightedSum(std::vector<Parameters::Term> terms) : terms_(std::move(terms)) {}

  template <class T>
  Status add(const Batch<T>& batch, const Context& context, double factor, Totals<T>& totals) const {
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

  double largest_slope(std::size_t n, double epsilon, double logarithm) const override {
    double total = 0;
    for (const auto& [objective, weight] : terms_)
      if (weight != 0) total += std::abs(weight) * objective->largest_slope(n, epsilon, logarithm);
    return total;
  }

  std::size_t kept_bytes() const override {
    std::size_t total = 0;
    for (const auto& [objective, weight] : terms_) total += objective->kept_bytes();
    return total;
  }

  std::size_t affinity_size() const override { return common_affinity_size(terms_).value_or(0); }

  std::size_t named_samples() const override {
    std::size_t most = 0;
    for (const auto& [objective, weight] : terms_) most = std::max(most, objective->named_samples());
    return most;
  }

  // The size of the terms' affinities: 0 if no term has one, nothing if two sizes differ, since no rows suit both.
  static std::optional<std::size_t> common_affinity_size(const std::vector<Parameters::Term>& terms) {
    std::size_t common = 0;
    for (const auto& [objective, weight] : terms) {
      const std::size_t size = objective->affinity_size();
      if (size == 0) continue;
      if (common != 0 && common != size) return std::nullopt;
      common = size;
    }
    return common;
  }

 private:
  std::vector<Parameters::Term> terms_;
};

const ObjectiveFactory registration("sum", [](const Parameters& parameters, ObjectivePtr& out) -> Status {
  auto terms = parameters.get<std::vector<Parameters::Term>>("terms", {});
  if (!WeightedSum::common_affinity_size(terms))
    return {Code::kOutOfRange,
            explain("objectives", "affinities over the same samples", "affinities of different sizes")};
  const auto sum = std::make_shared<WeightedSum>(std::move(terms));
  if (sum->affinity_size() != 0 && sum->named_samples() > sum->affinity_size())
    return {Code::kOutOfRange,
            explain("objectives", "pairs of the affinity's " + std::to_string(sum->affinity_size()) + " samples",
                    "sample " + std::to_string(sum->named_samples() - 1))};
  out = sum;
  return Status::ok();
});

}  // namespace
}  // namespace genmi::objectives
