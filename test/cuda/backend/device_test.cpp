// What the backend of a device does where the device fails. Kernels are emulated: nothing here has run on a GPU.
// test/native/backend_test.cpp holds it to the promises of all backends.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "affinity/centred_product.h"
#include "emulated_device.h"
#include "genmi/hop_distance.h"
#include "random.h"
#include "simd/panels.h"

namespace genmi::test {
namespace {

constexpr std::size_t kSamples = 40, kColumns = 3, kClusters = 2;

Status make(const Backend& backend, AffinityPtr& out, Storage storage = Storage::kDense, Kind kind = Kind::kKernel) {
  Generator random(1);
  const std::vector<double> x = gaussians(random, kSamples * kColumns);
  MeasureOptions options;
  options.kind = kind;
  options.name = kind == Kind::kKernel ? "rbf" : "euclidean";
  Workspace workspace;
  return backend.measure(MatrixView<double>{x.data(), kSamples, kColumns}, options, storage, Precision::kFloat64,
                         {workspace}, out);
}

std::vector<double> product(const Affinity& affinity) {
  std::vector<double> v(simd::panel_size(kSamples, kClusters)), out(v.size(), 7);
  for (std::size_t i = 0; i < kSamples; ++i) v[simd::place_in_panels(i, i % 2, kClusters)] = i % 4 < 2 ? 1 : -1;
  Workspace workspace;
  affinity.products().centred_product({nullptr, kSamples}, v.data(), kClusters, {workspace}, out.data());
  return out;
}

TEST_F(EmulatedDevice, MultipliesByKernelsAlone) {
  {
    const DeviceBackend backend(emulated_table(), emulated_device(), false);
    for (const Storage storage : {Storage::kDense, Storage::kFeatures})
      for (const Kind kind : {Kind::kKernel, Kind::kDistance}) {
        AffinityPtr affinity;
        ASSERT_TRUE(make(backend, affinity, storage, kind));
        const std::size_t before = launches();
        product(*affinity);
        EXPECT_EQ(launches() - before, kind == Kind::kKernel ? 1u : 0u);
      }
  }
  expect_clean();
}

TEST_F(EmulatedDevice, IsAnErrorOrFallsBackWithoutMemory) {
  for (const bool falls_back : {false, true}) {
    const DeviceBackend backend(emulated_table(), emulated_device(kSamples * kSamples * 8 - 1), falls_back);
    AffinityPtr affinity;
    const Status status = make(backend, affinity);
    if (falls_back) {
      ASSERT_TRUE(status);
      product(*affinity);
      EXPECT_EQ(launches(), 0u);
    } else {
      EXPECT_EQ(status.code(), Code::kOutOfMemory);
      EXPECT_EQ(status.message(),
                "device: expected cudaMalloc() to succeed, received cudaErrorMemoryAllocation; "
                "config({ device: 'cpu' }) computes without the device");
      EXPECT_EQ(affinity, nullptr);
    }
  }
  expect_clean();
}

// The affinity fits; the numbers of a product do not.
TEST_F(EmulatedDevice, ThrowsOrFallsBackInAProduct) {
  for (const bool falls_back : {false, true}) {
    const DeviceBackend backend(emulated_table(), emulated_device(kSamples * kSamples * 8), falls_back);
    AffinityPtr far, near;
    ASSERT_TRUE(make(backend, far));
    ASSERT_TRUE(make(cpu_backend(), near));
    if (falls_back) EXPECT_EQ(product(*far), product(*near));
    else EXPECT_THROW(product(*far), DeviceFailure);
  }
  expect_clean();
}

// Each call fails once: in the open device, in an affinity, or in a product.
TEST_F(EmulatedDevice, TellsOfEachCallThatFails) {
  GenmiDevice* const first = emulated_device();
  {
    const DeviceBackend backend(emulated_table(), first, true);
    AffinityPtr affinity;
    begin_record();
    ASSERT_TRUE(make(backend, affinity));
    product(*affinity);
  }
  const std::vector<std::string> names = record().calls;
  for (std::size_t failing = 0; failing < names.size(); ++failing) {
    SCOPED_TRACE(names[failing]);
    {
      const DeviceBackend backend(emulated_table(), emulated_device(), true);
      AffinityPtr affinity;
      begin_record(failing);
      std::string message;
      try {
        const Status status = make(backend, affinity);
        message = status.message();
        if (status) product(*affinity);
      } catch (const DeviceFailure& failure) {
        EXPECT_EQ(failure.status().code(), Code::kUnavailable);
        message = failure.what();
      }
      const std::string named = names[failing] == "launch" ? "multiply_stored" : names[failing];
      EXPECT_EQ(message, frees(names[failing]) ? ""
                                               : "device: expected " + named +
                                                     "() to succeed, received cudaErrorLaunchFailure; "
                                                     "config({ device: 'cpu' }) computes without the device");
    }
    expect_clean();
  }
}

// Hops between samples of two far groups.
Status count_hops(const Backend& backend, std::size_t n, HopReport& report, AffinityPtr& out) {
  Generator random(2);
  std::vector<double> x = gaussians(random, n);
  for (std::size_t i = 0; i < n / 2; ++i) x[i] += 100;
  MeasureOptions measure;
  measure.kind = Kind::kDistance;
  measure.name = "euclidean";
  HopOptions options;
  options.neighbors = 3;
  Workspace workspace;
  AffinityPtr distances;
  if (Status status = cpu_backend().measure(MatrixView<double>{x.data(), n, 1}, measure, Storage::kDense,
                                            Precision::kFloat64, {workspace}, distances);
      !status)
    return status;
  return backend.hops(*distances, options, {workspace}, report, out);
}

void expect_hops(const Affinity& found, const Affinity& expected) {
  const std::size_t n = expected.size();
  std::vector<double> own(n), other(n);
  for (std::size_t i = 0; i < n; ++i) {
    found.entries(i, {nullptr, n}, own.data());
    expected.entries(i, {nullptr, n}, other.data());
    ASSERT_EQ(own, other) << i;
  }
}

TEST_F(EmulatedDevice, CountsTheHopsOfTheCpu) {
  {
    const DeviceBackend backend(emulated_table(), emulated_device(), false);
    for (const std::size_t n : {std::size_t{60}, cuda::test::takes_few_sizes() ? std::size_t{61} : std::size_t{520}}) {
      HopReport far_report, near_report;
      AffinityPtr far, near;
      const std::size_t before = launches();
      ASSERT_TRUE(count_hops(backend, n, far_report, far));
      EXPECT_GT(launches(), before);
      ASSERT_TRUE(count_hops(cpu_backend(), n, near_report, near));
      expect_hops(*far, *near);
      EXPECT_EQ(far_report.longest, near_report.longest);
      EXPECT_EQ(far_report.connected, near_report.connected);
      EXPECT_EQ(backend.memory(), 0u) << "the graph is not kept";
    }
  }
  expect_clean();
}

TEST_F(EmulatedDevice, CountsHopsOnTheCpuWithoutMemory) {
  for (const bool falls_back : {false, true}) {
    const DeviceBackend backend(emulated_table(), emulated_device(1000), falls_back);
    HopReport report;
    AffinityPtr hops, near;
    const Status status = count_hops(backend, 60, report, hops);
    EXPECT_EQ(status.code(), falls_back ? Code::kOk : Code::kOutOfMemory);
    EXPECT_EQ(launches(), 0u);
    if (!falls_back) continue;
    ASSERT_TRUE(count_hops(cpu_backend(), 60, report, near));
    expect_hops(*hops, *near);
  }
  expect_clean();
}

}  // namespace
}  // namespace genmi::test
