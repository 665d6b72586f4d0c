// Virtual adversarial training against a vector of the reference (iic_dim_perturbations.md, section 5), gradients by
// differences, and central differences in float64.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "genmi/evaluation.h"
#include "networks/adversarial.h"
#include "networks/dense.h"
#include "networks/initial_values.h"
#include "networks/neighbor_lengths.h"
#include "networks/normalization.h"
#include "networks/training.h"
#include "random.h"

namespace genmi::networks {
namespace {

using simd::Activation;
using test::gaussians;
using test::Generator;
using Normal = AdversarialOptions::Normalization;

template <class T>
std::unique_ptr<Layer<T>> make_dense(std::size_t inputs, std::size_t outputs, Activation activation,
                                     std::uint64_t& random) {
  auto layer = std::make_unique<Dense<T>>("layer", inputs, outputs, activation);
  draw(*layer, InitialValues::kUniform, 1.5, random);
  return layer;
}

// d -> 7 -> k, with tanh and perhaps a normalisation and a skip connection.
template <class T>
Network<T> make_network(std::size_t d, std::size_t k, bool normalise, bool skip) {
  std::uint64_t random = 5;
  typename Network<T>::Layers layers;
  layers.push_back(make_dense<T>(d, 7, normalise ? Activation::kIdentity : Activation::kTanh, random));
  if (normalise) {
    layers.push_back(std::make_unique<Normalization<T>>("norm", 7, Activation::kTanh));
    for (Parameter<T>* parameter : layers.back()->parameters())
      for (std::size_t j = 0; j < 7; ++j) parameter->values[j] += static_cast<T>(j) / 10;
  }
  layers.push_back(make_dense<T>(7, k, Activation::kIdentity, random));
  std::unique_ptr<Layer<T>> straight;
  if (skip) straight = make_dense<T>(d, k, Activation::kIdentity, random);
  return Network<T>(std::move(layers), std::move(straight));
}

std::vector<double> softmax(std::span<const double> logits, std::size_t k) {
  return test::softmax({logits.begin(), logits.end()}, k);
}

// A network, a batch, and its logits.
template <class T>
struct Scene {
  std::size_t n, d, k;
  Network<T> network;
  std::vector<T> x, logits;
  std::vector<std::int32_t> rows;

  Scene(std::size_t n_, std::size_t d_, std::size_t k_, bool normalise, bool skip, const Context& context)
      : n(n_), d(d_), k(k_), network(make_network<T>(d_, k_, normalise, skip)) {
    Generator random(6);
    const std::vector<double> numbers = gaussians(random, n * d);
    x.assign(numbers.begin(), numbers.end());
    const Workspace::Frame frame(context.workspace);
    const auto pass = network.forward({x.data(), n, d}, Mode::kFrozen, context);
    logits.assign(pass.logits.begin(), pass.logits.end());
    network.clear_gradients();
    for (std::size_t i = 0; i < n; ++i) rows.push_back(static_cast<std::int32_t>(3 * i + 1));
  }

  AdversarialBatch<T> batch(std::uint64_t step = 4) const {
    return {{x.data(), n, d}, {logits.data(), n, k}, {rows.data(), n}, step};
  }
};

// LDS at these perturbations by its definition.
double smoothness(Scene<double>& scene, const std::vector<double>& r, const Context& context) {
  const Workspace::Frame frame(context.workspace);
  std::vector<double> moved = scene.x;
  for (std::size_t at = 0; at < moved.size(); ++at) moved[at] += r[at];
  const auto pass = scene.network.forward({moved.data(), scene.n, scene.d}, Mode::kFrozen, context);
  const std::vector<double> p = softmax(scene.logits, scene.k), q = softmax(pass.logits, scene.k);
  double sum = 0;
  for (std::size_t at = 0; at < p.size(); ++at) sum += p[at] * std::log(p[at] / q[at]);
  return sum / static_cast<double>(scene.n);
}

double norm(const double* r, std::size_t d) {
  double sum = 0;
  for (std::size_t f = 0; f < d; ++f) sum += r[f] * r[f];
  return std::sqrt(sum);
}

class Adversarial : public testing::Test {
 protected:
  Generator random_{3};
  Workspace workspace_;
  Context context_{workspace_};
};

TEST_F(Adversarial, EqualsTheVectorOfTheReference) {
  Network<double>::Layers layers;
  layers.push_back(std::make_unique<Dense<double>>("linear", 2, 3, Activation::kIdentity));
  Parameter<double>&weights = *layers[0]->parameters()[0], &bias = *layers[0]->parameters()[1];
  const double w[2][3] = {{1, -.5, .2}, {.3, .8, -1}}, b[3] = {.1, 0, -.2};
  for (std::size_t j = 0; j < 3; ++j) {
    for (std::size_t i = 0; i < 2; ++i) weights.values[weights.place(i, j)] = w[i][j];
    bias.values[j] = b[j];
  }
  Network<double> network(std::move(layers));
  const std::vector<double> x = {.5, -1, 1.5, .4};
  const auto pass = network.forward({x.data(), 2, 2}, Mode::kTraining, context_);
  const AdversarialBatch<double> batch{{x.data(), 2, 2}, {pass.logits.data(), 2, 3}, {}, 0};
  std::vector<double> r = {.3, -.4, -.1, .25};
  AdversarialOptions options{.epsilon = 1};
  make_perturbations(network, batch, options, context_, r.data());
  const double expected[] = {-.3294210716, -.9441831130, -.9071578682, .4207904459};
  for (std::size_t at = 0; at < 4; ++at) EXPECT_NEAR(r[at], expected[at], 1e-10);
  EXPECT_NEAR(add_smoothness(network, batch, r.data(), 1, context_), .190601633793, 1e-12);
  r = {.3, -.4, -.1, .25};
  options.epsilon = .1;
  make_perturbations(network, batch, options, context_, r.data());
  EXPECT_NEAR(add_smoothness(network, batch, r.data(), 1, context_), .00185902138138, 1e-14);
}

// One power iteration by definition: the direction of the gradient of KL by d, here by central differences.
TEST_F(Adversarial, PerturbationsPointAlongTheGradient) {
  for (const bool normalise : {false, true})
    for (const bool skip : {false, true})
      for (const Normal normalization : {Normal::kAdditive, Normal::kExact}) {
        Scene<double> scene(6, 4, 3, normalise, skip, context_);
        const AdversarialOptions options{.epsilon = .7, .xi = 2, .normalization = normalization, .seed = 9};
        const double added = normalization == Normal::kAdditive ? 1e-8 : 0;
        std::vector<double> r(24), d(24);
        draw_directions(scene.batch(), 9, context_, d.data());
        r = d;
        make_perturbations(scene.network, scene.batch(), options, context_, r.data());
        for (std::size_t i = 0; i < 6; ++i) {
          const double length = norm(d.data() + 4 * i, 4);
          for (std::size_t f = 0; f < 4; ++f) d[4 * i + f] *= 2 / (length + added);
        }
        std::vector<double> slope(24);
        for (std::size_t at = 0; at < 24; ++at) {
          const double before = d[at];
          d[at] = before + 1e-5;
          const double above = smoothness(scene, d, context_);
          d[at] = before - 1e-5;
          slope[at] = (above - smoothness(scene, d, context_)) / 2e-5;
          d[at] = before;
        }
        for (std::size_t at = 0; at < 24; ++at) {
          const double length = 2 * norm(slope.data() + at / 4 * 4, 4) + added;
          ASSERT_NEAR(r[at], .7 * 2 * slope[at] / length, 1e-7);
        }
      }
}

// The whole term weight LDS for fixed perturbations, by every parameter.
TEST_F(Adversarial, GradientsEqualCentralDifferences) {
  for (const bool normalise : {false, true})
    for (const bool skip : {false, true}) {
      Scene<double> scene(6, 4, 3, normalise, skip, context_);
      const std::vector<double> r = gaussians(random_, 24);
      EXPECT_NEAR(add_smoothness(scene.network, scene.batch(), r.data(), 1.5, context_), smoothness(scene, r, context_),
                  1e-14);
      add_smoothness(scene.network, scene.batch(), r.data(), 1, context_);  // adds to the gradients
      for (Parameter<double>* parameter : scene.network.parameters())
        for (std::size_t at = 0; at < parameter->values.size(); ++at) {
          double& variable = parameter->values[at];
          const double before = variable;
          variable = before + 1e-5;
          const double above = smoothness(scene, r, context_);
          variable = before - 1e-5;
          const double below = smoothness(scene, r, context_);
          variable = before;
          ASSERT_NEAR(parameter->gradient[at], 2.5 * (above - below) / 2e-5, 1e-7) << parameter->name;
        }
    }
}

TEST_F(Adversarial, PowerIterationsMoveParametersAndStatisticsNot) {
  Scene<double> scene(6, 4, 3, true, true, context_);
  std::vector<std::vector<double>> before;
  for (const std::span<double> numbers : scene.network.memory()) before.emplace_back(numbers.begin(), numbers.end());
  std::vector<double> r(24);
  draw_directions(scene.batch(), 0, context_, r.data());
  make_perturbations(scene.network, scene.batch(), {.power = 3}, context_, r.data());
  for (const Parameter<double>* parameter : scene.network.parameters())
    for (const double each : parameter->gradient) EXPECT_EQ(each, 0);
  double lds = 0;
  ASSERT_TRUE(train_adversarially(scene.network, scene.batch(), {.weight = 1}, context_, lds));
  EXPECT_GT(lds, 0);
  std::size_t at = 0;
  for (const std::span<double> numbers : scene.network.memory())
    EXPECT_EQ(std::vector<double>(numbers.begin(), numbers.end()), before[at++]);
}

// More power iterations come closer to the direction that changes predictions most.
TEST_F(Adversarial, PowerIterationsFindWorseDirections) {
  Scene<double> scene(5, 30, 3, false, true, context_);
  const auto after = [&](std::size_t power) {
    std::vector<double> r(150);
    draw_directions(scene.batch(), 1, context_, r.data());
    make_perturbations(scene.network, scene.batch(),
                       {.epsilon = .05, .xi = 1e-3, .power = power, .normalization = Normal::kExact}, context_,
                       r.data());
    return smoothness(scene, r, context_);
  };
  EXPECT_GT(after(1), 2 * after(0));
  EXPECT_GT(after(5), after(1));
}

// The trap of the reference: with a tiny probe the added 1e-8 swallows the length.
TEST_F(Adversarial, TinyProbesNeedTheExactNormalisation) {
  Scene<double> scene(6, 4, 3, false, false, context_);
  const auto lengths = [&](Normal normalization) {
    std::vector<double> r(24), result;
    draw_directions(scene.batch(), 1, context_, r.data());
    make_perturbations(scene.network, scene.batch(), {.epsilon = 2, .xi = 1e-6, .normalization = normalization},
                       context_, r.data());
    for (std::size_t i = 0; i < 6; ++i) result.push_back(norm(r.data() + 4 * i, 4));
    return result;
  };
  for (const double length : lengths(Normal::kExact)) EXPECT_NEAR(length, 2, 1e-15);
  for (const double length : lengths(Normal::kAdditive)) EXPECT_LT(length, 1e-2);
}

// Confident predictions have gradients whose squares vanish in float64.
TEST_F(Adversarial, TheExactNormalisationTakesGradientsOfAnySize) {
  Network<double>::Layers layers;
  layers.push_back(std::make_unique<Dense<double>>("linear", 2, 2, Activation::kIdentity));
  Parameter<double>&weights = *layers[0]->parameters()[0], &bias = *layers[0]->parameters()[1];
  weights.values[weights.place(0, 0)] = 3;
  weights.values[weights.place(1, 0)] = -4;
  Network<double> network(std::move(layers));
  for (const double certainty : {1., 100., 300., 500., 600.}) {
    bias.values[1] = certainty;  // the first cluster's probability is about exp(-certainty)
    const Workspace::Frame frame(workspace_);
    const std::vector<double> x = {0, 0};
    const auto pass = network.forward({x.data(), 1, 2}, Mode::kFrozen, context_);
    std::vector<double> r = {1, 0};
    make_perturbations(network, {{x.data(), 1, 2}, {pass.logits.data(), 1, 2}, {}, 0},
                       {.epsilon = 5, .xi = .1, .normalization = Normal::kExact}, context_, r.data());
    EXPECT_NEAR(std::abs(r[0]), 3, 1e-12) << certainty;
    EXPECT_NEAR(std::abs(r[1]), 4, 1e-12) << certainty;
  }
}

TEST_F(Adversarial, EachSampleMayHaveALengthOfItsOwn) {
  Scene<double> scene(4, 4, 3, false, false, context_);
  std::vector<double> lengths(11);
  for (std::size_t i = 0; i < lengths.size(); ++i) lengths[i] = static_cast<double>(i) / 10;
  lengths[7] = 0;
  std::vector<double> r(16);
  draw_directions(scene.batch(), 1, context_, r.data());
  make_perturbations(scene.network, scene.batch(), {.epsilons = lengths, .normalization = Normal::kExact}, context_,
                     r.data());
  const double expected[] = {.1, .4, 0, 1};  // of samples 1, 4, 7, 10
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(norm(r.data() + 4 * i, 4), expected[i], 1e-15);
}

TEST_F(Adversarial, DirectionsDependOnSeedStepAndSampleAlone) {
  Scene<float> scene(6, 50, 3, false, false, context_);
  std::vector<float> r(300), other(300);
  draw_directions(scene.batch(4), 1, context_, r.data());
  double sum = 0;
  for (const float each : r) {
    EXPECT_LE(std::abs(each), .5f);
    sum += static_cast<double>(each);
  }
  EXPECT_NEAR(sum / 300, 0, .06);  // 3.6 standard deviations
  std::swap(scene.rows[0], scene.rows[5]);
  draw_directions(scene.batch(4), 1, context_, other.data());
  for (std::size_t f = 0; f < 50; ++f) {
    EXPECT_EQ(other[f], r[250 + f]);
    EXPECT_EQ(other[250 + f], r[f]);
  }
  draw_directions(scene.batch(5), 1, context_, r.data());
  EXPECT_NE(r, other);
  draw_directions(scene.batch(4), 2, context_, r.data());
  EXPECT_NE(r, other);
}

TEST_F(Adversarial, HasTheSameBitsForAnyThreads) {
  ThreadPool pool(8);
  const auto run = [&](std::size_t threads) {
    Workspace workspace;
    const Context context{workspace, &pool, threads};
    Scene<float> scene(150, 700, 10, true, true, context);
    double lds = 0;
    EXPECT_TRUE(train_adversarially(scene.network, scene.batch(), {.weight = 1}, context, lds));
    std::vector<double> all = {lds};
    for (const Parameter<float>* parameter : scene.network.parameters())
      all.insert(all.end(), parameter->gradient.begin(), parameter->gradient.end());
    return all;
  };
  const std::vector<double> one = run(1);
  for (const std::size_t threads : {2u, 3u, 8u}) EXPECT_EQ(run(threads), one) << threads;
}

// One step of training, of the whole data, moves parameters by -rate d(-I + weight LDS), here by central differences.
TEST_F(Adversarial, TrainingAddsItToTheLoss) {
  Scene<double> scene(6, 4, 3, false, true, context_), same(6, 4, 3, false, true, context_);
  Parameters kl;
  kl.set("mode", std::string("ova"));
  kl.set("f", std::string("kl"));
  ObjectivePtr objective;
  ASSERT_TRUE(ObjectiveFactory::make("f-divergence", kl, objective));

  const AdversarialOptions vat{.weight = 2, .epsilon = .6, .seed = 21};
  AdversarialBatch<double> batch = scene.batch(0);
  batch.rows = {};
  std::vector<double> r(24);
  draw_directions(batch, vat.seed, context_, r.data());
  make_perturbations(scene.network, batch, vat, context_, r.data());
  const double lds = smoothness(scene, r, context_);
  const auto loss = [&] {
    const Workspace::Frame frame(context_.workspace);
    const auto pass = scene.network.forward({scene.x.data(), 6, 4}, Mode::kFrozen, context_);
    EvaluationOptions options;
    options.from = From::kLogits;
    double value = 0;
    EXPECT_TRUE(evaluate(*objective, MatrixView<double>{pass.logits.data(), 6, 3}, options, context_, value));
    return vat.weight * smoothness(scene, r, context_) - value;
  };

  const Samples samples(MatrixView<double>{scene.x.data(), 6, 4});
  TrainingOptions options;
  options.optimizer = {.rule = OptimizerOptions::Rule::kSgd, .rate = .1, .first = 0};
  options.vat = vat;
  options.seed = vat.seed;
  Training<double> training(same.network, samples, *objective, options);
  Stop stop;
  double reported = 0;
  ASSERT_TRUE(training.run(
      context_,
      [&](const Epoch& epoch) {
        reported = epoch.vat;
        return true;
      },
      stop));
  EXPECT_NEAR(reported, lds, 1e-14);
  for (std::size_t p = 0; p < scene.network.parameters().size(); ++p)
    for (std::size_t at = 0; at < scene.network.parameters()[p]->values.size(); ++at) {
      double& variable = scene.network.parameters()[p]->values[at];
      const double before = variable;
      variable = before + 1e-5;
      const double above = loss();
      variable = before - 1e-5;
      const double below = loss();
      variable = before;
      ASSERT_NEAR(same.network.parameters()[p]->values[at], before - .1 * (above - below) / 2e-5, 1e-8);
    }
}

// A line of 12 samples at 0, 4, 8, ...: the 10th neighbour of an end is at 40, that of its neighbour at 36.
TEST_F(Adversarial, NeighboursGiveLengths) {
  std::vector<std::uint8_t> bytes(12);
  for (std::size_t i = 0; i < 12; ++i) bytes[i] = static_cast<std::uint8_t>(4 * i);
  std::vector<double> lengths;
  ASSERT_TRUE(neighbor_lengths(Samples(Bytes{bytes.data(), 12, 1, -2, 5}), context_, lengths));
  for (const double each : {lengths[0], lengths[11]}) EXPECT_NEAR(each, 2 * 40 / 4., 1e-5);
  for (const double each : {lengths[1], lengths[10]}) EXPECT_NEAR(each, 2 * 36 / 4., 1e-5);
  const std::vector<double> numbers(bytes.begin(), bytes.end());
  ASSERT_TRUE(neighbor_lengths(Samples(MatrixView<double>{numbers.data(), 12, 1}), context_, lengths));
  EXPECT_NEAR(lengths[0], 10, 1e-14);
  const Status status = neighbor_lengths(Samples(MatrixView<double>{numbers.data(), 10, 1}), context_, lengths);
  EXPECT_EQ(status.code(), Code::kOutOfRange);
  EXPECT_NE(status.message().find("at least 11 samples"), std::string::npos);
  EXPECT_EQ(lengths.size(), 12u);
}

TEST_F(Adversarial, TrainingRefusesLengthsAndPairsOfOtherData) {
  Scene<double> scene(6, 4, 3, false, true, context_);
  Parameters parameters;
  parameters.set("mustLink", std::vector<std::int32_t>{0, 6});
  ObjectivePtr objective;
  ASSERT_TRUE(ObjectiveFactory::make("pair-constraints", parameters, objective));
  const Samples samples(MatrixView<double>{scene.x.data(), 6, 4});
  const auto message = [&](const TrainingOptions& options) {
    const Status status = Training<double>(scene.network, samples, *objective, options).check();
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    return status.message();
  };
  EXPECT_NE(message({}).find("data: expected at least 7 samples"), std::string::npos);
  parameters.set("mustLink", std::vector<std::int32_t>{0, 5});
  ASSERT_TRUE(ObjectiveFactory::make("pair-constraints", parameters, objective));
  EXPECT_TRUE(Training<double>(scene.network, samples, *objective, {}).check());
  TrainingOptions options;
  const std::vector<double> lengths(5, 1.);
  options.vat.epsilons = lengths;
  EXPECT_NE(message(options).find("vat.epsilon: expected 6, received 5"), std::string::npos);
}

TEST_F(Adversarial, SaturatedAndDivergedNetworksAreToldApart) {
  Scene<double> scene(4, 3, 2, false, true, context_);
  for (Parameter<double>* parameter : scene.network.parameters())
    for (double& value : parameter->values) value *= 1e4;
  {
    const Workspace::Frame frame(workspace_);
    const auto pass = scene.network.forward({scene.x.data(), 4, 3}, Mode::kFrozen, context_);
    scene.logits.assign(pass.logits.begin(), pass.logits.end());
  }
  // Predictions of exactly 0 and 1: the divergence stays finite, in logarithms.
  double lds = 0;
  ASSERT_TRUE(train_adversarially(scene.network, scene.batch(), {.weight = 1}, context_, lds));
  scene.network.parameters()[0]->values[0] = NAN;
  const Status status = train_adversarially(scene.network, scene.batch(), {.weight = 1}, context_, lds);
  EXPECT_EQ(status.code(), Code::kOutOfRange);
  EXPECT_NE(status.message().find("vat: expected"), std::string::npos);
}

}  // namespace
}  // namespace genmi::networks
