// What the training loop promises over every backend of backends.h: runs whose numbers nobody reads in the middle of an
// epoch.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "backends.h"
#include "simd/kernels.h"
#include "thoroughness.h"
#include "training_support.h"

namespace genmi::networks {
namespace {

class TrainingOn : public TrainingTest, public testing::WithParamInterface<const Backend*> {
 protected:
  TrainingOn() : TrainingTest(*GetParam()) {}
  // The bits of a run to its end.
  std::vector<std::byte> uninterrupted(const Objective& objective) {
    const Samples data = samples();
    const NetworkPtr<float> whole = network();
    Training<float> training(*whole, data, objective, options_);
    Stop stop;
    EXPECT_TRUE(training.run(context_, go_on, stop));
    return bits(*whole);
  }
};

INSTANTIATE_TEST_SUITE_P(All, TrainingOn, testing::ValuesIn(test::all_backends()),
                         [](const auto& each) { return std::string(each.param->device()); });

TEST_P(TrainingOn, ResumedRunsHaveTheBitsOfUninterruptedOnes) {
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
        EXPECT_EQ(epochs[e].heads[0].predictions_entropy, expected.heads[0].predictions_entropy);
        EXPECT_EQ(epochs[e].heads[0].proportions_entropy, expected.heads[0].proportions_entropy);
        EXPECT_EQ(epochs[e].heads[0].clusters, expected.heads[0].clusters);
      }
    }
  }
}

// Steps on pairs: each sample, and a copy with noise of the step's seed.
struct PairsRun {
  Training<float>& training;
  Samples& views;  // of the training
  const std::vector<float>& x;
  std::size_t inputs, copies;
  std::vector<float> numbers;
  std::vector<Epoch> epochs;
  std::vector<std::vector<std::int32_t>> rows;
  std::vector<std::uint64_t> seeds;

  // Returns whether there was a step to take.
  bool step(const Context& context, Stop& stop) {
    const auto next = training.next();
    if (next.rows.count == 0) return false;
    rows.emplace_back(next.rows.index, next.rows.index + next.rows.count);
    numbers.clear();
    for (const std::uint64_t seed : next.seeds) {
      Generator random(seed);
      seeds.push_back(seed);
      for (const std::int32_t row : rows.back())
        for (std::size_t copy = 0; copy < copies; ++copy)
          for (std::size_t j = 0; j < inputs; ++j)
            numbers.push_back(x[static_cast<std::size_t>(row) * inputs + j] +
                              static_cast<float>(gaussians(random, 1, 0.1)[0]));
    }
    views = Samples(MatrixView<float>{numbers.data(), numbers.size() / inputs, inputs});
    const Status status =
        training.run(context, [&](const Epoch& epoch) { return epochs.push_back(epoch), true; }, stop);
    EXPECT_TRUE(status) << status.message();
    return true;
  }
};

TEST_P(TrainingOn, PairsResumeWithTheSameBitsAfterAnyStep) {
  const Pairs pairs{{"iic", 1.0}, {{2, 1.0}, {3, 0.5}, {3, 0.5}}, kSamples, 2};
  const auto network = [] { return make_network<float>({kFeatures, 9, 8}, true, true); };
  const Samples none(MatrixView<float>{});
  Stop stop;
  const NetworkPtr<float> whole = network();
  Samples views = none;
  Training<float> training(*whole, views, pairs, options_);
  ASSERT_TRUE(training.check());
  PairsRun run{training, views, x_, kFeatures, 2, {}, {}, {}, {}};
  std::vector<std::vector<std::byte>> snapshots{training.snapshot()};
  while (run.step(context_, stop)) snapshots.push_back(training.snapshot());
  ASSERT_EQ(run.rows.size(), 30u);
  ASSERT_EQ(run.epochs.size(), 6u);
  std::sort(run.seeds.begin(), run.seeds.end());
  EXPECT_EQ(std::adjacent_find(run.seeds.begin(), run.seeds.end()), run.seeds.end());
  EXPECT_LT(run.seeds.back(), std::uint64_t{1} << 53);
  for (std::size_t e = 0; e < 6; ++e) {
    std::vector<std::int32_t> order;
    for (std::size_t s = 0; s < 5; ++s)
      order.insert(order.end(), run.rows[5 * e + s].begin(), run.rows[5 * e + s].end());
    std::vector<std::int32_t> expected(kSamples);
    draw_order(11, e, expected);
    EXPECT_EQ(order, expected);
    const std::vector<HeadEpoch>& heads = run.epochs[e].heads;
    ASSERT_EQ(heads.size(), 3u);
    EXPECT_NEAR(run.epochs[e].loss, heads[0].value + 0.5 * (heads[1].value + heads[2].value), 1e-12);
    EXPECT_LE(heads[0].proportions_entropy, std::log(2.0));
    EXPECT_GE(heads[1].clusters, 1u);
  }
  EXPECT_LT(run.epochs[5].loss, run.epochs[0].loss);

  for (std::size_t steps = 0; steps <= 30; ++steps) {
    const NetworkPtr<float> rest = network();
    TrainingOptions options = options_;
    options.seed = 12;  // the snapshot's counts
    Samples later = none;
    Training<float> resumed(*rest, later, pairs, options);
    ASSERT_TRUE(resumed.restore(snapshots[steps]));
    PairsRun others{resumed, later, x_, kFeatures, 2, {}, {}, {}, {}};
    Workspace workspace;
    ThreadPool pool;
    const Context threads{workspace, &pool, 3, nullptr, context_.kernels, context_.backend};
    while (others.step(threads, stop)) continue;
    EXPECT_EQ(others.rows.size(), 30 - steps);
    ASSERT_EQ(bits(*rest), bits(*whole)) << steps << " steps";
    ASSERT_EQ(others.epochs.size(), 6 - steps / 5);
    EXPECT_EQ(others.epochs.empty() ? run.epochs.back().loss : others.epochs.back().loss, run.epochs.back().loss);
  }
}

// 10^3 runs that are cancelled at a random moment of a random step: within the objective, or between steps.
TEST_P(TrainingOn, AbortedRunsKeepAValidNetworkAndGoOn) {
  const ObjectivePtr objective = total_variation();
  const Samples data = samples();
  options_.vat.weight = 0.5;
  Stop stop;
  const NetworkPtr<float> whole = network();
  Training<float> uninterrupted(*whole, data, *objective, options_);
  ASSERT_TRUE(uninterrupted.run(context_, go_on, stop));
  const std::vector<std::byte> expected = bits(*whole);

  for (std::size_t repeat = 0; repeat < (test::kExhaustive ? 1000 : 50); ++repeat) {
    Job job;
    std::size_t left = random_() % 30;
    const bool within = random_() % 2 == 0;
    const Watched stopping(objective, [&] {
      if (left-- > 0) return Status::ok();
      job.cancel();
      return within ? aborted() : Status::ok();
    });
    const NetworkPtr<float> part = network();
    Training<float> training(*part, data, stopping, options_);
    ASSERT_TRUE(training.run({workspace_, nullptr, 1, &job, context_.kernels, context_.backend}, go_on, stop));
    ASSERT_TRUE(stop == Stop::kAborted || (stop == Stop::kFinished && !within));
    for (const std::span<float> numbers : part->memory())
      for (const float number : numbers) ASSERT_TRUE(std::isfinite(number));
    // The same object goes on, or another one from the snapshot.
    Training<float> resumed(*part, data, *objective, options_);
    if (repeat % 2 == 0) {
      ASSERT_TRUE(resumed.restore(training.snapshot()));
      ASSERT_TRUE(resumed.run(context_, go_on, stop));
    } else {
      left = 1000;
      ASSERT_TRUE(training.run(context_, go_on, stop));
    }
    ASSERT_EQ(stop, Stop::kFinished);
    ASSERT_EQ(bits(*part), expected);
  }
}

TEST_P(TrainingOn, CallbacksStopAfterTheirEpoch) {
  const ObjectivePtr objective = total_variation();
  const Samples data = samples();
  const NetworkPtr<float> whole = network(), part = network();
  Stop stop;
  Training<float> uninterrupted(*whole, data, *objective, options_), training(*part, data, *objective, options_);
  ASSERT_TRUE(uninterrupted.run(context_, go_on, stop));
  std::size_t epochs = 0;
  const auto until_second = [&](const Epoch& epoch) { return (epochs = epoch.number) < 2; };
  Job job;
  const Context watched{workspace_, nullptr, 1, &job, context_.kernels, context_.backend};
  ASSERT_TRUE(training.run(watched, until_second, stop));
  EXPECT_EQ(job.steps(), 10u);
  EXPECT_EQ(stop, Stop::kCallback);
  EXPECT_EQ(epochs, 2u);
  EXPECT_EQ(training.epochs_done(), 2u);
  ASSERT_TRUE(training.run(context_, go_on, stop));
  EXPECT_EQ(stop, Stop::kFinished);
  EXPECT_EQ(bits(*part), bits(*whole));
}

TEST_P(TrainingOn, OtherErrorsLeaveTheRunAsTheStepFoundIt) {
  const ObjectivePtr objective = total_variation();
  const Samples data = samples();
  const std::vector<std::byte> expected = uninterrupted(*objective);
  const NetworkPtr<float> part = network();
  Stop stop;
  std::size_t calls = 0;
  const Watched failing(
      objective, [&] { return ++calls % 4 == 0 ? Status(Code::kDisposed, "affinity: disposed") : Status::ok(); });
  Training<float> training(*part, data, failing, options_);
  std::size_t failures = 0;
  for (Status status(Code::kDisposed, ""); !status; ++failures) {
    status = training.run(context_, go_on, stop);
    if (!status) ASSERT_EQ(status.code(), Code::kDisposed);
  }
  EXPECT_EQ(failures, 10u);
  EXPECT_EQ(bits(*part), expected);
}

TEST_P(TrainingOn, MemoryThatCannotBeHadLeavesTheRunAsTheStepFoundIt) {
  const ObjectivePtr objective = total_variation();
  const Samples data = samples();
  const std::vector<std::byte> expected = uninterrupted(*objective);
  const NetworkPtr<float> part = network();
  Stop stop;
  std::size_t calls = 0;
  const Watched failing(objective, [&]() -> Status {
    if (++calls % 7 == 0) throw std::bad_alloc();
    return Status::ok();
  });
  Training<float> training(*part, data, failing, options_);
  for (stop = Stop::kAborted; stop != Stop::kFinished;) {
    try {
      ASSERT_TRUE(training.run(context_, go_on, stop));
    } catch (const std::bad_alloc&) {
      stop = Stop::kAborted;
    }
  }
  EXPECT_EQ(bits(*part), expected);
}

// Every rule, layer and option that steps have, against the same run on the CPU.
struct Learning {
  bool normalise, skip;
  OptimizerOptions::Rule rule;
  double largest_norm = 0, vat = 0;
  AdversarialOptions::Normalization of_directions = AdversarialOptions::Normalization::kAdditive;
  std::size_t power = 1;
};

template <class T>
void expect_the_same_run(const Learning& each, const std::vector<T>& x, TrainingOptions options, const Context& near,
                         const Context& far, double tolerance) {
  using Norm = AdversarialOptions::Normalization;
  constexpr std::size_t kFeatures = 5;
  const std::size_t n = x.size() / kFeatures;
  const Samples data(MatrixView<T>{x.data(), n, kFeatures});
  std::vector<double> lengths(n);
  for (std::size_t i = 0; i < n; ++i) lengths[i] = 0.1 + 0.01 * static_cast<double>(i);
  options.optimizer.rule = each.rule;
  options.optimizer.largest_norm = each.largest_norm;
  options.optimizer.decay = 0.01;
  options.optimizer.corrected_epsilon = each.skip;
  options.vat.weight = each.vat;
  options.vat.normalization = each.of_directions;
  options.vat.power = each.power;
  if (each.of_directions == Norm::kExact) options.vat.epsilons = lengths;
  const ObjectivePtr objective = total_variation();
  std::vector<NetworkPtr<T>> networks;
  std::vector<std::vector<double>> losses;
  for (const Context* context : {&near, &far}) {
    networks.push_back(make_network<T>({kFeatures, 9, 4}, each.normalise, each.skip));
    losses.emplace_back();
    Training<T> training(*networks.back(), data, *objective, options);
    Stop stop;
    const auto keep = [&](const Epoch& epoch) {
      losses.back().insert(losses.back().end(), {epoch.loss, epoch.vat});
      return true;
    };
    const Status status = training.run(*context, keep, stop);
    ASSERT_TRUE(status) << status.message();
  }
  for (std::size_t at = 0; at < losses[0].size(); ++at) EXPECT_NEAR(losses[1][at], losses[0][at], tolerance) << at;
  const auto expected = networks[0]->memory(), found = networks[1]->memory();
  for (std::size_t p = 0; p < expected.size(); ++p)
    for (std::size_t at = 0; at < expected[p].size(); ++at)
      ASSERT_NEAR(static_cast<double>(found[p][at]), static_cast<double>(expected[p][at]), tolerance)
          << p << ", " << at;
}

TEST_P(TrainingOn, LearnsWhatTheCpuLearns) {
  using Rule = OptimizerOptions::Rule;
  using Norm = AdversarialOptions::Normalization;
  const Context near{workspace_, nullptr, 1, nullptr, context_.kernels, cpu_backend()};
  options_.epochs = 2;
  const std::vector<double> x(x_.begin(), x_.end());
  for (const Learning& each : {Learning{false, false, Rule::kAdam}, Learning{true, false, Rule::kAdam},
                               Learning{false, true, Rule::kAdam, 0.01}, Learning{true, true, Rule::kSgd, 0, 0.5},
                               Learning{false, true, Rule::kRmsprop, 0, 0.5, Norm::kExact, 2},
                               Learning{true, false, Rule::kAdam, 0.05, 1, Norm::kExact},
                               Learning{true, true, Rule::kSgd, 0, 1, Norm::kAdditive, 0}}) {
    SCOPED_TRACE(std::to_string(each.normalise) + std::to_string(each.skip) +
                 std::to_string(static_cast<int>(each.rule)) + " " + std::to_string(each.vat));
    expect_the_same_run<double>(each, x, options_, near, context_, 1e-10);
    // A bias before a normalisation has a gradient of rounding errors, which Adam takes for its sign.
    if (!each.normalise || each.rule != Rule::kAdam)
      expect_the_same_run<float>(each, x_, options_, near, context_, 2e-4);
  }
}

}  // namespace
}  // namespace genmi::networks
