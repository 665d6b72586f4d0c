// Networks: products and layers against plain loops and central differences in float64, optimisers against vectors of
// scikit-learn and torch.
#include "networks/network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "genmi/evaluation.h"
#include "genmi/measured.h"
#include "isas.h"
#include "networks/dense.h"
#include "networks/normalization.h"
#include "networks/optimizer.h"
#include "networks/product.h"
#include "random.h"
#include "thoroughness.h"

namespace genmi::networks {
namespace {

using simd::Activation;
using test::gaussians;
using test::Generator;

template <class T>
std::vector<T> random_numbers(Generator& random, std::size_t count, double deviation = 1) {
  const std::vector<double> numbers = gaussians(random, count, deviation);
  return {numbers.begin(), numbers.end()};
}

class Networks : public testing::Test {
 protected:
  Generator random_{7};
  Workspace workspace_;
  Context context_{workspace_};
};

// x W + b and X' G of every size, whatever the panels and tiles.
template <class T>
void expect_products(std::size_t n, std::size_t d, std::size_t h, Generator& random, const Context& context) {
  const Workspace::Frame frame(context.workspace);
  const std::vector<T> a = random_numbers<T>(random, n * d), b = random_numbers<T>(random, h * d);
  std::vector<T> out(n * h, T{7});
  const MatrixView<T> rows{a.data(), n, d}, columns{b.data(), h, d};
  const auto finish = [&](const simd::Tile<T>& tile, std::size_t row, std::size_t column) {
    for (std::size_t i = 0; i < tile.rows && row + i < n; ++i)
      for (std::size_t j = 0; j < tile.columns && column + j < h; ++j)
        out[(row + i) * h + column + j] = tile.entries[i * tile.stride + j];
  };
  multiply<T>(rows_in_panels(rows, context), rows_in_panels(columns, context), d, context, finish);
  const double most = static_cast<double>(d + 2) * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < h; ++j) {
      double sum = 0, magnitude = 0;
      for (std::size_t f = 0; f < d; ++f) {
        const double term = static_cast<double>(a[i * d + f]) * static_cast<double>(b[j * d + f]);
        sum += term;
        magnitude += std::abs(term);
      }
      ASSERT_NEAR(static_cast<double>(out[i * h + j]), sum, most * magnitude) << n << " x " << d << " x " << h;
    }
}

TEST_F(Networks, ProductsOfAllSizesEqualPlainLoops) {
  for (const simd::Isa isa : test::supported_isas()) {
    const test::WithIsa with(isa);
    const Context context{workspace_};
    for (std::size_t size = 1; size <= 67; ++size) {
      const std::size_t other = 1 + random_() % 67, third = 1 + random_() % 67;
      expect_products<float>(size, other, third, random_, context);
      expect_products<double>(third, size, other, random_, context);
      expect_products<float>(other, third, size, random_, context);
    }
    expect_products<float>(130, 129, 200, random_, context);
    expect_products<double>(65, 300, 97, random_, context);
  }
}

// dL/dx = dL/dy W' of a layer so wide that W is transposed in strips of inputs. Their width depends on the threads, the
// bits do not.
TEST_F(Networks, GradientsOfManyInputsEqualPlainLoops) {
  const std::size_t n = 3, d = 203, h = 6000;
  Dense<double> layer("layer", d, h, Activation::kIdentity);
  Parameter<double>& weights = *layer.parameters().front();
  const std::vector<double> w = gaussians(random_, d * h), g = gaussians(random_, n * h), x(n * d);
  for (std::size_t j = 0; j < d; ++j)
    for (std::size_t o = 0; o < h; ++o) weights.values[weights.place(j, o)] = w[j * h + o];
  std::vector<double> expected;
  for (const std::size_t threads : {1, 2, 8}) {
    ThreadPool pool(threads);
    const Context context{.workspace = workspace_, .pool = &pool, .threads = threads};
    std::vector<double> y(n * h), gradient = g, by_input(n * d);
    layer.backward({{x.data(), n, d}, y.data(), {}, Mode::kTraining, {}}, gradient.data(), false, context,
                   by_input.data());
    if (expected.empty()) expected = by_input;
    EXPECT_EQ(by_input, expected) << threads;
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < d; ++j) {
      double sum = 0;
      for (std::size_t o = 0; o < h; ++o) sum += g[i * h + o] * w[j * h + o];
      ASSERT_NEAR(expected[i * d + j], sum, 1e-11) << i << ", " << j;
    }
}

// A network of float64, made of the parts that a test names.
Network<double> make_network(const std::vector<std::size_t>& widths, Activation activation, bool normalise, bool skip,
                             Generator& random) {
  Network<double>::Layers layers;
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    const bool last = l + 2 == widths.size();
    const Activation own = last || normalise ? Activation::kIdentity : activation;
    layers.push_back(std::make_unique<Dense<double>>("layer", widths[l], widths[l + 1], own));
    if (normalise && !last)
      layers.push_back(std::make_unique<Normalization<double>>("norm", widths[l + 1], activation));
  }
  std::unique_ptr<Layer<double>> straight;
  if (skip) straight = std::make_unique<Dense<double>>("skip", widths.front(), widths.back(), Activation::kIdentity);
  Network<double> network(std::move(layers), std::move(straight));
  for (Parameter<double>* parameter : network.parameters())
    for (double& value : parameter->values) value = 0.3 * test::Gaussian()(random) + 0.1;
  return network;
}

// L = sum c sin(z) of the logits z: a loss with a gradient of every size.
struct Loss {
  std::vector<double> c;

  double value(std::span<const double> logits) const {
    double sum = 0;
    for (std::size_t at = 0; at < logits.size(); ++at) sum += c[at] * std::sin(logits[at]);
    return sum;
  }
  std::vector<double> gradient(std::span<const double> logits) const {
    std::vector<double> result(logits.size());
    for (std::size_t at = 0; at < logits.size(); ++at) result[at] = c[at] * std::cos(logits[at]);
    return result;
  }
};

void expect_slopes(Network<double>& network, std::size_t n, Mode mode, Generator& random, const Context& context) {
  const std::size_t d = network.inputs(), k = network.outputs();
  std::vector<double> x = gaussians(random, n * d);
  const Loss loss{gaussians(random, n * k)};
  const auto value = [&] {
    const Workspace::Frame frame(context.workspace);
    return loss.value(network.forward({x.data(), n, d}, mode, context).logits);
  };
  std::vector<double> by_input(n * d);
  {
    const Workspace::Frame frame(context.workspace);
    network.clear_gradients();
    const auto pass = network.forward({x.data(), n, d}, mode, context);
    std::vector<double> gradient = loss.gradient(pass.logits);
    network.backward(pass, gradient, true, context, by_input.data());
  }
  const auto expect_slope = [&](double& variable, double slope, const std::string& name) {
    constexpr double kStep = 1e-5;
    const double before = variable;
    variable = before + kStep;
    const double above = value();
    variable = before - kStep;
    const double below = value();
    variable = before;
    ASSERT_NEAR(slope, (above - below) / (2 * kStep), 1e-7) << name << " of " << d << " to " << k << ", n = " << n;
  };
  for (std::size_t at = 0; at < x.size(); ++at) expect_slope(x[at], by_input[at], "input");
  for (Parameter<double>* parameter : network.parameters())
    for (std::size_t at = 0; at < parameter->values.size(); ++at) {
      // Lanes beyond the last output are no variables.
      if (parameter->gradient[at] == 0) continue;
      expect_slope(parameter->values[at], parameter->gradient[at], parameter->name);
    }
}

TEST_F(Networks, GradientsEqualCentralDifferences) {
  for (const Activation activation : {Activation::kIdentity, Activation::kRelu, Activation::kTanh})
    for (const bool normalise : {false, true})
      for (const bool skip : {false, true})
        for (const Mode mode : {Mode::kFrozen, Mode::kPrediction}) {
          Network<double> network = make_network({5, 9, 17, 3}, activation, normalise, skip, random_);
          expect_slopes(network, 6, mode, random_, context_);
          Network<double> linear = make_network({3, 2}, activation, normalise, skip, random_);
          expect_slopes(linear, 11, mode, random_, context_);
        }
}

TEST_F(Networks, GradientsReachEveryWeight) {
  Network<double> network = make_network({4, 18, 3}, Activation::kTanh, true, true, random_);
  const Workspace::Frame frame(workspace_);
  const std::vector<double> x = gaussians(random_, 7 * 4);
  const auto pass = network.forward({x.data(), 7, 4}, Mode::kTraining, context_);
  std::vector<double> gradient = gaussians(random_, 7 * 3);
  network.backward(pass, gradient, true, context_);
  std::size_t written = 0;
  for (const Parameter<double>* parameter : network.parameters())
    for (const double each : parameter->gradient) written += each != 0;
  // Dense 4-18 with normalisation, whose means take its bias away: rounding may leave something there.
  EXPECT_GE(written, 4 * 18 + 2 * 18 + 18 * 3 + 3 + 4 * 3 + 3u);
  EXPECT_LE(written, 4 * 18 + 3 * 18 + 18 * 3 + 3 + 4 * 3 + 3u);
}

TEST_F(Networks, NormalisationRemembersBatchesInTrainingAlone) {
  Normalization<double> layer("norm", 2, Activation::kIdentity);
  const std::vector<double> x = {1, 10, 3, 30, 5, 50};
  std::vector<double> y(6), notes(layer.notes());
  const auto forward = [&](Mode mode) { layer.forward({{x.data(), 3, 2}, y.data(), notes, mode}, context_); };
  forward(Mode::kFrozen);
  EXPECT_EQ(layer.statistics()[0].numbers[1], 0);
  EXPECT_NEAR(y[0], -2 / std::sqrt(8 / 3. + 1e-5), 1e-15);  // the biased variance: 8 / 3
  forward(Mode::kTraining);
  EXPECT_NEAR(layer.statistics()[0].numbers[1], 3, 1e-15);                // .9 x 0 + .1 x 30
  EXPECT_NEAR(layer.statistics()[1].numbers[1], 0.9 + 0.1 * 400, 1e-13);  // the unbiased variance: 400
  forward(Mode::kPrediction);
  EXPECT_NEAR(y[1], (10 - 3) / std::sqrt(40.9 + 1e-5), 1e-14);
}

// Runs three steps on w = [1, -2] with these gradients: a vector of estimators.md, computed by scikit-learn and torch.
std::vector<std::vector<double>> three_steps(const OptimizerOptions& options, std::vector<double>* rates = nullptr) {
  Workspace workspace;
  Parameter<double> w("w", Parameter<double>::Kind::kWeights, 1, 2, 2);
  w.values = {1, -2};
  Optimizer<double> optimizer(options, {&w});
  std::vector<std::vector<double>> after;
  for (const auto& gradient : {std::vector<double>{.5, -.1}, {.2, .3}, {-1, 0}}) {
    std::copy(gradient.begin(), gradient.end(), w.gradient.begin());
    optimizer.step({workspace});
    after.push_back({w.values.begin(), w.values.end()});
    if (rates != nullptr) rates->push_back(optimizer.last_rate());
  }
  return after;
}

void expect_steps(const std::vector<std::vector<double>>& steps, const std::vector<std::vector<double>>& expected,
                  double tolerance) {
  for (std::size_t t = 0; t < 3; ++t)
    for (std::size_t at = 0; at < 2; ++at) EXPECT_NEAR(steps[t][at], expected[t][at], tolerance) << t << ", " << at;
}

TEST_F(Networks, OptimisersEqualScikitLearnAndTorch) {
  std::vector<double> rates;
  OptimizerOptions options{.rate = 0.01};
  expect_steps(three_steps(options, &rates),
               {{.9900000063245513, -1.9900000316226767},
                {.981014259557712, -1.994941925013507},
                {.9833488900282994, -1.9987620229258551}},
               1e-15);
  EXPECT_NEAR(rates[0], .00316227766017, 1e-14);
  EXPECT_NEAR(rates[2], .00202010597439, 1e-14);
  options.corrected_epsilon = true;
  // In the first step w moves by .01 / (1 + 1e-8 / |g|).
  expect_steps(three_steps(options),
               {{.9900000002, -1.990000001}, {.9810142484, -1.9949418991}, {.9833488795, -1.9987620006}}, 2e-10);
  expect_steps(three_steps({.rule = OptimizerOptions::Rule::kSgd, .rate = 0.01}),
               {{.9905, -1.9981}, {.98265, -2.00299}, {.996385, -2.0046910}}, 1e-15);
  // By hand: v = .01 g^2 after the first step.
  const auto rms = three_steps({.rule = OptimizerOptions::Rule::kRmsprop, .rate = 0.01, .second = 0.99});
  EXPECT_NEAR(rms[0][0], 1 - .01 * .5 / (.05 + 1e-8), 1e-14);
  EXPECT_NEAR(rms[1][1], -2 + .01 * .1 / (.01 + 1e-8) - .01 * .3 / (std::sqrt(.99e-4 + .01 * .09) + 1e-8), 1e-14);
}

TEST_F(Networks, GradientsAreShortenedToTheLargestNorm) {
  const auto moved = [](double largest) {
    return three_steps({.rule = OptimizerOptions::Rule::kSgd, .rate = 1, .first = 0, .largest_norm = largest})[0];
  };
  EXPECT_NEAR(std::hypot(moved(0.1)[0] - 1, moved(0.1)[1] + 2), 0.1, 1e-15);
  EXPECT_EQ(moved(2), moved(0));
}

TEST_F(Networks, DecayConcernsWeightsAlone) {
  Parameter<double> weights("w", Parameter<double>::Kind::kWeights, 1, 1, 1),
      bias("b", Parameter<double>::Kind::kOffsets, 1, 1, 1);
  weights.values[0] = bias.values[0] = 2;
  Optimizer<double> optimizer({.rule = OptimizerOptions::Rule::kSgd, .rate = 1, .first = 0, .decay = 0.1},
                              {&weights, &bias});
  optimizer.step(context_);
  EXPECT_DOUBLE_EQ(weights.values[0], 2 - 2 * 0.1 * 2);
  EXPECT_EQ(bias.values[0], 2);
}

// Three steps of gemclus' LinearModel: MMD one-vs-all with a linear kernel, full batch, Adam of rate .01. Source:
// gemclus 1.1.1, estimators.md section 2.
TEST_F(Networks, LinearModelTakesTheStepsOfGemclus) {
  const std::vector<double> x = {0, 0, 1, .5, 3, -1, -2, 2, -1, 4};
  std::vector<std::unique_ptr<Layer<double>>> layers;
  layers.push_back(std::make_unique<Dense<double>>("linear", 2, 2, Activation::kIdentity));
  Network<double> network(std::move(layers));
  Parameter<double>&weights = *network.parameters()[0], &bias = *network.parameters()[1];
  const auto weight = [&](std::size_t input, std::size_t output) -> double& {
    return weights.values[weights.place(input, output)];
  };
  weight(0, 0) = .1, weight(0, 1) = -.2, weight(1, 0) = .3, weight(1, 1) = .05;
  bias.values[0] = .01, bias.values[1] = -.02;

  AffinityPtr kernel;
  MeasureOptions linear;
  linear.name = "linear";
  ASSERT_TRUE(measure_affinity(MatrixView<double>{x.data(), 5, 2}, linear, Storage::kDense, Precision::kFloat64,
                               context_, kernel));
  SharedAffinityPtr shared = std::make_shared<SharedAffinity>(kernel);
  Parameters parameters;
  parameters.set("affinity", shared);
  parameters.set("mode", std::string("ova"));
  ObjectivePtr objective;
  ASSERT_TRUE(ObjectiveFactory::make("mmd", parameters, objective));

  Optimizer<double> optimizer({.rate = 0.01}, network.parameters());
  for (int step = 0; step < 3; ++step) {
    const Workspace::Frame frame(workspace_);
    network.clear_gradients();
    const auto pass = network.forward({x.data(), 5, 2}, Mode::kTraining, context_);
    std::vector<double> gradient(10);
    double value = 0;
    EvaluationOptions options;
    options.from = From::kLogits;
    ASSERT_TRUE(evaluate(*objective, MatrixView<double>{pass.logits.data(), 5, 2}, options, context_, value,
                         std::span<double>(gradient)));
    for (double& each : gradient) each = -each;
    network.backward(pass, gradient, true, context_);
    optimizer.step(context_);
    if (step > 0) continue;
    EXPECT_NEAR(weight(0, 0), .10999999724429975, 1e-14);
    EXPECT_NEAR(weight(1, 1), .059999996036205844, 1e-14);
    EXPECT_NEAR(bias.values[0], 1.5326349039e-7, 1e-16);
  }
  EXPECT_NEAR(weight(0, 0), .13001497022673827, 1e-14);
  EXPECT_NEAR(weight(0, 1), -.2300149702267383, 1e-14);
  EXPECT_NEAR(weight(1, 0), .2701660039076951, 1e-14);
  EXPECT_NEAR(weight(1, 1), .07983399609230493, 1e-14);
}

}  // namespace
}  // namespace genmi::networks
