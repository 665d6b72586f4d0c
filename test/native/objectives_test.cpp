// Every objective through the core alone: gradients against central differences of the value, for probabilities and for
// logits, in both clip modes, and finite answers where inputs are degenerate.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

#include "genmi/objective.h"
#include "random.h"

namespace genmi {
namespace {

using test::Generator;

struct Case {
  std::string name;  // of the factory
  std::string f;     // of an f-divergence
  double alpha = 0;
  bool squared = false;
};

const Case kCases[] = {{"f-divergence", "kl"},
                       {"f-divergence", "reverse-kl"},
                       {"f-divergence", "tv"},
                       {"f-divergence", "hellinger"},
                       {"f-divergence", "pearson"},
                       {"f-divergence", "half-chi2"},
                       {"f-divergence", "neyman"},
                       {"f-divergence", "js"},
                       {"f-divergence", "jeffreys"},
                       {"f-divergence", "lecam"},
                       {"f-divergence", "alpha", 0.5},
                       {"f-divergence", "alpha", 3},
                       {"f-divergence", "alpha", -1},
                       {"f-divergence", "alpha", 1},
                       {"mmd", ""},
                       {"mmd", "", 0, true},
                       {"wasserstein", ""}};

std::shared_ptr<SharedAffinity> make_affinity(Kind kind, const std::vector<double>& features, std::size_t n) {
  AffinityPtr affinity;
  Workspace workspace;
  MeasureOptions options;
  options.kind = kind;
  options.name = kind == Kind::kKernel ? "rbf" : "euclidean";
  const MatrixView<double> view{features.data(), n, features.size() / n};
  EXPECT_TRUE(measure_affinity(view, options, Storage::kDense, Precision::kFloat64, {workspace}, affinity));
  return std::make_shared<SharedAffinity>(affinity);
}

ObjectivePtr make(const Case& each, const std::string& mode, const std::vector<double>& features, std::size_t n) {
  Parameters parameters;
  parameters.set("mode", mode);
  parameters.set("f", each.f);
  parameters.set("alpha", each.alpha);
  parameters.set("squared", each.squared ? 1.0 : 0.0);
  if (each.name != "f-divergence")
    parameters.set("affinity",
                   SharedAffinityPtr(make_affinity(each.name == "mmd" ? Kind::kKernel : Kind::kDistance, features, n)));
  ObjectivePtr objective;
  EXPECT_TRUE(ObjectiveFactory::make(each.name, parameters, objective));
  return objective;
}

double evaluate(const Objective& objective, const std::vector<double>& data, std::size_t k, const BatchOptions& options,
                std::vector<double>* gradient = nullptr) {
  Workspace workspace;
  const Workspace::Frame frame(workspace);
  Context context{workspace};
  Batch<double> batch(options, context);
  EXPECT_TRUE(batch.read({data.data(), data.size() / k, k}));
  Totals<double> totals = batch.totals(gradient != nullptr);
  const Status status = objective.evaluate(batch, context, 1, totals);
  EXPECT_TRUE(status) << status.message();
  if (gradient != nullptr) {
    gradient->resize(data.size());
    batch.finish_gradient(totals, gradient->data());
  }
  return totals.value;
}

double largest(const std::vector<double>& values) {
  double result = 0;
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

void expect_central_differences(const Objective& objective, std::vector<double> data, std::size_t k,
                                const BatchOptions& options, double tolerance) {
  std::vector<double> gradient;
  evaluate(objective, data, k, options, &gradient);
  const double scale = std::max(largest(gradient), 1e-3);
  for (std::size_t at = 0; at < data.size(); ++at) {
    const double kept = data[at];
    // Derivatives with respect to a small probability vary as fast as it is small.
    const double step = options.from == From::kLogits ? 1e-5 : 3e-5 * kept;
    data[at] = kept + step;
    const double above = evaluate(objective, data, k, options);
    data[at] = kept - step;
    const double below = evaluate(objective, data, k, options);
    data[at] = kept;
    EXPECT_NEAR((above - below) / (2 * step), gradient[at], tolerance * scale) << "entry " << at;
  }
}

class Objectives : public testing::TestWithParam<std::tuple<Case, const char*>> {};

TEST_P(Objectives, GradientsEqualCentralDifferences) {
  const auto& [each, mode] = GetParam();
  const std::size_t n = 20, k = 4;
  Generator random(7);
  for (int round = 0; round < 3; ++round) {
    const ObjectivePtr objective = make(each, mode, test::gaussians(random, n * 3), n);
    const std::vector<double> logits = test::gaussians(random, n * k, 0.5 + round);
    const double tolerance = each.name == "wasserstein" ? 1e-5 : 1e-6;
    for (const Clip clip : {Clip::kFused, Clip::kMask}) {
      expect_central_differences(*objective, logits, k, {From::kLogits, clip, 1e-12, {}}, tolerance);
      expect_central_differences(*objective, test::softmax(logits, k), k, {From::kProbabilities, clip, 1e-12, {}},
                                 tolerance);
    }
  }
}

TEST_P(Objectives, SaturatedLogitsHaveFiniteGradients) {
  const auto& [each, mode] = GetParam();
  const std::size_t n = 6, k = 3;
  Generator random(11);
  const ObjectivePtr objective = make(each, mode, test::gaussians(random, n * 2), n);
  for (const double scale : {1.0, 30.0, 700.0, 712.0, 720.0, 740.0, 1000.0, 1e6, 1.7e308}) {
    std::vector<double> logits(n * k, 0.0);
    for (std::size_t i = 0; i < n; ++i) logits[i * k + i % 2] = scale;  // the last cluster empties
    for (const Clip clip : {Clip::kFused, Clip::kMask}) {
      std::vector<double> gradient;
      EXPECT_TRUE(std::isfinite(evaluate(*objective, logits, k, {From::kLogits, clip, 1e-12, {}}, &gradient)));
      for (const double entry : gradient) EXPECT_TRUE(std::isfinite(entry)) << "scale " << scale;
    }
  }
}

TEST_P(Objectives, DegenerateProbabilitiesAreFinite) {
  const auto& [each, mode] = GetParam();
  Generator random(13);
  const ObjectivePtr five = make(each, mode, test::gaussians(random, 10), 5), one = make(each, mode, {1, 2}, 1);
  const std::vector<double> one_hot = {1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1};
  const std::vector<double> empty_column = {.7, .3, 0, .2, .8, 0, .5, .5, 0, .9, .1, 0, .4, .6, 0};
  for (const Clip clip : {Clip::kFused, Clip::kMask}) {
    for (const auto& tau : {one_hot, empty_column, std::vector<double>(15, 1.0 / 3)}) {
      std::vector<double> gradient;
      EXPECT_TRUE(std::isfinite(evaluate(*five, tau, 3, {From::kProbabilities, clip, 1e-12, {}}, &gradient)));
      for (const double entry : gradient) EXPECT_TRUE(std::isfinite(entry));
    }
    std::vector<double> gradient;
    const double of_half = each.f == "half-chi2" ? 0.5 : 0;
    EXPECT_NEAR(evaluate(*five, std::vector<double>(5, 1.0), 1, {From::kProbabilities, clip, 1e-12, {}}, &gradient),
                of_half, 1e-11);
    EXPECT_NEAR(evaluate(*five, std::vector<double>(5, 0.3), 1, {From::kLogits, clip, 1e-12, {}}, &gradient), of_half,
                1e-11);
    for (const double entry : gradient) EXPECT_NEAR(entry, 0, 1e-11);
    EXPECT_NEAR(evaluate(*one, {.2, .3, .5}, 3, {From::kProbabilities, clip, 1e-12, {}}, &gradient), of_half, 1e-12);
    for (const double entry : gradient) EXPECT_TRUE(std::isfinite(entry));
  }
}

TEST_P(Objectives, UniformPredictionsAreWorthNothing) {
  const auto& [each, mode] = GetParam();
  Generator random(17);
  const ObjectivePtr objective = make(each, mode, test::gaussians(random, 14), 7);
  std::vector<double> gradient;
  const double value =
      evaluate(*objective, std::vector<double>(28, 0.0), 4, {From::kLogits, Clip::kFused, 1e-12, {}}, &gradient);
  EXPECT_NEAR(value, each.f == "half-chi2" ? 0.5 : 0, 1e-12);
  for (const double entry : gradient) EXPECT_NEAR(entry, 0, 1e-12);
}

TEST_P(Objectives, AreSameBitsForAnyNumberOfThreads) {
  const auto& [each, mode] = GetParam();
  const std::size_t n = 40, k = 5;
  Generator random(19);
  const ObjectivePtr objective = make(each, mode, test::gaussians(random, n * 3), n);
  const std::vector<double> tau = test::softmax(test::gaussians(random, n * k), k);
  const auto pool = ThreadPool::shared();
  std::vector<double> first;
  for (const std::size_t threads : {1u, 2u, 3u, 8u}) {
    Workspace workspace;
    const Workspace::Frame frame(workspace);
    Context context{workspace, pool.get(), threads};
    Batch<double> batch({}, context);
    ASSERT_TRUE(batch.read({tau.data(), n, k}));
    Totals<double> totals = batch.totals(true);
    ASSERT_TRUE(objective->evaluate(batch, context, 1, totals));
    std::vector<double> gradient(n * k);
    batch.finish_gradient(totals, gradient.data());
    gradient.push_back(totals.value);
    if (first.empty()) first = gradient;
    EXPECT_EQ(first, gradient);
  }
}

std::string case_name(const testing::TestParamInfo<Objectives::ParamType>& info) {
  const auto& [each, mode] = info.param;
  std::string name = each.name + each.f + (each.f == "alpha" ? std::to_string(each.alpha) : "") +
                     (each.squared ? "squared" : "") + mode;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, Objectives, testing::Combine(testing::ValuesIn(kCases), testing::Values("ova", "ovo")),
                         case_name);

// From logits, Kullback-Leibler one-vs-one pulls a dead cluster back with force pi / N however far it is: the term that
// a clip mask deletes.
TEST(KullbackLeibler, RestoringForceSurvivesSaturation) {
  Generator random(23);
  const ObjectivePtr objective = make(kCases[0], "ovo", {}, 0);
  const std::vector<double> logits = {0, -2000, 0.5, -2000, 1, -2000, 0, 2000};
  expect_central_differences(*objective, logits, 2, {From::kLogits, Clip::kFused, 1e-12, {}}, 1e-6);
  std::vector<double> fused, masked;
  evaluate(*objective, logits, 2, {From::kLogits, Clip::kFused, 1e-12, {}}, &fused);
  evaluate(*objective, logits, 2, {From::kLogits, Clip::kMask, 1e-12, {}}, &masked);
  EXPECT_GT(largest(fused), 0.01);
  EXPECT_EQ(largest(masked), 0);
}

// The alpha family joins its limits smoothly: no digit is lost to 1 / (a (a - 1)).
TEST(AlphaFamily, IsAccurateNearItsLimits) {
  Generator random(31);
  const std::vector<double> logits = test::gaussians(random, 24);
  const BatchOptions options{From::kLogits, Clip::kFused, 1e-12, {}};
  for (const char* mode : {"ova", "ovo"}) {
    const double kl = evaluate(*make({"f-divergence", "kl"}, mode, {}, 0), logits, 3, options);
    const double reverse = evaluate(*make({"f-divergence", "reverse-kl"}, mode, {}, 0), logits, 3, options);
    for (const double step : {1e-3, 1e-5, 1e-7, 1.1e-8}) {
      for (const double sign : {-1.0, 1.0}) {
        const auto at = [&](double a) {
          return evaluate(*make({"f-divergence", "alpha", a}, mode, {}, 0), logits, 3, options);
        };
        EXPECT_NEAR(at(1 + sign * step), kl, 3 * step * kl) << mode << " " << step;
        EXPECT_NEAR(at(sign * step), reverse, 3 * step * reverse) << mode << " " << step;
      }
      const auto slope = [&](double h) {
        return (evaluate(*make({"f-divergence", "alpha", 1 + h}, mode, {}, 0), logits, 3, options) - kl) / h;
      };
      EXPECT_NEAR(slope(step), slope(1e-4), 1e-2 * std::abs(slope(1e-4)) + 1e-6) << mode << " " << step;
    }
  }
}

TEST(Mmd, RefusesAKernelThatOverflows) {
  AffinityPtr affinity;
  Workspace workspace;
  MeasureOptions options;
  options.name = "polynomial";
  options.degree = 2.5;  // of a negative number
  const std::vector<double> features = {1, -3, 2, 5};
  const MatrixView<double> view{features.data(), 4, 1};
  EXPECT_EQ(measure_affinity(view, options, Storage::kDense, Precision::kFloat64, {workspace}, affinity).code(),
            Code::kOutOfRange);
}

TEST(WeightedSum, AddsValuesAndGradients) {
  Generator random(29);
  const std::size_t n = 12, k = 3;
  const std::vector<double> features = test::gaussians(random, n * 2), logits = test::gaussians(random, n * k, 3);
  // Neyman is clipped and the others are not: each must see its own form of the predictions.
  const ObjectivePtr terms[] = {make(kCases[0], "ovo", features, n), make(kCases[6], "ova", features, n),
                                make(kCases[14], "ovo", features, n)};
  Parameters parameters;
  parameters.set("terms", std::vector<Parameters::Term>{{terms[0], 1}, {terms[1], -0.5}, {terms[2], 3}});
  ObjectivePtr sum;
  ASSERT_TRUE(ObjectiveFactory::make("sum", parameters, sum));
  const BatchOptions options{From::kLogits, Clip::kFused, 1e-12, {}};
  std::vector<double> total, expected(n * k, 0.0), gradient;
  const double value = evaluate(*sum, logits, k, options, &total);
  double expected_value = 0;
  const double factors[] = {1, -0.5, 3};
  for (std::size_t t = 0; t < 3; ++t) {
    expected_value += factors[t] * evaluate(*terms[t], logits, k, options, &gradient);
    for (std::size_t at = 0; at < gradient.size(); ++at) expected[at] += factors[t] * gradient[at];
  }
  const double rounding = 1e-14 * std::max(largest(expected), std::abs(expected_value));
  EXPECT_NEAR(value, expected_value, rounding);
  for (std::size_t at = 0; at < total.size(); ++at) EXPECT_NEAR(total[at], expected[at], rounding);
}

}  // namespace
}  // namespace genmi
