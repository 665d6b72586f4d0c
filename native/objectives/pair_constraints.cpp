// Pairs of samples that belong together, or apart: a term that is added to an objective.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "genmi/objective.h"
#include "objectives/bracketed.h"
#include "objectives/in_both_precisions.h"

namespace genmi::objectives {
namespace {

// A constraint between two samples, by their numbers in the data.
struct Pair {
  std::int32_t a, b;
  double sign;  // 1 to part them, -1 to join them
};

// factor / 2 (sum_cannot |tau_i - tau_j|^2 - sum_must |tau_i - tau_j|^2) over the pairs with both samples in the batch.
// Source: Ohl et al., gemclus 1.1.1, add_mlcl_constraint.
class PairConstraints final : public InBothPrecisions<PairConstraints> {
 public:
  PairConstraints(const std::vector<Pair>& pairs, double factor) : factor_(factor), pairs_(pairs.size()) {
    for (const Pair& pair : pairs) {
      samples_.push_back(pair.a);
      samples_.push_back(pair.b);
    }
    std::sort(samples_.begin(), samples_.end());
    samples_.erase(std::unique(samples_.begin(), samples_.end()), samples_.end());
    partners_.resize(samples_.size());
    for (const Pair& pair : pairs) {
      partners_[find(pair.a)].push_back({find(pair.b), pair.sign});
      partners_[find(pair.b)].push_back({find(pair.a), pair.sign});
    }
    for (const auto& partners : partners_) most_partners_ = std::max(most_partners_, partners.size());
  }

  template <class T>
  Status add(const Batch<T>& batch, const Context& context, double factor, Totals<T>& totals) const {
    const Workspace::Frame frame(context.workspace);
    const Predictions<T>& p = batch.exact();
    const Places places = find_places(batch.rows(), context.workspace);
    const std::span<double> slope = context.workspace.take<double>(p.k());
    const double weight = factor * factor_;
    if (totals.with_gradient()) totals.prepare_to_add();
    for (std::size_t i = 0; i < p.n(); ++i) {
      const std::size_t sample = places.sample[i];
      if (sample == kNone) continue;
      std::fill(slope.begin(), slope.end(), 0.0);
      double sum = 0;  // each pair comes from both of its samples
      for (const Partner& partner : partners_[sample])
        for (std::size_t j = places.first[partner.sample]; j != kNone; j = places.next[j])
          sum += partner.sign * add_difference(p, i, j, partner.sign, slope);
      totals.value += weight / 4 * sum;
      if (!totals.with_gradient()) continue;
      for (std::size_t k = 0, at = p.offset(i); k < p.k(); ++k, at += simd::kPanel)
        totals.log_gradient[at] += static_cast<T>(weight * static_cast<double>(p.tau()[at]) * slope[k]);
    }
    return Status::ok();
  }

  Cost cost(std::size_t n, std::size_t k) const override {
    const double share =
        std::min(1.0, static_cast<double>(n) / static_cast<double>(std::max<std::size_t>(1, named_samples())));
    return {static_cast<double>(n) + 2 * share * share * static_cast<double>(pairs_ * k),
            static_cast<double>(sizeof(std::size_t) * (samples_.size() + 2 * n))};
  }

  // A batch may hold a sample n times.
  double largest_slope(std::size_t n, double, double) const override {
    return factor_ * static_cast<double>(most_partners_) * static_cast<double>(n);
  }

  std::size_t named_samples() const override {
    return samples_.empty() ? 0 : static_cast<std::size_t>(samples_.back()) + 1;
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  // Samples with constraints are numbered in the order of samples_.
  struct Partner {
    std::size_t sample;
    double sign;
  };
  // Where samples with constraints are in a batch: sample[i] is at place i, and the places of a sample are first,
  // next[first] and so on.
  struct Places {
    std::span<std::size_t> sample, first, next;
  };

  std::size_t find(std::int32_t sample) const {
    const auto found = std::lower_bound(samples_.begin(), samples_.end(), sample);
    return found != samples_.end() && *found == sample ? static_cast<std::size_t>(found - samples_.begin()) : kNone;
  }

  Places find_places(Rows rows, Workspace& workspace) const {
    const Places places{workspace.take<std::size_t>(rows.count), workspace.take<std::size_t>(samples_.size()),
                        workspace.take<std::size_t>(rows.count)};
    std::fill(places.first.begin(), places.first.end(), kNone);
    for (std::size_t i = rows.count; i-- > 0;) {
      const std::size_t sample = places.sample[i] = find(static_cast<std::int32_t>(rows[i]));
      if (sample == kNone) continue;
      places.next[i] = places.first[sample];
      places.first[sample] = i;
    }
    return places;
  }

  // slope += sign (tau_i - tau_j). Returns |tau_i - tau_j|^2.
  template <class T>
  static double add_difference(const Predictions<T>& p, std::size_t i, std::size_t j, double sign,
                               std::span<double> slope) {
    const T *tau_i = p.tau() + p.offset(i), *tau_j = p.tau() + p.offset(j);
    double square = 0;
    for (std::size_t k = 0, at = 0; k < slope.size(); ++k, at += simd::kPanel) {
      const double difference = static_cast<double>(tau_i[at]) - static_cast<double>(tau_j[at]);
      slope[k] += sign * difference;
      square += difference * difference;
    }
    return square;
  }

  double factor_;
  std::size_t pairs_;
  std::vector<std::int32_t> samples_;  // with constraints, ascending
  std::vector<std::vector<Partner>> partners_;
  std::size_t most_partners_ = 0;
};

// Sets of samples that constraints join, as trees of parents.
class JoinedSamples {
 public:
  explicit JoinedSamples(std::size_t samples) : parents_(samples) { std::iota(parents_.begin(), parents_.end(), 0); }

  std::size_t root(std::size_t sample) {
    while (parents_[sample] != sample) sample = parents_[sample] = parents_[parents_[sample]];
    return sample;
  }
  void join(std::size_t a, std::size_t b) { parents_[root(a)] = root(b); }

 private:
  std::vector<std::size_t> parents_;
};

// Appends the pairs a0, b0, a1, b1, … of a list.
Status read_pairs(const std::string& list, double sign, const std::vector<std::int32_t>& numbers,
                  std::vector<Pair>& pairs) {
  for (std::size_t at = 0; at + 1 < numbers.size(); at += 2) {
    const std::int32_t a = numbers[at], b = numbers[at + 1];
    if (a < 0 || b < 0 || a == b)
      return {Code::kOutOfRange, explain(list + "[" + std::to_string(at / 2) + "]",
                                         "two different samples, integers >= 0", bracketed(a, b))};
    pairs.push_back({a, b, sign});
  }
  return Status::ok();
}

// Refuses pairs that shall part samples which others join, over any number of steps.
Status check_contradictions(const std::vector<Pair>& pairs) {
  std::vector<std::int32_t> samples;
  for (const Pair& pair : pairs) samples.insert(samples.end(), {pair.a, pair.b});
  std::sort(samples.begin(), samples.end());
  const auto number = [&](std::int32_t sample) {
    return static_cast<std::size_t>(std::lower_bound(samples.begin(), samples.end(), sample) - samples.begin());
  };
  JoinedSamples joined(samples.size());
  for (const Pair& pair : pairs)
    if (pair.sign < 0) joined.join(number(pair.a), number(pair.b));
  std::size_t index = 0;
  for (const Pair& pair : pairs) {
    if (pair.sign < 0) continue;
    if (joined.root(number(pair.a)) == joined.root(number(pair.b)))
      return {Code::kOutOfRange, explain("cannotLink[" + std::to_string(index) + "]",
                                         "samples that mustLink does not join", bracketed(pair.a, pair.b),
                                         "take it out, or one of the mustLink pairs that lead from one to the other")};
    index += 1;
  }
  return Status::ok();
}

const ObjectiveFactory registration("pair-constraints", [](const Parameters& parameters, ObjectivePtr& out) -> Status {
  using Numbers = std::vector<std::int32_t>;
  const double factor = parameters.number("factor", 1);
  if (!(factor > 0 && std::isfinite(factor)))
    return {Code::kOutOfRange, explain("factor", "a finite number > 0", format(factor))};
  std::vector<Pair> pairs;
  if (Status status = read_pairs("mustLink", -1, parameters.get<Numbers>("mustLink", {}), pairs); !status)
    return status;
  if (Status status = read_pairs("cannotLink", 1, parameters.get<Numbers>("cannotLink", {}), pairs); !status)
    return status;
  if (Status status = check_contradictions(pairs); !status) return status;
  out = std::make_shared<PairConstraints>(pairs, factor);
  return Status::ok();
});

}  // namespace
}  // namespace genmi::objectives
