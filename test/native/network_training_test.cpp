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
#include "reference_backend.h"
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

ObjectivePtr make_objective(const std::string& name, const Parameters& parameters) {
  ObjectivePtr objective;
  EXPECT_TRUE(ObjectiveFactory::make(name, parameters, objective));
  return objective;
}

ObjectivePtr total_variation() {
  Parameters parameters;
  parameters.set("f", std::string("tv"));
  parameters.set("mode", std::string("ova"));
  return make_objective("f-divergence", parameters);
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

  explicit TrainingTest(const Backend& backend = cpu_backend())
      : context_{workspace_, nullptr, 1, nullptr, simd::default_kernels(), backend} {
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
  Context context_;
  std::vector<float> x_;
  TrainingOptions options_;
};

// The same over every backend, for runs whose numbers nobody reads in the middle of an epoch.
class TrainingOn : public TrainingTest, public testing::WithParamInterface<const Backend*> {
 protected:
  TrainingOn() : TrainingTest(*GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(All, TrainingOn, testing::Values(&cpu_backend(), &test::reference_backend()),
                         [](const auto& each) { return std::string(each.param->device()); });

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

TEST_F(TrainingTest, PairsThatDoNotFitAreRefused) {
  const auto network = make_network<float>({kFeatures, 9, 8}, true, true);
  const Samples views(MatrixView<float>{}), data = samples();
  const Pairs pairs{{"iic", 1.0}, {{8, 1.0}}, kSamples, 1}, others{{"iic", 1.0}, {{7, 1.0}}, kSamples, 1};
  EXPECT_EQ(Training<float>(*network, views, others, options_).check().code(), Code::kOutOfRange);
  const ObjectivePtr objective = total_variation();
  Training<float> on_pairs(*network, views, pairs, options_), on_samples(*network, data, *objective, options_);
  EXPECT_EQ(on_pairs.restore(on_samples.snapshot()).code(), Code::kOutOfRange);
  EXPECT_EQ(on_samples.restore(on_pairs.snapshot()).code(), Code::kOutOfRange);
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
  ASSERT_TRUE(training.run({workspace_, nullptr, 1, &job}, until_second, stop));
  EXPECT_EQ(job.steps(), 10u);
  EXPECT_EQ(stop, Stop::kCallback);
  EXPECT_EQ(epochs, 2u);
  EXPECT_EQ(training.epochs_done(), 2u);
  ASSERT_TRUE(training.run(context_, go_on, stop));
  EXPECT_EQ(stop, Stop::kFinished);
  EXPECT_EQ(bits(*part), bits(*whole));
}

// A learning rate that overflows: the run ends with the bits of the epoch before, and names the step.
TEST_F(TrainingTest, NumbersThatAreNotFiniteTakeTheRunBackToItsEpoch) {
  const ObjectivePtr objective = total_variation();
  const Samples data = samples();
  for (const std::size_t step : {1u, 3u, 5u}) {
    const NetworkPtr<float> part = network();
    Training<float>* current = nullptr;
    std::size_t steps = 0;
    std::vector<std::byte> begin;
    const Watched disturbing(objective, [&] {
      steps += 1;
      // In the third epoch: a weight of the skip connection, which is in every logit.
      if (steps == 10 + step) part->parameters().back()->values[0] = std::numeric_limits<float>::infinity();
      return Status::ok();
    });
    Training<float> training(*part, data, disturbing, options_);
    current = &training;
    Stop stop;
    std::vector<std::byte> snapshot;
    const auto keep = [&](const Epoch& epoch) {
      if (epoch.number == 2) snapshot = current->snapshot(), begin = bits(*part);
      return true;
    };
    Job job;
    const Status status = training.run({workspace_, nullptr, 1, &job}, keep, stop);
    EXPECT_EQ(stop, Stop::kNonFinite);
    EXPECT_EQ(job.steps(), 10u);
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    const std::string place = "step " + std::to_string(std::min<std::size_t>(step + 1, 5)) + " of epoch 3: ";
    EXPECT_EQ(status.message().substr(0, place.size()), place) << status.message();
    EXPECT_TRUE(bits(*part) == begin);
    EXPECT_TRUE(training.snapshot() == snapshot);
  }
}

TEST_P(TrainingOn, OtherErrorsLeaveTheRunAsTheStepFoundIt) {
  const ObjectivePtr objective = total_variation();
  const Samples data = samples();
  const NetworkPtr<float> whole = network(), part = network();
  Stop stop;
  Training<float> uninterrupted(*whole, data, *objective, options_);
  ASSERT_TRUE(uninterrupted.run(context_, go_on, stop));
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
  EXPECT_EQ(bits(*part), bits(*whole));
}

TEST_P(TrainingOn, MemoryThatCannotBeHadLeavesTheRunAsTheStepFoundIt) {
  const ObjectivePtr objective = total_variation();
  const Samples data = samples();
  const NetworkPtr<float> whole = network(), part = network();
  Stop stop;
  Training<float> uninterrupted(*whole, data, *objective, options_);
  ASSERT_TRUE(uninterrupted.run(context_, go_on, stop));
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
  EXPECT_EQ(bits(*part), bits(*whole));
}

TEST_F(TrainingTest, SnapshotsOfOtherTrainingsAreRefused) {
  const ObjectivePtr objective = total_variation();
  const Samples data = samples();
  const NetworkPtr<float> trained = network();
  Training<float> training(*trained, data, *objective, options_);
  Stop stop;
  ASSERT_TRUE(training.run(context_, [](const Epoch&) { return false; }, stop));
  const std::vector<std::byte> snapshot = training.snapshot();

  const auto refusal = [&](Network<float>& other, const Samples& some, const TrainingOptions& options,
                           std::span<const std::byte> bytes) {
    const std::vector<std::byte> before = bits(other);
    Training<float> resumed(other, some, *objective, options);
    const std::vector<std::byte> at_first = resumed.snapshot();
    const Status status = resumed.restore(bytes);
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    EXPECT_EQ(bits(other), before);
    EXPECT_EQ(resumed.snapshot(), at_first);
    return status.message();
  };
  const auto other = [&](const std::vector<std::size_t>& widths) {
    return refusal(*make_network<float>(widths, true, true), data, options_, snapshot);
  };
  EXPECT_NE(other({kFeatures, 8, 4}).find("layers"), std::string::npos);
  EXPECT_NE(other({kFeatures, 9, 9, 4}).find("layers"), std::string::npos);
  EXPECT_NE(other({kFeatures, 9, 3}).find("clusters"), std::string::npos);
  TrainingOptions options = options_;
  options.batch_size = 11;
  EXPECT_NE(refusal(*network(), data, options, snapshot).find("batchSize"), std::string::npos);
  options = options_;
  options.optimizer.rule = OptimizerOptions::Rule::kSgd;
  EXPECT_NE(refusal(*network(), data, options, snapshot).find("optimizer"), std::string::npos);
  const Samples fewer(MatrixView<float>{x_.data(), kSamples - 1, kFeatures});
  EXPECT_NE(refusal(*network(), fewer, options_, snapshot).find("samples"), std::string::npos);

  const NetworkPtr<float> same = network();
  for (std::size_t size = 0; size < snapshot.size(); size += 1 + size / 7)
    refusal(*same, data, options_, std::span(snapshot).first(size));
  for (std::size_t repeat = 0; repeat < 200; ++repeat) {
    std::vector<std::byte> damaged = snapshot;
    damaged[random_() % damaged.size()] ^= std::byte(1 + random_() % 255);
    refusal(*same, data, options_, damaged);
  }
}

TEST_F(TrainingTest, InputsThatDoNotFitAreRefused) {
  const ObjectivePtr objective = total_variation(), mmd = linear_mmd(x_, kSamples, context_);
  const NetworkPtr<float> any = network();
  const auto message = [&](const Samples& data, const Objective& over) {
    const Status status = Training<float>(*any, data, over, options_).check();
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    return status.message();
  };
  const auto view = [&](std::size_t rows, std::size_t columns) {
    return Samples(MatrixView<float>{x_.data(), rows, columns});
  };
  EXPECT_TRUE(Training<float>(*any, samples(), *mmd, options_).check());
  EXPECT_NE(message(view(kSamples, kFeatures - 1), *objective).find("features"), std::string::npos);
  EXPECT_NE(message(view(kSamples - 1, kFeatures), *mmd).find("affinity"), std::string::npos);
  EXPECT_NE(message(view(0, kFeatures), *objective).find("at least one"), std::string::npos);
}

TEST_F(TrainingTest, RatesFallLinearly) {
  // SGD without momentum over a table of logits: the sum of all updates is the sum of rate x gradient.
  const ObjectivePtr objective = total_variation();
  const Samples data = samples();
  options_.optimizer = {.rule = OptimizerOptions::Rule::kSgd, .rate = 1, .first = 0};
  std::vector<double> lengths;
  for (const Schedule schedule : {Schedule::kConstant, Schedule::kLinear}) {
    options_.schedule = schedule;
    const NetworkPtr<float> moving = network();
    std::vector<float> last;
    std::vector<double> ratios;
    const Watched watching(objective, [&] {
      const Parameter<float>& weights = *moving->parameters().back();
      std::vector<float> now(weights.values.begin(), weights.values.end());
      double moved = 0, slope = 0;
      for (std::size_t at = 0; at < last.size(); ++at) {
        moved = std::max(moved, std::abs(static_cast<double>(now[at]) - static_cast<double>(last[at])));
        slope = std::max(slope, std::abs(static_cast<double>(weights.gradient[at])));
      }
      if (!last.empty()) ratios.push_back(moved / slope);
      last = now;
      return Status::ok();
    });
    Training<float> training(*moving, data, watching, options_);
    Stop stop;
    ASSERT_TRUE(training.run(context_, go_on, stop));
    ASSERT_EQ(ratios.size(), 29u);
    for (std::size_t step = 0; step < ratios.size(); ++step)
      EXPECT_NEAR(ratios[step], schedule == Schedule::kConstant ? 1 : 1 - static_cast<double>(step) / 30, 1e-3);
  }
}

template <class T>
std::vector<std::byte> trained_bits(std::size_t n, const std::vector<std::size_t>& widths, std::size_t batch,
                                    const Context& context) {
  Generator random(n);
  const std::vector<double> numbers = gaussians(random, n * widths[0]);
  const std::vector<T> x(numbers.begin(), numbers.end());
  const Samples data(MatrixView<T>{x.data(), n, widths[0]});
  const NetworkPtr<T> network = make_network<T>(widths, n % 2 == 0, n % 3 == 0);
  TrainingOptions options;
  options.epochs = 2;
  options.batch_size = batch;
  options.vat.weight = n % 5 == 0 ? 0.5 : 0;
  options.optimizer.largest_norm = n % 4 == 0 ? 0.01 : 0;
  options.optimizer.decay = 0.01;
  const ObjectivePtr objective = linear_mmd(x, n, context);
  Training<T> training(*network, data, *objective, options);
  EXPECT_TRUE(training.check());
  Stop stop;
  const Status status = training.run(context, go_on, stop);
  EXPECT_TRUE(status) << status.message();
  return bits(*network);
}

TEST_F(TrainingTest, NumbersThatAreElsewhereDuringAnEpochGiveTheSameBits) {
  const Context far{workspace_, nullptr, 1, nullptr, simd::default_kernels(), test::reference_backend()};
  for (const std::size_t n : {20u, 30u, 45u, 47u}) {  // with and without all that trained_bits() has
    EXPECT_EQ(trained_bits<float>(n, {7, 11, 6, 3}, 10, far), trained_bits<float>(n, {7, 11, 6, 3}, 10, context_));
    EXPECT_EQ(trained_bits<double>(n, {7, 11, 6, 3}, 10, far), trained_bits<double>(n, {7, 11, 6, 3}, 10, context_));
  }
}

// A device that has no numbers to give back: the run is where its epoch began, and goes on from there.
TEST_F(TrainingTest, LostDevicesTakeTheRunBackToItsEpoch) {
  const ObjectivePtr objective = total_variation();
  const Samples data = samples();
  const NetworkPtr<float> whole = network();
  Stop stop;
  Training<float> uninterrupted(*whole, data, *objective, options_);
  ASSERT_TRUE(uninterrupted.run(context_, go_on, stop));
  for (const bool memory_too : {false, true}) {
    const NetworkPtr<float> again = network();
    test::ReferenceBackend backend;
    const Context context{workspace_, nullptr, 1, nullptr, simd::default_kernels(), backend};
    std::size_t steps = 0;
    const Watched losing(objective, [&] {
      if (++steps != 13) return Status::ok();  // in the third epoch
      backend.lost = true;
      if (memory_too) throw std::bad_alloc();
      return Status::ok();
    });
    Training<float> training(*again, data, losing, options_);
    std::vector<std::byte> begin;
    const auto keep = [&](const Epoch&) { return begin = bits(*again), true; };
    try {
      EXPECT_EQ(training.run(context, keep, stop).code(), Code::kUnavailable);
      EXPECT_FALSE(memory_too);
    } catch (const std::bad_alloc&) {
      EXPECT_TRUE(memory_too);
    }
    EXPECT_EQ(training.epochs_done(), 2u);
    EXPECT_EQ(bits(*again), begin);
    // The same steps from there, on another device.
    ASSERT_TRUE(training.run(context_, go_on, stop));
    EXPECT_EQ(stop, Stop::kFinished);
    EXPECT_EQ(bits(*again), bits(*whole));
  }
}

TEST_F(TrainingTest, AnyNumberOfThreadsGivesTheSameBits) {
  ThreadPool pool(8);
  const std::vector<std::vector<std::size_t>> widths = {{3, 4}, {30, 70, 5}, {130, 200, 190, 10}};
  for (const auto& each : widths)
    for (const std::size_t n : {150u, 301u}) {
      const std::vector<std::byte> expected = trained_bits<float>(n, each, 128, context_);
      for (const std::size_t threads : {2, 3, 8}) {
        Workspace workspace;
        EXPECT_EQ(trained_bits<float>(n, each, 128, {workspace, &pool, threads}), expected) << threads;
      }
    }
}

// The weights after two epochs of float32 are those of float64, up to rounding: of all sizes, on every instruction set.
TEST_F(TrainingTest, NetworksOfAllSizesTrain) {
  const auto numbers = [](const std::vector<std::byte>& bytes, auto zero) {
    std::vector<decltype(zero)> all(bytes.size() / sizeof zero);
    std::memcpy(all.data(), bytes.data(), bytes.size());
    return all;
  };
  const auto expect_alike = [&](std::size_t n, const std::vector<std::size_t>& widths, std::size_t batch) {
    const std::vector<std::byte> wide = trained_bits<double>(n, widths, batch, context_);
    EXPECT_FALSE(wide.empty());
    for (const double number : numbers(wide, 0.)) ASSERT_TRUE(std::isfinite(number));
    std::vector<double> first;
    for (const simd::Isa isa : test::supported_isas()) {
      const Context context{workspace_, nullptr, 1, nullptr, simd::kernels(isa)};
      const std::vector<double> now = numbers(trained_bits<double>(n, widths, batch, context), 0.);
      if (first.empty()) first = now;
      ASSERT_EQ(now.size(), first.size());
      // Adam's first steps have the length of the learning rate, 1e-3, whatever the gradient's.
      for (std::size_t at = 0; at < now.size(); ++at) ASSERT_NEAR(now[at], first[at], 4.1e-3);
      (void)trained_bits<float>(n, widths, batch, context);
    }
  };
  for (std::size_t size = 1; size <= 67; size += test::kExhaustive ? 1 : 11) {
    const auto some = [&] { return 1 + random_() % 67; };
    expect_alike(size, {some(), some(), some()}, some());
    expect_alike(some(), {size, some()}, some());
    expect_alike(some(), {some(), size, some(), some()}, 0);
  }
  for (const std::size_t size : {63u, 64u, 65u, 96u, 191u, 192u, 193u}) expect_alike(size, {size, size, size}, 0);
}

}  // namespace
}  // namespace genmi::networks
