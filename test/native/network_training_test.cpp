// The training loop: the order of samples, snapshots, aborted and failed runs, the same bits for any threads.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>
#include <vector>

#include "isas.h"
#include "reference_backend.h"
#include "thoroughness.h"
#include "training_support.h"

namespace genmi::networks {
namespace {

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
