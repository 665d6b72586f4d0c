// Penalties on weights: against vectors of gemclus and an independent solver (estimators.md, sections 2 and 3),
// searches for minimisers, and central differences.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "genmi/evaluation.h"
#include "genmi/measured.h"
#include "networks/dense.h"
#include "networks/network.h"
#include "networks/optimizer.h"
#include "networks/penalties.h"
#include "networks/training.h"
#include "random.h"

namespace genmi::networks {
namespace {

using simd::Activation;
using test::gaussians;
using test::Generator;

using Matrix = std::vector<std::vector<double>>;

template <class T = double>
Parameter<T> make_weights(const Matrix& weights) {
  Dense<T> layer("layer", weights.size(), weights[0].size(), Activation::kIdentity);
  Parameter<T> result = *layer.parameters()[0];
  for (std::size_t i = 0; i < weights.size(); ++i)
    for (std::size_t j = 0; j < weights[0].size(); ++j)
      result.values[result.place(i, j)] = static_cast<T>(weights[i][j]);
  return result;
}

template <class T>
double entry(const Parameter<T>& weights, std::size_t input, std::size_t output) {
  return static_cast<double>(weights.values[weights.place(input, output)]);
}

template <class T>
void expect_weights(const Parameter<T>& weights, const Matrix& expected, double tolerance) {
  for (std::size_t i = 0; i < expected.size(); ++i)
    for (std::size_t j = 0; j < expected[0].size(); ++j)
      EXPECT_NEAR(entry(weights, i, j), expected[i][j], tolerance) << i << ", " << j;
}

Groups groups_of(const std::vector<std::vector<std::int32_t>>& lists, std::size_t features) {
  Groups groups;
  EXPECT_TRUE(make_groups(lists, features, groups));
  return groups;
}

class NetworkPenalties : public testing::Test {
 protected:
  Generator random_{11};
  Workspace workspace_;
  Context context_{workspace_};
};

TEST_F(NetworkPenalties, GroupsAreShrunkByTheirNorm) {
  const auto expect = [&]<class T>(Parameter<T> weights, double tolerance) {
    GroupLasso<T> penalty(weights, groups_of({}, 3), 2);
    EXPECT_NEAR(penalty.value(context_), 2 * (.5 + std::hypot(.05, .02)), 2 * tolerance);
    penalty.shrink(.05, context_);
    expect_weights(weights, {{.24, -.32}, {0, 0}, {0, 0}}, tolerance);
    EXPECT_NEAR(penalty.value(context_), 2 * .4, 2 * tolerance);
  };
  const Matrix weights = {{.3, -.4}, {.05, .02}, {0, 0}};
  expect(make_weights<double>(weights), 1e-15);
  expect(make_weights<float>(weights), 1e-7);
  // Features 0 and 2 together have the norm 1 = |(.6, 0, .8, 0)|; by hand: all numbers of the group times .9.
  Parameter<double> grouped = make_weights({{.6, 0}, {.05, 0}, {0, .8}});
  GroupLasso<double>(grouped, groups_of({{2, 0}}, 3), 1).shrink(.1, context_);
  expect_weights(grouped, {{.54, 0}, {0, 0}, {0, .72}}, 1e-15);
}

TEST_F(NetworkPenalties, GroupsAreDisjointAndHoldAllFeatures) {
  EXPECT_EQ(groups_of({{3, 1}, {}, {0}}, 5), (Groups{{3, 1}, {0}, {2}, {4}}));
  Groups unchanged = {{7}};
  const auto message = [&](const std::vector<std::vector<std::int32_t>>& lists) {
    const Status status = make_groups(lists, 4, unchanged);
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    EXPECT_EQ(unchanged, (Groups{{7}}));
    return status.message();
  };
  EXPECT_NE(message({{0, 1}, {2, 1}}).find("groups[1][1]: expected a feature that no other place"), std::string::npos);
  EXPECT_NE(message({{0, 0}}).find("groups[0][1]"), std::string::npos);
  EXPECT_NE(message({{0, 4}}).find("groups[0][1]: expected a feature, from 0 to 3, received 4"), std::string::npos);
  EXPECT_NE(message({{-1}}).find("received -1"), std::string::npos);
}

// The objective over gemclus' samples (gemini.md), full batch.
struct Model {
  std::vector<double> x = {0, 0, 1, .5, 3, -1, -2, 2, -1, 4};
  Parameter<double>*weights = nullptr, *bias = nullptr;
  Network<double> network = make_network();
  ObjectivePtr objective;

  explicit Model(const std::string& name, const Context& context) {
    Parameters parameters;
    parameters.set("mode", std::string("ova"));
    if (name == "mmd") {
      AffinityPtr kernel;
      MeasureOptions linear;
      linear.name = "linear";
      EXPECT_TRUE(measure_affinity(MatrixView<double>{x.data(), 5, 2}, linear, Storage::kDense, Precision::kFloat64,
                                   context, kernel));
      parameters.set("affinity", std::make_shared<SharedAffinity>(kernel));
    } else {
      parameters.set("f", std::string("kl"));
    }
    EXPECT_TRUE(ObjectiveFactory::make(name, parameters, objective));
  }

  Network<double> make_network() {
    Network<double>::Layers layers;
    layers.push_back(std::make_unique<Dense<double>>("linear", 2, 2, Activation::kIdentity));
    weights = layers[0]->parameters()[0];
    weights->values = make_weights({{.1, -.2}, {.3, .05}}).values;
    bias = layers[0]->parameters()[1];
    bias->values[0] = .01;
    bias->values[1] = -.02;
    return Network<double>(std::move(layers));
  }

  void step(Optimizer<double>& optimizer, const Context& context, const std::function<void()>& add = [] {}) {
    const Workspace::Frame frame(context.workspace);
    network.clear_gradients();
    const auto pass = network.forward({x.data(), 5, 2}, Mode::kTraining, context);
    std::vector<double> gradient(10);
    double value = 0;
    EvaluationOptions options;
    options.from = From::kLogits;
    EXPECT_TRUE(evaluate(*objective, MatrixView<double>{pass.logits.data(), 5, 2}, options, context, value,
                         std::span<double>(gradient)));
    for (double& each : gradient) each = -each;
    network.backward(pass, gradient, true, context);
    add();
    optimizer.step(context);
  }
};

// gemclus 1.1.1: SparseLinearModel, alpha = 1, Adam of rate .01.
TEST_F(NetworkPenalties, SparseLinearModelTakesTheStepsOfGemclus) {
  Model model("mmd", context_);
  Optimizer<double> optimizer({.rate = 0.01}, model.network.parameters());
  GroupLasso<double> penalty(*model.weights, groups_of({}, 2), 1);
  for (int step = 1; step <= 20; ++step) {
    model.step(optimizer, context_);
    penalty.shrink(optimizer.last_rate(), context_);
    if (step == 1)
      expect_weights(*model.weights,
                     {{.10853267830462675, -.20719875196241583}, {.28690331060556457, .05935930090972469}}, 1e-14);
  }
  expect_weights(*model.weights, {{.2784710744009997, -.36834770858351884}, {.07487517230942385, .2295279081572917}},
                 1e-13);
}

// gemclus 1.1.1: RIM, reg = .1, Adam of rate .01.
TEST_F(NetworkPenalties, RimTakesTheStepsOfGemclus) {
  Model model("f-divergence", context_);
  Optimizer<double> optimizer({.rate = 0.01, .decay = 0.1}, model.network.parameters());
  for (int step = 0; step < 3; ++step) model.step(optimizer, context_);
  expect_weights(*model.weights, {{.13003041274944652, -.22995760663132372}, {.2699551052380094, .024312254110050422}},
                 1e-14);
  EXPECT_NEAR(model.bias->values[0], -.020015396188333347, 1e-14);
}

struct Shrunk {
  std::vector<double> b, h;
};

template <class T = double>
Shrunk shrink(const std::vector<double>& v, const std::vector<double>& u, double m, double t, const Context& context) {
  Parameter<T> skip = make_weights<T>({v}), hidden = make_weights<T>({u});
  HierarchicalLasso<T>(skip, hidden, {{0}}, 1, m).shrink(t, context);
  Shrunk result;
  for (std::size_t j = 0; j < v.size(); ++j) result.b.push_back(entry(skip, 0, j));
  for (std::size_t j = 0; j < u.size(); ++j) result.h.push_back(entry(hidden, 0, j));
  return result;
}

// estimators.md 3.2: the objective's values equal those of an SLSQP solution.
TEST_F(NetworkPenalties, HierarchicalStepsEqualAnIndependentSolver) {
  struct Case {
    std::vector<double> v, u;
    double m, t;
    std::vector<double> b, h;
  };
  const std::vector<double> v = {.6, -.8}, u = {.9, -.2, .05}, short_v = {.05, .02}, long_u = {.3, -.4, .1};
  const std::vector<Case> cases = {
      {v, u, 10, .1, {.54, -.72}, u},
      {v, u, 1, .3, {.48, -.64}, {.8, -.2, .05}},
      {v, u, .5, .3, {.552, -.736}, {.46, -.2, .05}},
      {short_v, long_u, 1, .3, {.14046356, .05618542}, {.15128388, -.15128388, .1}},
      {short_v, long_u, .5, .3, {.08162724, .0326509}, {.04395761, -.04395761, .04395761}},
  };
  for (const Case& each : cases) {
    const Shrunk exact = shrink(each.v, each.u, each.m, each.t, context_);
    const Shrunk single = shrink<float>(each.v, each.u, each.m, each.t, context_);
    for (std::size_t j = 0; j < each.b.size(); ++j) {
      EXPECT_NEAR(exact.b[j], each.b[j], 5e-9);
      EXPECT_NEAR(single.b[j], each.b[j], 1e-7);
    }
    for (std::size_t j = 0; j < each.h.size(); ++j) {
      EXPECT_NEAR(exact.h[j], each.h[j], 5e-9);
      EXPECT_NEAR(single.h[j], each.h[j], 1e-7);
    }
  }
}

// For |b| = n, the best b is parallel to v, and the best h has |u| cut at M n: a search over n alone finds the minimum.
TEST_F(NetworkPenalties, HierarchicalStepsMinimise) {
  for (int round = 0; round < 200; ++round) {
    const std::size_t k = 1 + random_() % 4, width = 1 + random_() % 40;
    const double scale = std::pow(10, static_cast<double>(random_() % 5) - 2);
    const std::vector<double> v = gaussians(random_, k, scale), u = gaussians(random_, width);
    const double m = std::pow(10, static_cast<double>(random_() % 4) - 2);
    const double t = static_cast<double>(random_() % 100) / 50;
    const auto loss = [&](double n) {
      double length = 0, sum = 0;
      for (const double each : v) length += each * each;
      for (const double each : u) sum += std::pow(std::max(std::abs(each) - m * n, 0.0), 2);
      return std::pow(std::sqrt(length) - n, 2) / 2 + sum / 2 + t * n;
    };
    double low = 0, high = 1e4;  // the loss is convex in n
    for (int step = 0; step < 300; ++step) {
      const double third = (high - low) / 3;
      (loss(low + third) < loss(high - third) ? high : low) += loss(low + third) < loss(high - third) ? -third : third;
    }
    const Shrunk result = shrink(v, u, m, t, context_);
    double n = 0, distance = 0;
    for (std::size_t j = 0; j < k; ++j) n += result.b[j] * result.b[j], distance += std::pow(v[j] - result.b[j], 2);
    n = std::sqrt(n);
    for (std::size_t j = 0; j < width; ++j) {
      EXPECT_LE(std::abs(result.h[j]), m * n * (1 + 1e-12) + 1e-15);
      distance += std::pow(u[j] - result.h[j], 2);
    }
    EXPECT_NEAR(distance / 2 + t * n, loss(low), 1e-10 * (1 + loss(low))) << "round " << round;
  }
}

TEST_F(NetworkPenalties, FeaturesWithoutASkipConnectionHaveNoHiddenWeights) {
  const Shrunk zero = shrink({0, 0}, {.9, -.2}, 10, .1, context_);
  EXPECT_EQ(zero.b, (std::vector<double>{0, 0}));
  EXPECT_EQ(zero.h, (std::vector<double>{0, 0}));
  const Shrunk gone = shrink({.1, 0}, {.001, 0}, .1, 5, context_);
  EXPECT_EQ(gone.b[0], 0);
  EXPECT_EQ(gone.h[0], 0);
}

// tr(W' K W) and its gradient 2 K W, against plain loops, for kernels in each form of samples.
TEST_F(NetworkPenalties, KernelNormsEqualPlainLoops) {
  for (const std::size_t n : {1u, 5u, 33u, 256u, 301u}) {
    const std::size_t k = 1 + random_() % 40;
    std::vector<double> kernel = gaussians(random_, n * n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < i; ++j) kernel[i * n + j] = kernel[j * n + i];
    Parameter<double> weights = make_weights(Matrix(n, gaussians(random_, k)));
    for (std::size_t i = 0; i < n; ++i) weights.values[weights.place(i, k - 1)] = gaussians(random_, 1)[0];
    const Samples samples(MatrixView<double>{kernel.data(), n, n});
    KernelNorm<double> penalty(weights, samples, .7);
    penalty.add_gradient(context_);
    penalty.add_gradient(context_);  // adds
    double trace = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t output = 0; output < k; ++output) {
        double product = 0;
        for (std::size_t j = 0; j < n; ++j) product += kernel[i * n + j] * entry(weights, j, output);
        trace += entry(weights, i, output) * product;
        EXPECT_NEAR(weights.gradient[weights.place(i, output)], 2 * 2 * .7 * product, 1e-12);
      }
    EXPECT_NEAR(penalty.value(context_), .7 * trace, 1e-11 * (1 + std::abs(trace)));
    // By central differences: the value is a quadratic form, so they are exact up to rounding.
    double& variable = weights.values[weights.place(n / 2, k / 2)];
    const double slope = weights.gradient[weights.place(n / 2, k / 2)] / 2, before = variable;
    variable = before + 1e-3;
    const double above = penalty.value(context_);
    variable = before - 1e-3;
    EXPECT_NEAR((above - penalty.value(context_)) / 2e-3, slope, 1e-7);
  }
}

TEST_F(NetworkPenalties, TrainingTakesTheirSteps) {
  Model trained("mmd", context_), by_hand("mmd", context_);
  const Samples samples(MatrixView<double>{trained.x.data(), 5, 2}), kernel(MatrixView<double>{trained.x.data(), 2, 2});
  GroupLasso<double> lasso(*trained.weights, groups_of({}, 2), 1);
  KernelNorm<double> norm(*trained.weights, kernel, .3);
  TrainingOptions options;
  options.epochs = 4;
  options.optimizer.rate = .01;
  Training<double> training(trained.network, samples, *trained.objective, options);
  training.add(lasso);
  training.add(norm);
  double reported = 0;
  Stop stop;
  const auto report = [&](const Epoch& epoch) {
    reported = epoch.penalty;
    return true;
  };
  ASSERT_TRUE(training.run(context_, report, stop));
  EXPECT_EQ(reported, lasso.value(context_) + norm.value(context_));

  Optimizer<double> optimizer({.rate = 0.01}, by_hand.network.parameters());
  GroupLasso<double> lasso_by_hand(*by_hand.weights, groups_of({}, 2), 1);
  KernelNorm<double> norm_by_hand(*by_hand.weights, kernel, .3);
  for (int step = 0; step < 4; ++step) {
    by_hand.step(optimizer, context_, [&] { norm_by_hand.add_gradient(context_); });
    lasso_by_hand.shrink(optimizer.last_rate(), context_);
  }
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t j = 0; j < 2; ++j)
      EXPECT_NEAR(entry(*trained.weights, i, j), entry(*by_hand.weights, i, j), 1e-14);
}

TEST_F(NetworkPenalties, HaveTheSameBitsForAnyThreads) {
  ThreadPool pool(8);
  const std::size_t d = 400, h = 300;
  const std::vector<double> numbers = gaussians(random_, d * h), kernel = gaussians(random_, d * d);
  const auto run = [&](std::size_t threads) {
    Workspace workspace;
    const Context context{workspace, &pool, threads};
    Dense<float> first("skip", d, 10, Activation::kIdentity), second("hidden", d, h, Activation::kIdentity);
    Parameter<float>&skip = *first.parameters()[0], &hidden = *second.parameters()[0];
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t j = 0; j < h; ++j) hidden.values[hidden.place(i, j)] = static_cast<float>(numbers[i * h + j]);
      for (std::size_t j = 0; j < 10; ++j) skip.values[skip.place(i, j)] = static_cast<float>(numbers[i * h + j]);
    }
    HierarchicalLasso<float>(skip, hidden, groups_of({{3, 9, 200}}, d), 1, .3).shrink(.5, context);
    GroupLasso<float>(hidden, groups_of({}, d), 1).shrink(.1, context);
    const Samples samples(MatrixView<double>{kernel.data(), d, d});
    KernelNorm<float> norm(hidden, samples, 1);
    norm.add_gradient(context);
    std::vector<float> all(hidden.values.begin(), hidden.values.end());
    all.insert(all.end(), skip.values.begin(), skip.values.end());
    all.insert(all.end(), hidden.gradient.begin(), hidden.gradient.end());
    all.push_back(static_cast<float>(norm.value(context)));
    return all;
  };
  const std::vector<float> one = run(1);
  for (const std::size_t threads : {2u, 3u, 8u}) EXPECT_EQ(run(threads), one) << threads;
}

}  // namespace
}  // namespace genmi::networks
