// Where trainings run, and what a device that fails leaves of them. Kernels are emulated: nothing here has run on a
// GPU. test/native/network_training_backends_test.cpp holds the device to the promises of all backends.
#include "emulated_device.h"
#include "networks/penalties.h"
#include "networks/table.h"
#include "training_support.h"

namespace genmi::test {
namespace {

using namespace networks;

constexpr std::size_t kSamples = 20, kInputs = 5;

struct OneRun {
  NetworkPtr<double> network;
  Samples samples;
  ObjectivePtr objective = total_variation();
  Training<double> training;
  Workspace workspace;
  Stop stop = Stop::kAborted;

  explicit OneRun(const std::vector<double>& x,
                  NetworkPtr<double> own = make_network<double>({kInputs, 7, 3}, true, true))
      : network(std::move(own)),
        samples(MatrixView<double>{x.data(), kSamples, x.size() / kSamples}),
        training(*network, samples, *objective, options()) {}

  static TrainingOptions options() {
    TrainingOptions options;
    options.epochs = 2;
    options.batch_size = 12;
    options.vat.weight = 0.5;
    options.optimizer.rate = 0.02;
    return options;
  }
  Status on(const Backend& backend) {
    return training.run({workspace, nullptr, 1, nullptr, simd::default_kernels(), backend}, go_on, stop);
  }
  std::vector<double> numbers() {
    std::vector<double> all;
    for (const std::span<double> each : network->memory()) all.insert(all.end(), each.begin(), each.end());
    return all;
  }
};

std::vector<double> features(std::size_t inputs = kInputs) {
  Generator random(41);
  return gaussians(random, kSamples * inputs);
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t at = 0; at < found.size(); ++at) ASSERT_NEAR(found[at], expected[at], 1e-9) << at;
}

// Each call of a run fails once. What is left goes on, on the CPU, to where the CPU alone would have come.
TEST_F(EmulatedDevice, LosesAtMostAnEpochToACallThatFails) {
  const std::vector<double> x = features();
  OneRun near(x);
  ASSERT_TRUE(near.on(cpu_backend()));
  std::vector<std::string> names;
  {
    const DeviceBackend backend(emulated_table(), emulated_device(), false);
    begin_record();
    OneRun far(x);
    ASSERT_TRUE(far.on(backend));
    expect_near(far.numbers(), near.numbers());
    names = record().calls;
  }
  EXPECT_GT(names.size(), 200u);
  for (std::size_t failing = 0; failing < names.size(); failing += cuda::test::takes_few_sizes() ? 7 : 1) {
    SCOPED_TRACE(std::to_string(failing) + ": " + names[failing]);
    {
      const DeviceBackend backend(emulated_table(), emulated_device(), false);
      OneRun run(x);
      begin_record(failing);
      Status status;
      try {
        status = run.on(backend);
      } catch (const DeviceFailure& failure) {
        status = failure.status();
      }
      EXPECT_EQ(status.code(), frees(names[failing]) ? Code::kOk : Code::kUnavailable) << status.message();
      ASSERT_TRUE(run.on(cpu_backend()));
      EXPECT_EQ(run.stop, Stop::kFinished);
      expect_near(run.numbers(), near.numbers());
    }
    expect_clean();
  }
}

// A network that 'auto' gives to a device.
NetworkPtr<double> wide() { return make_network<double>({600, 230, 3}, false, false); }

TEST_F(EmulatedDevice, TrainsOnTheCpuWithoutMemory) {
  const std::vector<double> x = features(600);
  OneRun near(x, wide());
  ASSERT_TRUE(near.on(cpu_backend()));
  std::size_t created = 0;
  {
    const DeviceBackend backend(emulated_table(), emulated_device(), true);
    OneRun far(x, wide());
    created = 4 * 8 * (600 * 230) + 600 * kSamples * 8;
    ASSERT_TRUE(far.on(backend));
    EXPECT_GT(launches(), 0u);
    EXPECT_FALSE(backend.fell_back());
    expect_near(far.numbers(), near.numbers());
  }
  // Samples and numbers do not fit; or they do, and a step does not.
  for (const std::size_t most : {created / 2, created + 30'000}) {
    begin_record();
    const DeviceBackend falling(emulated_table(), emulated_device(most), true);
    OneRun run(x, wide());
    ASSERT_TRUE(run.on(falling));
    EXPECT_TRUE(falling.fell_back());
    EXPECT_EQ(launches(), 0u);
    EXPECT_EQ(falling.memory(), 0u) << "what the CPU does is not kept on the device";
    EXPECT_EQ(run.numbers(), near.numbers());

    DeviceBackend strict(emulated_table(), emulated_device(most), false);
    OneRun failing(x, wide());
    Status status;
    try {
      status = failing.on(strict);
    } catch (const DeviceFailure& failure) {
      status = failure.status();
    }
    EXPECT_EQ(status.code(), Code::kOutOfMemory) << status.message();
    // Not without steps: the same backend is asked again.
    strict.limit_memory(0);
    ASSERT_TRUE(failing.on(strict));
    expect_near(failing.numbers(), near.numbers());
  }
  expect_clean();
}

TEST_F(EmulatedDevice, LeavesToTheCpuWhatItHasNoKernelsFor) {
  const std::vector<double> x = features();
  const auto launched = [&](OneRun& run, bool falls_back) {
    const DeviceBackend backend(emulated_table(), emulated_device(), falls_back);
    const std::size_t before = launches();
    EXPECT_TRUE(run.on(backend));
    return launches() > before;
  };
  OneRun plain(x), small(x), penalised(x), other(x, make_network<double>({kInputs, 3}, false, false));
  EXPECT_TRUE(launched(plain, false));
  EXPECT_FALSE(launched(small, true)) << "a small network, and no device was asked for";
  GroupLasso<double> lasso(*penalised.network->parameters()[0], {{0, 1, 2, 3, 4}}, 0.01);
  penalised.training.add(lasso);
  EXPECT_FALSE(launched(penalised, false));
  EXPECT_TRUE(launched(other, false)) << "one layer";
  Network<double>::Layers layers;
  layers.push_back(std::make_unique<Table<double>>("table", kSamples, 3));
  TrainingOptions options;
  options.epochs = 1;
  const Samples none(MatrixView<double>{nullptr, kSamples, 0});
  Network<double> table(std::move(layers));
  Training<double> of_table(table, none, *plain.objective, options);
  const DeviceBackend backend(emulated_table(), emulated_device(), false);
  const std::size_t before = launches();
  ASSERT_TRUE(
      of_table.run({plain.workspace, nullptr, 1, nullptr, simd::default_kernels(), backend}, go_on, plain.stop));
  EXPECT_EQ(launches(), before);
}

}  // namespace
}  // namespace genmi::test
