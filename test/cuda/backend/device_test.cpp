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

constexpr std::size_t kSamples = 40, kColumns = 3, kClusters = 20;

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

// The affinity and the features fit; the numbers of a product do not.
TEST_F(EmulatedDevice, ThrowsOrFallsBackInAProduct) {
  for (const bool falls_back : {false, true}) {
    const DeviceBackend backend(emulated_table(), emulated_device(kSamples * kSamples * 8 + 2048), falls_back);
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
    const DeviceBackend backend(emulated_table(), first, false);
    AffinityPtr affinity;
    begin_record();
    ASSERT_TRUE(make(backend, affinity));
    product(*affinity);
  }
  const std::vector<std::string> names = record().calls;
  const auto made = static_cast<std::size_t>(std::find(names.begin(), names.end(), "launch") - names.begin());
  for (std::size_t failing = 0; failing < names.size(); ++failing) {
    SCOPED_TRACE(names[failing]);
    {
      const DeviceBackend backend(emulated_table(), emulated_device(), false);
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
      const std::string launched = failing == made ? "make_pairs" : "multiply_stored";
      const std::string named = names[failing] == "launch" ? launched : names[failing];
      EXPECT_EQ(message, frees(names[failing]) ? ""
                                               : "device: expected " + named +
                                                     "() to succeed, received cudaErrorLaunchFailure; "
                                                     "config({ device: 'cpu' }) computes without the device");
    }
    expect_clean();
  }
}

// Distances between the rows of x, d features each.
Status measure(const Backend& backend, const char* name, const std::vector<double>& x, std::size_t d,
               Precision precision, AffinityPtr& out, Job* job = nullptr) {
  MeasureOptions options;
  options.kind = Kind::kDistance;
  options.name = name;
  Workspace workspace;
  Context context{workspace};
  context.job = job;
  const std::size_t n = x.size() / d;
  const std::vector<float> rounded(x.begin(), x.end());
  const AnyMatrix given = precision == Precision::kFloat32 ? AnyMatrix(MatrixView<float>{rounded.data(), n, d})
                                                           : AnyMatrix(MatrixView<double>{x.data(), n, d});
  return backend.measure(given, options, Storage::kDense, precision, context, out);
}

std::vector<double> some_samples(std::size_t n, std::size_t d) {
  Generator random(3);
  return gaussians(random, n * d);
}

std::vector<double> entries_of(const Affinity& affinity) {
  const std::size_t n = affinity.size();
  std::vector<double> all(n * n);
  for (std::size_t i = 0; i < n; ++i) affinity.entries(i, {nullptr, n}, all.data() + i * n);
  return all;
}

// Under 'auto', few features stay on the CPU. Entries come in more than one part.
TEST_F(EmulatedDevice, MakesStoredEntries) {
  {
    struct Case {
      std::size_t n, d;
      bool falls_back;
      double far;
      bool made;
    };
    const std::size_t many = cuda::test::takes_few_sizes() ? 300 : 1100;
    for (const Case& each : {Case{70, 33, false, 0, true}, Case{70, 33, true, 0, false}, Case{many, 5, true, 0, false},
                             Case{many, 64, true, 0, many > 1024}, Case{9, 4096, false, 0, true},
                             Case{9, 4097, false, 0, false}, Case{70, 33, false, 1e30, true}})
      for (const Precision precision : {Precision::kFloat32, Precision::kFloat64}) {
        // Squares of 1e30 overflow in float32 alone.
        const bool made = each.made && (each.far == 0 || precision == Precision::kFloat64);
        std::vector<double> x = some_samples(each.n, each.d);
        x[0] += each.far;
        SCOPED_TRACE(std::to_string(each.n) + " x " + std::to_string(each.d));
        const DeviceBackend backend(emulated_table(), emulated_device(), each.falls_back);
        AffinityPtr far, near;
        const std::size_t before = launches();
        ASSERT_TRUE(measure(backend, "euclidean", x, each.d, precision, far));
        EXPECT_EQ(launches() - before, made ? (each.n > 1024 ? 2u : 1u) : 0u);
        EXPECT_EQ(backend.memory(), 0u) << "entries of distances are not kept";
        ASSERT_TRUE(measure(cpu_backend(), "euclidean", x, each.d, precision, near));
        const std::vector<double> own = entries_of(*far), other = entries_of(*near);
        const double unit = precision == Precision::kFloat32 ? 0x1p-24 : 0x1p-53;
        for (std::size_t at = 0; at < own.size(); ++at) ASSERT_NEAR(own[at], other[at], 128 * unit * other[at]) << at;
      }
  }
  expect_clean();
}

TEST_F(EmulatedDevice, MakesNoEntriesForACancelledJob) {
  {
    const DeviceBackend backend(emulated_table(), emulated_device(), false);
    AffinityPtr out;
    Job job;
    job.cancel();
    EXPECT_EQ(measure(backend, "euclidean", some_samples(70, 33), 33, Precision::kFloat32, out, &job).code(),
              Code::kAborted);
    EXPECT_EQ(out, nullptr);
  }
  expect_clean();
}

// A sample and its negative have no finite Bray-Curtis distance.
TEST_F(EmulatedDevice, LeavesEntriesThatAreNotFiniteToTheCpu) {
  {
    const DeviceBackend backend(emulated_table(), emulated_device(), false);
    std::vector<double> x = some_samples(kSamples, kColumns);
    for (std::size_t f = 0; f < kColumns; ++f) x[kColumns + f] = -x[f];
    AffinityPtr out;
    const Status near = measure(cpu_backend(), "braycurtis", x, kColumns, Precision::kFloat64, out);
    const std::size_t before = launches();
    const Status far = measure(backend, "braycurtis", x, kColumns, Precision::kFloat64, out);
    EXPECT_EQ(out, nullptr);
    EXPECT_EQ(launches() - before, 1u);
    EXPECT_EQ(far.code(), Code::kOutOfRange);
    EXPECT_EQ(far.message(), near.message());
  }
  expect_clean();
}

// A sample of zeros is orthogonal to all others, and at distance 0 from itself.
TEST_F(EmulatedDevice, MakesCosineDistancesOfZeros) {
  {
    const DeviceBackend backend(emulated_table(), emulated_device(), false);
    std::vector<double> x = some_samples(kSamples, kColumns);
    for (std::size_t f = 0; f < kColumns; ++f) x[2 * kColumns + f] = 0;
    AffinityPtr out;
    ASSERT_TRUE(measure(backend, "cosine", x, kColumns, Precision::kFloat64, out));
    EXPECT_EQ(launches(), 1u);
    const std::vector<double> entries = entries_of(*out);
    for (std::size_t j = 0; j < kSamples; ++j) EXPECT_NEAR(entries[2 * kSamples + j], j == 2 ? 0 : 1, 1e-15) << j;
    EXPECT_EQ(entries[2 * kSamples + 2], 0);
  }
  expect_clean();
}

// The device has no memory any more for the second part of the entries.
TEST_F(EmulatedDevice, MakesAllEntriesOnTheCpuWhereSomeFail) {
  if (cuda::test::takes_few_sizes()) GTEST_SKIP() << "one part";
  constexpr std::size_t kFeatures = 64;
  const std::vector<double> x = some_samples(1100, kFeatures);
  AffinityPtr near;
  ASSERT_TRUE(measure(cpu_backend(), "euclidean", x, kFeatures, Precision::kFloat32, near));
  for (const bool falls_back : {true, false}) {
    std::size_t failing = 0;
    {
      const DeviceBackend backend(emulated_table(), emulated_device(), falls_back);
      AffinityPtr far;
      begin_record();
      ASSERT_TRUE(measure(backend, "euclidean", x, kFeatures, Precision::kFloat32, far));
      const std::vector<std::string> names = record().calls;
      const auto last = std::find(names.rbegin(), names.rend(), "launch");
      ASSERT_EQ(launches(), 2u);
      failing = static_cast<std::size_t>(names.rend() - last) - 1;
    }
    {
      const DeviceBackend backend(emulated_table(), emulated_device(), falls_back);
      AffinityPtr far;
      begin_record(failing, cudaErrorMemoryAllocation);
      const Status status = measure(backend, "euclidean", x, kFeatures, Precision::kFloat32, far);
      EXPECT_EQ(status.code(), falls_back ? Code::kOk : Code::kOutOfMemory) << status.message();
      if (falls_back) {
        EXPECT_EQ(entries_of(*far), entries_of(*near));
      }
    }
  }
  expect_clean();
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
      ASSERT_EQ(entries_of(*far), entries_of(*near));
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
    ASSERT_EQ(entries_of(*hops), entries_of(*near));
  }
  expect_clean();
}

}  // namespace
}  // namespace genmi::test
