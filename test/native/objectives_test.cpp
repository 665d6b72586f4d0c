// Every objective through the core alone: gradients against central differences of the value, for probabilities and for
// logits, in both clip modes, and finite answers where inputs are degenerate, on every instruction set that runs here,
// and over affinities of the reference backend.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "genmi/backend.h"
#include "genmi/evaluation.h"
#include "genmi/shared_affinity.h"
#include "isas.h"
#include "objective_cases.h"
#include "objectives/predictions.h"
#include "random.h"
#include "reference_backend.h"

namespace genmi {
namespace {

using test::Generator;

using Case = test::ObjectiveCase;

std::shared_ptr<SharedAffinity> make_affinity(const Backend& backend, Kind kind, const std::vector<double>& features,
                                              std::size_t n) {
  AffinityPtr affinity;
  Workspace workspace;
  MeasureOptions options;
  options.kind = kind;
  options.name = kind == Kind::kKernel ? "rbf" : "euclidean";
  const MatrixView<double> view{features.data(), n, features.size() / n};
  EXPECT_TRUE(backend.measure(view, options, Storage::kDense, Precision::kFloat64, {workspace}, affinity));
  return std::make_shared<SharedAffinity>(affinity);
}

ObjectivePtr make(const Case& each, const std::string& mode, const std::vector<double>& features, std::size_t n,
                  const Backend& backend = cpu_backend()) {
  Parameters parameters;
  parameters.set("mode", mode);
  parameters.set("f", each.f);
  parameters.set("alpha", each.alpha);
  parameters.set("squared", each.squared ? 1.0 : 0.0);
  if (each.has_affinity())
    parameters.set("affinity", SharedAffinityPtr(make_affinity(
                                   backend, each.has_kernel() ? Kind::kKernel : Kind::kDistance, features, n)));
  ObjectivePtr objective;
  EXPECT_TRUE(ObjectiveFactory::make(each.name, parameters, objective));
  return objective;
}

template <class T>
Status try_to_evaluate(const Objective& objective, const std::vector<T>& data, std::size_t k,
                       const EvaluationOptions& options, double& value, std::vector<T>* gradient = nullptr) {
  // Kept between evaluations, as in training: the sanitizers take milliseconds for each new one.
  static Workspace workspace;
  const MatrixView<T> predictions{data.data(), data.size() / k, k};
  if (gradient == nullptr) return evaluate(objective, predictions, options, {workspace}, value);
  gradient->resize(data.size());
  return evaluate(objective, predictions, options, {workspace}, value, std::span(*gradient));
}

template <class T>
double evaluate(const Objective& objective, const std::vector<T>& data, std::size_t k, const EvaluationOptions& options,
                std::vector<T>* gradient = nullptr) {
  double value = 0;
  const Status status = try_to_evaluate(objective, data, k, options, value, gradient);
  EXPECT_TRUE(status) << status.message();
  return value;
}

template <class T>
void expect_finite(const Objective& objective, const std::vector<double>& data, std::size_t k,
                   const EvaluationOptions& options) {
  std::vector<T> gradient;
  EXPECT_TRUE(std::isfinite(evaluate(objective, std::vector<T>(data.begin(), data.end()), k, options, &gradient)));
  for (const T entry : gradient) EXPECT_TRUE(std::isfinite(entry));
}

double largest(const std::vector<double>& values) {
  double result = 0;
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

void expect_central_differences(const Objective& objective, std::vector<double> data, std::size_t k,
                                const EvaluationOptions& options, double tolerance) {
  std::vector<double> gradient;
  evaluate(objective, data, k, options, &gradient);
  const double scale = std::max(largest(gradient), 1e-3);
  for (std::size_t at = 0; at < data.size(); ++at) {
    const double kept = data[at];
    // The smaller a probability, the faster the derivative with respect to it varies.
    const double step = options.from == From::kLogits ? 1e-5 : 3e-5 * kept;
    data[at] = kept + step;
    const double above = evaluate(objective, data, k, options);
    data[at] = kept - step;
    const double below = evaluate(objective, data, k, options);
    data[at] = kept;
    EXPECT_NEAR((above - below) / (2 * step), gradient[at], tolerance * scale) << "entry " << at;
  }
}

// What a test computes with.
struct Machine {
  simd::Isa isa;
  const Backend* backend = &cpu_backend();
};

std::vector<Machine> machines() {
  std::vector<Machine> all;
  for (const simd::Isa isa : test::supported_isas()) all.push_back({isa});
  return all;
}

class Objectives : public testing::TestWithParam<std::tuple<Case, const char*, Machine>> {
  const test::WithIsa with_{std::get<Machine>(GetParam()).isa};
};

TEST_P(Objectives, GradientsEqualCentralDifferences) {
  const auto& [each, mode, machine] = GetParam();
  const std::size_t n = 20, k = 4;
  Generator random(7);
  for (int round = 0; round < 3; ++round) {
    const ObjectivePtr objective = make(each, mode, test::gaussians(random, n * 3), n, *machine.backend);
    const std::vector<double> logits = test::gaussians(random, n * k, 0.5 + round);
    const double tolerance = each.name == "wasserstein" ? 1e-5 : 1e-6;
    for (const Clip clip : {Clip::kFused, Clip::kMask}) {
      expect_central_differences(*objective, logits, k, {From::kLogits, clip, 1e-12, {}}, tolerance);
      expect_central_differences(*objective, test::softmax(logits, k), k, {From::kProbabilities, clip, 1e-12, {}},
                                 tolerance);
    }
  }
}

template <class T>
void check_saturated(const Objective& objective, const std::vector<double>& scales) {
  const std::size_t n = 6, k = 3;
  for (const double scale : scales) {
    SCOPED_TRACE("scale " + std::to_string(scale) + (sizeof(T) == 4 ? " float32" : " float64"));
    std::vector<double> logits(n * k, 0.0);
    for (std::size_t i = 0; i < n; ++i) logits[i * k + i % 2] = scale;  // the last cluster empties
    for (const Clip clip : {Clip::kFused, Clip::kMask})
      expect_finite<T>(objective, logits, k, {From::kLogits, clip, 1e-12, {}});
  }
}

TEST_P(Objectives, SaturatedLogitsHaveFiniteGradients) {
  const auto& [each, mode, machine] = GetParam();
  Generator random(11);
  const ObjectivePtr objective = make(each, mode, test::gaussians(random, 12), 6, *machine.backend);
  check_saturated<double>(*objective, {1, 30, 700, 712, 720, 740, 1000, 1e6, 1.7e308});
  check_saturated<float>(*objective, {1, 30, 80, 87, 88, 90, 103, 110, 1000, 1e6, 3.4e38});
}

TEST_P(Objectives, DegenerateProbabilitiesAreFinite) {
  const auto& [each, mode, machine] = GetParam();
  Generator random(13);
  const ObjectivePtr five = make(each, mode, test::gaussians(random, 10), 5, *machine.backend),
                     one = make(each, mode, {1, 2}, 1, *machine.backend);
  const std::vector<double> one_hot = {1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1};
  const std::vector<double> empty_column = {.7, .3, 0, .2, .8, 0, .5, .5, 0, .9, .1, 0, .4, .6, 0};
  const std::vector<double> one_column = {1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0};
  for (const Clip clip : {Clip::kFused, Clip::kMask}) {
    const EvaluationOptions options{From::kProbabilities, clip, 1e-12, {}};
    for (const auto& tau : {one_hot, empty_column, one_column, std::vector<double>(15, 1.0 / 3)}) {
      expect_finite<double>(*five, tau, 3, options);
      expect_finite<float>(*five, tau, 3, options);
    }
    std::vector<double> gradient;
    const double of_half = each.f == "half-chi2" ? 0.5 : 0;
    EXPECT_NEAR(evaluate(*five, std::vector<double>(5, 1.0), 1, options, &gradient), of_half, 1e-11);
    EXPECT_NEAR(evaluate(*five, std::vector<double>(5, 0.3), 1, {From::kLogits, clip, 1e-12, {}}, &gradient), of_half,
                1e-11);
    for (const double entry : gradient) EXPECT_NEAR(entry, 0, 1e-11);
    EXPECT_NEAR(evaluate(*one, std::vector{.2, .3, .5}, 3, options, &gradient), of_half, 1e-12);
    for (const double entry : gradient) EXPECT_TRUE(std::isfinite(entry));
    expect_finite<float>(*one, {.2, .3, .5}, 3, options);
  }
}

TEST_P(Objectives, UniformPredictionsAreWorthNothing) {
  const auto& [each, mode, machine] = GetParam();
  Generator random(17);
  const ObjectivePtr objective = make(each, mode, test::gaussians(random, 14), 7, *machine.backend);
  std::vector<double> gradient;
  const double value =
      evaluate(*objective, std::vector<double>(28, 0.0), 4, {From::kLogits, Clip::kFused, 1e-12, {}}, &gradient);
  EXPECT_NEAR(value, each.f == "half-chi2" ? 0.5 : 0, 1e-12);
  for (const double entry : gradient) EXPECT_NEAR(entry, 0, 1e-12);
}

TEST_P(Objectives, AreSameBitsForAnyNumberOfThreads) {
  const auto& [each, mode, machine] = GetParam();
  // MMD has enough samples for threads to share the product with the kernel. f-divergences: divergence_test.cpp.
  const std::size_t n = each.name == "mmd" && machine.backend == &cpu_backend() ? 1500 : 40, k = 5;
  Generator random(19);
  const ObjectivePtr objective = make(each, mode, test::gaussians(random, n * 3), n, *machine.backend);
  const std::vector<double> tau = test::softmax(test::gaussians(random, n * k), k);
  const auto pool = std::make_shared<ThreadPool>(8);
  std::vector<double> first;
  for (const std::size_t threads : {1u, 2u, 3u, 8u}) {
    Workspace workspace;
    std::vector<double> gradient(n * k);
    double value = 0;
    ASSERT_TRUE(evaluate(*objective, MatrixView<double>{tau.data(), n, k}, {}, {workspace, pool.get(), threads}, value,
                         std::span(gradient)));
    gradient.push_back(value);
    if (first.empty()) first = gradient;
    EXPECT_EQ(first, gradient);
  }
}

// An evaluation that is cancelled before any of its steps is not finished, and writes nothing.
template <class T>
void check_cancelled(const Objective& objective, std::size_t k, const EvaluationOptions& options) {
  Generator random(37);
  const std::vector<double> in_double = test::softmax(test::gaussians(random, 20 * k), k);
  const std::vector<T> data(in_double.begin(), in_double.end());
  Workspace workspace;
  const Workspace::Frame frame(workspace);
  const auto batch_of = [&](Context& context) {
    Batch<T> batch(options, context);
    EXPECT_TRUE(batch.read({data.data(), 20, k}));
    return batch;
  };
  {
    Job job;
    Context context{workspace, nullptr, 1, &job};
    job.cancel();
    EXPECT_EQ(Batch<T>(options, context).read({data.data(), 20, k}).code(), Code::kAborted);
  }
  for (const bool with_gradient : {false, true}) {
    Job job;
    Context context{workspace, nullptr, 1, &job};
    const Batch<T> batch = batch_of(context);
    Totals<T> totals = batch.totals(with_gradient);
    job.cancel();
    EXPECT_EQ(objective.evaluate(batch, context, 1, totals).code(), Code::kAborted);
  }
  Job job;
  Context context{workspace, nullptr, 1, &job};
  const Batch<T> batch = batch_of(context);
  Totals<T> totals = batch.totals(true);
  EXPECT_TRUE(objective.evaluate(batch, context, 1, totals));
  job.cancel();
  std::vector<T> gradient(20 * k, T(77));
  EXPECT_EQ(batch.finish_gradient(totals, gradient.data()).code(), Code::kAborted);
  EXPECT_EQ(gradient, std::vector<T>(20 * k, T(77)));
}

TEST_P(Objectives, StopWhenCancelled) {
  const auto& [each, mode, machine] = GetParam();
  Generator random(39);
  const ObjectivePtr objective = make(each, mode, test::gaussians(random, 60), 20, *machine.backend);
  for (const From from : {From::kProbabilities, From::kLogits}) {
    check_cancelled<double>(*objective, 4, {from, Clip::kFused, 1e-12, {}});
    check_cancelled<float>(*objective, 4, {from, Clip::kFused, 1e-12, {}});
  }
}

std::string case_name(const testing::TestParamInfo<Objectives::ParamType>& info) {
  const auto& [each, mode, machine] = info.param;
  std::string name = each.name + each.f + (each.f == "alpha" ? std::to_string(each.alpha) : "") +
                     (each.squared ? "squared" : "") + mode + "_" + name_of(machine.isa) + "_" +
                     machine.backend->device();
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, Objectives,
                         testing::Combine(testing::ValuesIn(test::objective_cases()), testing::Values("ova", "ovo"),
                                          testing::ValuesIn(machines())),
                         case_name);

std::vector<Case> cases_with_affinity() {
  std::vector<Case> cases = test::objective_cases();
  std::erase_if(cases, [](const Case& each) { return !each.has_affinity(); });
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Reference, Objectives,
                         testing::Combine(testing::ValuesIn(cases_with_affinity()), testing::Values("ova", "ovo"),
                                          testing::Values(Machine{simd::best_isa(), &test::reference_backend()})),
                         case_name);

TEST(ObjectiveFactory, KnowsNoneThatHasNoCase) {
  // Tested below, in pair_constraints_test.cpp, and through JavaScript.
  std::vector<std::string> tested = {"entropy", "pair-constraints", "sum"};
  for (const Case& each : test::objective_cases()) tested.push_back(each.name);
  for (const std::string& name : ObjectiveFactory::names())
    EXPECT_NE(std::find(tested.begin(), tested.end(), name), tested.end()) << name;
}

// From logits, Kullback-Leibler one-vs-one pulls a dead cluster back with force pi / N, however low its logits are. A
// clip mask would delete this term.
TEST(KullbackLeibler, RestoringForceSurvivesSaturation) {
  Generator random(23);
  const ObjectivePtr objective = make(test::f_divergence_case("kl"), "ovo", {}, 0);
  const std::vector<double> logits = {0, -2000, 0.5, -2000, 1, -2000, 0, 2000};
  expect_central_differences(*objective, logits, 2, {From::kLogits, Clip::kFused, 1e-12, {}}, 1e-6);
  std::vector<double> fused, masked;
  evaluate(*objective, logits, 2, {From::kLogits, Clip::kFused, 1e-12, {}}, &fused);
  evaluate(*objective, logits, 2, {From::kLogits, Clip::kMask, 1e-12, {}}, &masked);
  EXPECT_GT(largest(fused), 0.01);
  EXPECT_EQ(largest(masked), 0);
}

// The alpha family joins its limits smoothly: no digit is lost to 1 / (a (a - 1)).
template <class T>
void check_near_limits(const char* mode, double rounding) {
  Generator random(31);
  const std::vector<double> in_double = test::gaussians(random, 24);
  const std::vector<T> logits(in_double.begin(), in_double.end());
  const auto value_of = [&](const Case& each, std::vector<T>* gradient = nullptr) {
    return evaluate(*make(each, mode, {}, 0), logits, 3, {From::kLogits, Clip::kFused, 1e-12, {}}, gradient);
  };
  const Case limits[] = {{"f-divergence", "reverse-kl"}, {"f-divergence", "kl"}};
  for (const double limit : {0.0, 1.0}) {
    std::vector<T> gradient, gradient_there;
    const double there = value_of(limits[static_cast<int>(limit)], &gradient_there);
    for (const double step : {1e-3, 1e-5, 1e-7, 6.1e-8, 5.9e-8, 4e-8, 2.9e-8, 1.1e-8, 9e-9, 0.0}) {
      for (const double sign : {-1.0, 1.0}) {
        SCOPED_TRACE(mode + std::string(" ") + std::to_string(limit) + " " + format(sign * step));
        const double value = value_of({"f-divergence", "alpha", limit + sign * step}, &gradient);
        EXPECT_NEAR(value, there, (3 * step + rounding) * there);
        for (std::size_t at = 0; at < gradient.size(); ++at)
          EXPECT_NEAR(gradient[at], gradient_there[at], (3 * step + rounding) * there);
      }
    }
  }
}

TEST(AlphaFamily, IsAccurateNearItsLimits) {
  for (const char* mode : {"ova", "ovo"}) {
    check_near_limits<double>(mode, 1e-15);
    check_near_limits<float>(mode, 1e-6);
    Generator random(31);
    const std::vector<double> logits = test::gaussians(random, 24);
    const auto value_at = [&, mode = mode](double a) {
      return evaluate(*make({"f-divergence", "alpha", a}, mode, {}, 0), logits, 3,
                      {From::kLogits, Clip::kFused, 1e-12, {}});
    };
    const auto slope = [&](double h) { return (value_at(1 + h) - value_at(1)) / h; };
    for (const double step : {1e-3, 1e-5, 1e-7, 1.1e-8})
      EXPECT_NEAR(slope(step), slope(1e-4), 1e-2 * std::abs(slope(1e-4)) + 1e-6) << mode << " " << step;
  }
}

// Powers of clipped probabilities soon overflow float32: that is an error.
TEST(AlphaFamily, SaysWhenItOverflows) {
  const std::vector<float> single = {1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1};
  const std::vector<double> in_double(single.begin(), single.end());
  const EvaluationOptions options{From::kProbabilities, Clip::kFused, 1e-12, {}};
  double value = 0;
  std::vector<float> gradient;
  std::vector<double> exact;
  for (const double alpha : {-6.0, 6.0}) {
    const ObjectivePtr objective = make({"f-divergence", "alpha", alpha}, "ovo", {}, 0);
    for (std::vector<float>* wanted : {static_cast<std::vector<float>*>(nullptr), &gradient}) {
      const Status status = try_to_evaluate(*objective, single, 3, options, value, wanted);
      EXPECT_EQ(status.code(), Code::kOutOfRange);
      EXPECT_NE(status.message().find("use Float64Array"), std::string::npos) << status.message();
    }
    EXPECT_TRUE(try_to_evaluate(*objective, in_double, 3, options, value, &exact));
  }
  // Here the value is still finite, but dI/dtau, which is 10^12 times as large, is not.
  const ObjectivePtr steep = make({"f-divergence", "alpha", 3.6}, "ovo", {}, 0);
  EXPECT_TRUE(try_to_evaluate(*steep, single, 3, options, value));
  EXPECT_EQ(try_to_evaluate(*steep, single, 3, options, value, &gradient).code(), Code::kOutOfRange);
}

// After any error, however late, value and gradient are unchanged.
TEST(Evaluation, WritesNothingWhereItFails) {
  Generator random(61);
  const std::size_t n = 9, k = 3;
  const std::vector<double> logits = test::gaussians(random, n * k);
  const ObjectivePtr kl = make(test::f_divergence_case("kl"), "ovo", {}, 0);
  Parameters parameters;
  parameters.set("terms", std::vector<Parameters::Term>{{kl, 1e60}});
  ObjectivePtr steep;
  ASSERT_TRUE(ObjectiveFactory::make("sum", parameters, steep));
  Workspace workspace;
  const std::vector<float> single(logits.begin(), logits.end());
  std::vector<float> gradient(n * k, 7);
  double value = 7;
  const auto evaluate_into = [&](const AnyMatrix& predictions, Job* job) {
    return evaluate(*steep, predictions, {From::kLogits}, {workspace, nullptr, 1, job}, value, std::span(gradient));
  };
  EXPECT_EQ(evaluate_into(MatrixView<float>{single.data(), n, k}, nullptr).code(), Code::kOutOfRange);
  EXPECT_EQ(evaluate_into(MatrixView<double>{logits.data(), n, k}, nullptr).code(), Code::kOutOfRange);
  Job job;
  job.cancel();
  EXPECT_EQ(evaluate_into(MatrixView<double>{logits.data(), n, k}, &job).code(), Code::kAborted);
  EXPECT_EQ(value, 7);
  EXPECT_EQ(gradient, std::vector<float>(n * k, 7));
  std::vector<double> in_double(n * k);
  EXPECT_TRUE(evaluate(*steep, MatrixView<double>{logits.data(), n, k}, {From::kLogits}, {workspace}, value,
                       std::span(in_double)));
  EXPECT_NE(value, 7);
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
  // Neyman reads clipped predictions and the others do not: each must read its own form.
  const ObjectivePtr terms[] = {make(test::f_divergence_case("kl"), "ovo", features, n),
                                make(test::f_divergence_case("neyman"), "ova", features, n),
                                make({"mmd", ""}, "ovo", features, n)};
  Parameters parameters;
  parameters.set("terms", std::vector<Parameters::Term>{{terms[0], 1}, {terms[1], -0.5}, {terms[2], 3}});
  ObjectivePtr sum;
  ASSERT_TRUE(ObjectiveFactory::make("sum", parameters, sum));
  const EvaluationOptions options{From::kLogits, Clip::kFused, 1e-12, {}};
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
