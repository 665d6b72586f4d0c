// Deep InfoMax: estimators of mutual information from scores s of positives, a sample with itself, and negatives.
//
//   Fenchel             L = mean b(s) over negatives - mean a(s) over positives
//   Donsker-Varadhan    L = log mean exp(s) over negatives - mean s over positives
//
// Sources: Hjelm et al., "Learning deep representations by mutual information estimation and maximization", 2019, eq.
// (4) and (6), with the a and b of its published code; Nowozin, Cseke, Tomioka, "f-GAN", 2016, table 6.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

#include "pairs/features.h"
#include "pairs/losses.h"

namespace genmi::pairs {
namespace {

// In the order of src/pairs/deep-info-max.ts.
enum class Measure { kJensenShannon, kGan, kKullbackLeibler, kReverse, kHellinger, kChiSquared, kWasserstein };

struct Term {
  double value, slope;
};

// log(1 + exp(x)), and its derivative.
Term softplus(double x) {
  const double small = std::exp(-std::abs(x));
  return {std::max(x, 0.0) + std::log1p(small), (x > 0 ? 1 : small) / (1 + small)};
}

Term positive(Measure measure, double u) {
  const Term reverse = softplus(-u);
  switch (measure) {
    case Measure::kJensenShannon: return {std::numbers::ln2 - reverse.value, reverse.slope};
    case Measure::kGan: return {-reverse.value, reverse.slope};
    case Measure::kReverse: return {-std::exp(-u), std::exp(-u)};
    case Measure::kHellinger: return {-std::expm1(-u), std::exp(-u)};
    case Measure::kChiSquared: return {u * u, 2 * u};
    default: return {u, 1};
  }
}

Term negative(Measure measure, double u) {
  const Term forward = softplus(u);
  switch (measure) {
    case Measure::kJensenShannon: return {forward.value - std::numbers::ln2, forward.slope};
    case Measure::kGan: return forward;
    case Measure::kKullbackLeibler: return {std::exp(u - 1), std::exp(u - 1)};
    case Measure::kReverse: return {u - 1, 1};
    case Measure::kHellinger: return {std::expm1(u), std::exp(u)};
    case Measure::kChiSquared: {
      const double size = std::abs(u) + 1;
      return {-size * size / 2, u == 0 ? 0 : -std::copysign(size, u)};
    }
    default: return {u, 1};
  }
}

// Calls visit(score, is positive) for every score of row after row.
template <class Visit>
void for_each_score(const ScoredViews& views, const Visit& visit) {
  const std::size_t columns = views.n * views.locations;
  for (std::size_t i = 0; i < views.n; ++i)
    for (std::size_t j = 0; j < columns; ++j)
      visit(views.scores[simd::place_in_panels(i, j, columns)], j / views.locations == i);
}

// Reads views of two samples at least: a single one has no negatives.
Status read(const Call<double>& call, ScoredViews& views) {
  if (views.n > 1) return views.read(call);
  return {Code::kOutOfRange, explain("a", "at least two rows, whose pairs are the negatives", "1")};
}

}  // namespace

Status fenchel(const Call<double>& call, double& value) {
  ScoredViews views(call);
  if (Status status = read(call, views); !status) return status;
  const auto measure = static_cast<Measure>(static_cast<int>(call.parameter));
  const auto positives = static_cast<double>(views.n * views.locations);
  const double negatives = positives * static_cast<double>(views.n - 1);
  double of_positives = 0, of_negatives = 0;
  for_each_score(views, [&](double& score, bool is_positive) {
    const Term term = is_positive ? positive(measure, score) : negative(measure, score);
    (is_positive ? of_positives : of_negatives) += term.value;
    score = is_positive ? -term.slope : term.slope / static_cast<double>(views.n - 1);
  });
  value = of_negatives / negatives - of_positives / positives;
  return views.write_gradients(call, 1 / positives);
}

Status donsker_varadhan(const Call<double>& call, double& value) {
  ScoredViews views(call);
  if (Status status = read(call, views); !status) return status;
  const auto positives = static_cast<double>(views.n * views.locations);
  double of_positives = 0, sum = 0, largest = -std::numeric_limits<double>::infinity();
  for_each_score(views, [&](double score, bool is_positive) {
    if (is_positive) of_positives += score;
    else largest = std::max(largest, score);
  });
  for_each_score(views, [&](double& score, bool is_positive) {
    if (is_positive) return;
    score = std::exp(score - largest);
    sum += score;
  });
  for_each_score(views, [&](double& score, bool is_positive) { score = is_positive ? -1 : score * positives / sum; });
  value = largest + std::log(sum / (positives * static_cast<double>(views.n - 1))) - of_positives / positives;
  return views.write_gradients(call, 1 / positives);
}

}  // namespace genmi::pairs
