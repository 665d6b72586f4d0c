#include "transport_proof.h"

#include <cmath>
#include <sstream>
#include <tuple>

namespace genmi::transport::test {
namespace {

using Accurate = long double;

Accurate accurate_sum(const Weights& weights) {
  Accurate total = 0;
  for (const double weight : weights) total += weight;
  return total;
}

class Proof {
 public:
  Proof(const Matrix& costs, const Weights& supply, const Weights& demand, const Result& result, Rounding rounding)
      : costs_(costs),
        supply_(supply),
        result_(result),
        largest_(costs.largest_magnitude()),
        mass_(accurate_sum(supply)) {
    const Accurate scale = mass_ / accurate_sum(demand);
    for (const double weight : demand) demand_.push_back(weight * scale);
    for (const auto* potentials : {&result.u, &result.v})
      for (const double potential : *potentials)
        largest_potential_ = std::max<Accurate>(largest_potential_, std::abs(potential));
    rounding_ = rounding == Rounding::kUsual ? 2e-15L * largest_ : 2e-14L * std::max(largest_potential_, largest_);
  }

  std::string find_fault() {
    if (is_well_formed()) {
      measure_plan();
      measure_duals();
      check_every_stage();
      if (result_.outcome == Outcome::kOptimal) check_optimum();
    }
    return faults_.str();
  }

 private:
  // Complains unless value <= bound. NaN is a fault too.
  void expect_at_most(const char* what, Accurate value, Accurate bound) {
    if (!(value <= bound)) faults_ << what << ": " << value << ", but at most " << bound << " is right\n";
  }
  void expect(bool condition, const char* what) {
    if (!condition) faults_ << what << "\n";
  }

  bool is_well_formed() {
    expect(result_.u.size() == costs_.rows && result_.v.size() == costs_.columns, "potentials are missing");
    const PlanEntry* last = nullptr;
    for (const PlanEntry& entry : result_.plan) {
      expect(entry.source >= 0 && static_cast<std::size_t>(entry.source) < costs_.rows, "a source out of range");
      expect(entry.target >= 0 && static_cast<std::size_t>(entry.target) < costs_.columns, "a target out of range");
      if (!(entry.mass > 0)) faults_ << "an entry of the plan with mass " << entry.mass << "\n";
      expect(last == nullptr || std::tie(last->source, last->target) < std::tie(entry.source, entry.target),
             "the plan is out of order");
      last = &entry;
    }
    return faults_.str().empty();
  }

  Accurate slack(std::size_t i, std::size_t j) const {
    return static_cast<Accurate>(costs_(i, j)) - result_.u[i] - result_.v[j];
  }

  void measure_plan() {
    std::vector<Accurate> shipped(costs_.rows), received(costs_.columns);
    for (const auto& [source, target, mass] : result_.plan) {
      const auto i = static_cast<std::size_t>(source), j = static_cast<std::size_t>(target);
      shipped[i] += mass;
      received[j] += mass;
      plan_cost_ += static_cast<Accurate>(mass) * costs_(i, j);
      slackness_ = std::max(slackness_, slack(i, j));
    }
    for (std::size_t i = 0; i < costs_.rows; ++i)
      marginal_error_ = std::max(marginal_error_, std::abs(shipped[i] - supply_[i]));
    for (std::size_t j = 0; j < costs_.columns; ++j)
      marginal_error_ = std::max(marginal_error_, std::abs(received[j] - demand_[j]));
  }

  void measure_duals() {
    for (std::size_t i = 0; i < costs_.rows; ++i) dual_value_ += static_cast<Accurate>(result_.u[i]) * supply_[i];
    for (std::size_t j = 0; j < costs_.columns; ++j) dual_value_ += result_.v[j] * demand_[j];
    for (std::size_t i = 0; i < costs_.rows; ++i)
      for (std::size_t j = 0; j < costs_.columns; ++j) infeasibility_ = std::max(infeasibility_, -slack(i, j));
  }

  void check_every_stage() {
    const Accurate scale = largest_ * mass_;
    const Certificate& certificate = result_.certificate;
    expect_at_most("error of the marginals", marginal_error_, 1e-14L * mass_);
    expect_at_most("infeasibility", infeasibility_, rounding_);
    expect_at_most("error of the cost", std::abs(result_.cost - plan_cost_), 1e-14L * scale);
    expect_at_most("error of the certified infeasibility", std::abs(certificate.infeasibility - infeasibility_),
                   1e-15L * largest_);
    expect_at_most("error of the certified slackness", std::abs(certificate.slackness - slackness_), 1e-15L * largest_);
    expect_at_most("error of the certified gap", std::abs(certificate.gap - (plan_cost_ - dual_value_)),
                   1e-13L * scale);
    expect_at_most("duals above the plan", dual_value_ - plan_cost_, std::max(1e-14L * scale, rounding_ * mass_));
    expect(result_.cost >= 0 || costs_.has_negative(), "a negative cost");
  }

  void check_optimum() {
    const Accurate scale = largest_ * mass_;
    expect_at_most("gap", plan_cost_ - dual_value_, 1e-12L * std::abs(plan_cost_) + 1e-14L * scale);
    expect_at_most("slackness", slackness_, 1e-13L * largest_);
  }

  const Matrix& costs_;
  const Weights& supply_;
  const Result& result_;
  std::vector<Accurate> demand_;  // scaled to the supply's sum, as the solver scales it
  Accurate largest_, mass_, largest_potential_ = 0, rounding_ = 0;
  Accurate marginal_error_ = 0, plan_cost_ = 0, dual_value_ = 0, infeasibility_ = 0, slackness_ = 0;
  std::ostringstream faults_;
};

}  // namespace

std::string find_fault(const Matrix& costs, const Weights& supply, const Weights& demand, const Result& result,
                       Rounding rounding) {
  return Proof(costs, supply, demand, result, rounding).find_fault();
}

}  // namespace genmi::transport::test
