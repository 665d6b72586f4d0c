// Trainings of the plugin, emulated: memory and failures. What they learn:
// test/native/network_training_backends_test.cpp. Nothing here has run on a GPU.
#include "plugin.h"

namespace genmi::cuda::test {
namespace {

constexpr std::size_t kSamples = 12, kInputs = 3, kWidth = 4, kOutputs = 2;
// dense 3-4, normalisation, dense 4-2, and a skip connection.
constexpr std::size_t kParameters = 3 * 4 + 4 + 2 * 4 + 4 * 2 + 2 + 3 * 2, kStatistics = 2 * 4;
constexpr std::size_t kNumbers = 3 * kParameters + kStatistics;
constexpr std::int32_t kRows[] = {3, 0, 7, 7, 11};
constexpr std::size_t kCount = 5;

// All that a training has: normalisation, a skip connection, clipped gradients, adversarial perturbations.
TrainingPtr create(Calls& calls, GenmiDevice* device) {
  const GenmiLayer layers[] = {{0, 0, kInputs, kWidth}, {1, 1, kWidth, kWidth}, {0, 0, kWidth, kOutputs}};
  const std::vector<double> lengths(kSamples, 0.1);
  GenmiLearner learner{};
  learner.width = sizeof(float);
  learner.samples = kSamples;
  learner.layers = layers;
  learner.layer_count = 3;
  learner.skip = 1;
  learner.first = 0.9;
  learner.second = 0.99;
  learner.decay = 0.01;
  learner.largest_norm = 0.5;
  learner.vat_weight = 1;
  learner.epsilons = lengths.data();
  learner.xi = 10;
  learner.power = 1;
  GenmiTraining* made = nullptr;
  if (!calls(table().create_training(device, &learner, &made))) return nullptr;
  TrainingPtr training(made);
  Generator random(31);
  const std::vector<float> samples = draw<float>(random, kSamples * kInputs);
  return calls(table().write_samples(made, 4, kSamples - 4, samples.data() + 4 * kInputs)) &&
                 calls(table().write_samples(made, 0, 4, samples.data()))
             ? std::move(training)
             : nullptr;
}

std::vector<float> first_numbers() {
  Generator random(32);
  std::vector<float> numbers = draw<float>(random, kNumbers, 0.5);
  for (float& each : numbers) each = std::abs(each);
  return numbers;
}

// A step of the first `count` rows; its logits are the loss's gradient, too. A failed call writes nothing.
bool step(Calls& calls, GenmiTraining* training, std::size_t count) {
  std::vector<float> logits(count * kOutputs, -1);
  double lds = -1;
  if (!calls(table().forward(training, kRows, count, logits.data()))) {
    EXPECT_EQ(logits, std::vector<float>(count * kOutputs, -1));
    return false;
  }
  if (!calls(table().backward(training, logits.data(), 1, 2, &lds))) {
    EXPECT_EQ(lds, -1);
    return false;
  }
  EXPECT_GT(lds, 0);
  return calls(table().update(training, 0.01, 1e-8));
}

// Two steps, of which the second needs more room. Returns whether all calls succeed; read: the numbers afterwards.
bool live(Calls& calls, std::vector<float>& read) {
  const DevicePtr device = open(calls);
  if (!device) return false;
  const TrainingPtr training = create(calls, device.get());
  if (!training || !calls(table().write_numbers(training.get(), first_numbers().data()))) return false;
  for (const std::size_t count : {kCount - 2, kCount})
    if (!step(calls, training.get(), count)) {
      // Numbers of which only some were updated are nobody's.
      Calls others;
      const bool whole = others(table().read_numbers(training.get(), read.data()));
      const std::string call = calls.failure.call;
      const bool in_update = call == "update" || call == "add_squares" || (!whole && call.rfind("cuda", 0) == 0);
      EXPECT_EQ(whole, !in_update) << call;
      EXPECT_TRUE(others(table().write_numbers(training.get(), first_numbers().data())));
      EXPECT_TRUE(step(others, training.get(), count));
      return false;
    }
  return calls(table().read_numbers(training.get(), read.data()));
}

TEST(EmulatedTraining, TellsOfEachCallThatFails) {
  Calls none;
  std::vector<float> expected(kNumbers), found(kNumbers);
  emulated::begin_record();
  ASSERT_TRUE(live(none, expected));
  expect_clean();
  EXPECT_NE(expected, first_numbers());
  const std::vector<std::string> names = emulated::record().calls;
  EXPECT_GT(names.size(), 100u);
  for (std::size_t failing = 0; failing < names.size(); ++failing) {
    SCOPED_TRACE(std::to_string(failing) + ": " + names[failing]);
    emulated::begin_record(failing, failing % 2 == 0 ? cudaErrorLaunchFailure : cudaErrorMemoryAllocation);
    Calls calls;
    const bool succeeded = live(calls, found);
    expect_clean();
    EXPECT_EQ(succeeded, frees(names[failing]));
    if (frees(names[failing])) continue;
    if (names[failing] != "launch") EXPECT_EQ(calls.failure.call, names[failing]);
    else EXPECT_NE(std::string(calls.failure.call).substr(0, 4), "cuda") << "not the name of the kernels' function";
    EXPECT_EQ(calls.failure.out_of_memory, failing % 2 == 1);
  }
  EXPECT_TRUE(live(none, found));
  EXPECT_EQ(found, expected) << "the same bits";
}

TEST(EmulatedTraining, CountsItsMemoryAndKeepsToALimit) {
  emulated::begin_record();
  {
    Calls calls;
    const DevicePtr device = open(calls);
    const TrainingPtr training = create(calls, device.get());
    const std::size_t bytes = table().bytes(device.get());
    EXPECT_GE(bytes, 4 * (kSamples * kInputs + kNumbers + kParameters));
    ASSERT_TRUE(calls(table().write_numbers(training.get(), first_numbers().data())));
    table().limit(device.get(), bytes + 10);
    std::vector<float> logits(kCount * kOutputs);
    EXPECT_FALSE(calls(table().forward(training.get(), kRows, kCount, logits.data())));
    EXPECT_EQ(calls.failure.out_of_memory, 1);
    EXPECT_EQ(table().bytes(device.get()), bytes);
    EXPECT_EQ(create(calls, device.get()), nullptr);
    EXPECT_EQ(table().bytes(device.get()), bytes);
    table().limit(device.get(), 0);
    EXPECT_TRUE(step(calls, training.get(), kCount));
    EXPECT_GT(table().bytes(device.get()), bytes);
  }
  expect_clean();
}

TEST(EmulatedTraining, RefusesWhatNoMemoryHolds) {
  emulated::begin_record();
  {
    Calls calls;
    const DevicePtr device = open(calls);
    const GenmiLayer layer{0, 0, std::size_t{1} << 24, 2};
    GenmiLearner learner{};
    learner.width = 8;
    learner.samples = std::size_t{1} << 40;  // 2^67 bytes
    learner.layers = &layer;
    learner.layer_count = 1;
    GenmiTraining* none = nullptr;
    EXPECT_FALSE(calls(table().create_training(device.get(), &learner, &none)));
    EXPECT_EQ(calls.failure.out_of_memory, 1);
    EXPECT_EQ(none, nullptr);
    EXPECT_EQ(table().bytes(device.get()), 0u);
  }
  expect_clean();
}

// Whatever fails, in any order.
TEST(EmulatedTraining, SurvivesRandomSequences) {
  const int steps = takes_few_sizes() ? 100 : 1'000;
  Generator random(33);
  {
    Calls calls;
    emulated::begin_record();
    DevicePtr device = open(calls);
    std::vector<TrainingPtr> trainings;
    std::vector<float> numbers = first_numbers();
    for (int at = 0; at < steps; ++at) {
      emulated::begin_record(random() % 3 == 0 ? random() % 60 : emulated::kNever,
                             random() % 2 == 0 ? cudaErrorMemoryAllocation : cudaErrorLaunchFailure);
      const std::size_t which = trainings.empty() ? 0 : random() % trainings.size();
      if (trainings.empty() || (random() % 4 == 0 && trainings.size() < 3)) {
        TrainingPtr made = create(calls, device.get());
        if (made && calls(table().write_numbers(made.get(), first_numbers().data())))
          trainings.push_back(std::move(made));
      } else if (random() % 5 == 0) {
        trainings.erase(trainings.begin() + static_cast<std::ptrdiff_t>(which));
      } else if (random() % 2 == 0) {
        step(calls, trainings[which].get(), 1 + random() % kCount);
      } else if (!calls(table().read_numbers(trainings[which].get(), numbers.data()))) {
        calls(table().write_numbers(trainings[which].get(), first_numbers().data()));
      }
      ASSERT_EQ(emulated::record().mistakes, std::vector<std::string>{}) << at;
    }
    device.reset();
  }
  expect_clean();
}

}  // namespace
}  // namespace genmi::cuda::test
