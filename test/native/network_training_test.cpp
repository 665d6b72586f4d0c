// The training loop: the order of samples, snapshots, aborted and failed runs, the same bits for any threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <vector>

#include "genmi/measured.h"
#include "isas.h"
#include "networks/dense.h"
#include "networks/normalization.h"
#include "networks/training.h"
#include "random.h"
#include "thoroughness.h"

namespace genmi::networks {
namespace {

using simd::Activation;
using test::gaussians;
using test::Generator;

template <class T>
using NetworkPtr = std::unique_ptr<Network<T>>;

// widths[0]-widths[1]-…, relu, with normalisation and a skip connection where wanted.
template <class T>
NetworkPtr<T> make_network(const std::vector<std::size_t>& widths, bool normalise, bool skip, std::uint64_t seed = 3) {
  Generator random(seed);
  typename Network<T>::Layers layers;
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    const bool last = l + 2 == widths.size();
    const Activation own = last || normalise ? Activation::kIdentity : Activation::kRelu;
    layers.push_back(std::make_unique<Dense<T>>("layer", widths[l], widths[l + 1], own));
    if (normalise && !last)
      layers.push_back(std::make_unique<Normalization<T>>("norm", widths[l + 1], Activation::kRelu));
  }
  std::unique_ptr<Layer<T>> straight;
  if (skip) straight = std::make_unique<Dense<T>>("skip", widths.front(), widths.back(), Activation::kIdentity);
  auto network = std::make_unique<Network<T>>(std::move(layers), std::move(straight));
  for (Parameter<T>* parameter : network->parameters())
    for (std::size_t row = 0; row < parameter->rows; ++row)
      for (std::size_t column = 0; column < parameter->columns; ++column)
        parameter->values[parameter->place(row, column)] = static_cast<T>(gaussians(random, 1, 0.4)[0]);
  return network;
}

ObjectivePtr make_objective(const std::string& name, const Parameters& parameters = {}) {
  ObjectivePtr objective;
  EXPECT_TRUE(ObjectiveFactory::make(name, parameters, objective));
  return objective;
}

template <class T>
ObjectivePtr linear_mmd(const std::vector<T>& x, std::size_t n, const Context& context) {
  AffinityPtr kernel;
  MeasureOptions linear;
  linear.name = "linear";
  EXPECT_TRUE(measure_affinity(MatrixView<T>{x.data(), n, x.size() / n}, linear, Storage::kDense,
                               sizeof(T) == 8 ? Precision::kFloat64 : Precision::kFloat32, context, kernel));
  Parameters parameters;
  parameters.set("affinity", SharedAffinityPtr(std::make_shared<SharedAffinity>(kernel)));
  parameters.set("mode", std::string("ova"));
  return make_objective("mmd", parameters);
}

// All bits that a network has learned.
template <class T>
std::vector<std::byte> bits(Network<T>& network) {
  std::vector<std::byte> all;
  for (const std::span<T> numbers : network.memory()) {
    const auto bytes = std::as_bytes(numbers);
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  return all;
}

const auto go_on = [](const Epoch&) { return true; };

class TrainingTest : public testing::Test {
 protected:
  static constexpr std::size_t kSamples = 47, kFeatures = 5;

  TrainingTest() {
    options_.epochs = 6;
    options_.batch_size = 10;
    options_.seed = 11;
    options_.schedule = Schedule::kLinear;
    options_.optimizer.rate = 0.02;
    const std::vector<double> numbers = gaussians(random_, kSamples * kFeatures);
    x_.assign(numbers.begin(), numbers.end());
  }
  Samples samples() const { return Samples(MatrixView<float>{x_.data(), kSamples, kFeatures}); }
  NetworkPtr<float> network() const { return make_network<float>({kFeatures, 9, 4}, true, true); }

  // Trains to the end, and counts the steps. before_step(step) may cancel the job before a step is evaluated.
  Generator random_{19};
  Workspace workspace_;
  Context context_{workspace_};
  std::vector<float> x_;
  TrainingOptions options_;
};

// An objective that calls a function before each evaluation, to see and disturb a run.
class Watched final : public Objective {
 public:
  Watched(ObjectivePtr objective, std::function<Status()> before) : objective_(objective), before_(before) {}

  Status evaluate(const Batch<float>& batch, const Context& context, double factor,
                  Totals<float>& totals) const override {
    if (Status status = before_(); !status) return status;
    return objective_->evaluate(batch, context, factor, totals);
  }
  Status evaluate(const Batch<double>& batch, const Context& context, double factor,
                  Totals<double>& totals) const override {
    if (Status status = before_(); !status) return status;
    return objective_->evaluate(batch, context, factor, totals);
  }
  Cost cost(std::size_t n, std::size_t k) const override { return objective_->cost(n, k); }

 private:
  ObjectivePtr objective_;
  std::function<Status()> before_;
};

TEST_F(TrainingTest, OrdersDependOnSeedAndEpochAlone) {
  std::vector<std::int32_t> order(100), same(100), other(100);
  draw_order(5, 2, order);
  draw_order(5, 2, same);
  EXPECT_EQ(order, same);
  draw_order(5, 3, other);
  EXPECT_NE(order, other);
  draw_order(6, 2, other);
  EXPECT_NE(order, other);
  std::sort(order.begin(), order.end());
  for (std::int32_t i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST_F(TrainingTest, OrdersAreEquallyLikely) {
  constexpr std::size_t kDraws = 24'000;
  std::map<std::vector<std::int32_t>, std::size_t> counts;
  std::vector<std::int32_t> order(4);
  for (std::size_t epoch = 0; epoch < kDraws; ++epoch) {
    draw_order(1, epoch, order);
    counts[order] += 1;
  }
  ASSERT_EQ(counts.size(), 24u);
  double chi_squared = 0;
  for (const auto& [permutation, count] : counts) chi_squared += std::pow(static_cast<double>(count) - 1000, 2) / 1000;
  EXPECT_LT(chi_squared, 49.7);  // the 99.9 % quantile for 23 degrees of freedom
}

TEST_F(TrainingTest, ResumedRunsHaveTheBitsOfUninterruptedOnes) {
  const Samples data = samples();
  for (const OptimizerOptions::Rule rule :
       {OptimizerOptions::Rule::kAdam, OptimizerOptions::Rule::kSgd, OptimizerOptions::Rule::kRmsprop}) {
    options_.optimizer.rule = rule;
    const ObjectivePtr objective = linear_mmd(x_, kSamples, context_);
    const NetworkPtr<float> whole = network();
    std::vector<Epoch> history;
    Stop stop;
    {
      Training<float> training(*whole, data, *objective, options_);
      ASSERT_TRUE(training.run(context_, [&](const Epoch& epoch) { return history.push_back(epoch), true; }, stop));
      EXPECT_EQ(stop, Stop::kFinished);
      ASSERT_EQ(history.size(), 6u);
    }
    for (std::size_t steps = 0; steps <= 30; ++steps) {
      // Aborted by the objective in the middle of step `steps` + 1.
      std::size_t done = 0;
      const Watched stopping(objective, [&] { return done++ < steps ? Status::ok() : aborted(); });
      const NetworkPtr<float> part = network();
      Training<float> training(*part, data, stopping, options_);
      ASSERT_TRUE(training.run(context_, go_on, stop));
      EXPECT_EQ(stop, steps < 30 ? Stop::kAborted : Stop::kFinished);

      const NetworkPtr<float> rest = make_network<float>({kFeatures, 9, 4}, true, true, 77);
      TrainingOptions options = options_;
      options.seed = 12;  // the snapshot's counts
      Training<float> resumed(*rest, data, *objective, options);
      ASSERT_TRUE(resumed.restore(training.snapshot()));
      EXPECT_EQ(bits(*part), bits(*rest));
      std::vector<Epoch> epochs;
      ASSERT_TRUE(resumed.run(context_, [&](const Epoch& epoch) { return epochs.push_back(epoch), true; }, stop));
      ASSERT_EQ(bits(*rest), bits(*whole)) << steps << " steps";
      ASSERT_EQ(epochs.size(), 6 - steps / 5);
      for (std::size_t e = 0; e < epochs.size(); ++e) {
        const Epoch& expected = history[history.size() - epochs.size() + e];
        EXPECT_EQ(epochs[e].number, expected.number);
        EXPECT_EQ(epochs[e].objective, expected.objective);
        EXPECT_EQ(epochs[e].predictions_entropy, expected.predictions_entropy);
        EXPECT_EQ(epochs[e].proportions_entropy, expected.proportions_entropy);
        EXPECT_EQ(epochs[e].clusters, expected.clusters);
      }
    }
  }
}

}  // namespace
}  // namespace genmi::networks
