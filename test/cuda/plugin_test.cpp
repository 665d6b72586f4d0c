// Matrices of the plugin, emulated. Nothing here has run on a GPU.
#include "plugin.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <thread>

namespace genmi::cuda::test {
namespace {

template <class T>
MatrixPtr store(Calls& calls, GenmiDevice* device, std::size_t n, const std::vector<T>& numbers) {
  GenmiMatrix* made = nullptr;
  if (!calls(table().create(device, n, sizeof(T), &made))) return nullptr;
  MatrixPtr matrix(made);
  const std::size_t half = n / 2;
  return calls(table().write(made, half, n - half, numbers.data() + half * n)) &&
                 calls(table().write(made, 0, half, numbers.data()))
             ? std::move(matrix)
             : nullptr;
}

template <class T>
void expect_product(std::size_t n, const std::vector<T>& a, const std::vector<std::int32_t>& rows, std::size_t count,
                    const std::vector<T>& v, std::size_t k, const std::vector<T>& found) {
  const auto row = [&](std::size_t i) { return rows.empty() ? i : static_cast<std::size_t>(rows[i]); };
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t c = 0; c < k; ++c) {
      long double sum = 0, magnitude = 1;
      for (std::size_t j = 0; j < count; ++j) {
        const auto term = static_cast<long double>(a[row(i) * n + row(j)]) * static_cast<long double>(v[j * k + c]);
        sum += term;
        magnitude += std::abs(term);
      }
      const double allowed = 40 * static_cast<double>(std::numeric_limits<T>::epsilon() * magnitude);
      ASSERT_NEAR(static_cast<double>(found[i * k + c]), static_cast<double>(sum), allowed) << i << ", " << c;
    }
}

template <class T>
void check_products() {
  emulated::begin_record();
  Generator random(8);
  {
    Calls calls;
    const DevicePtr device = open(calls);
    ASSERT_NE(device, nullptr);
    for (const std::size_t n : {1u, 5u, 33u, 70u}) {
      const std::vector<T> a = draw<T>(random, n * n);
      const MatrixPtr matrix = store(calls, device.get(), n, a);
      ASSERT_NE(matrix, nullptr);
      EXPECT_GE(table().bytes(device.get()), n * n * sizeof(T));
      for (const std::size_t count : {n, (n + 1) / 2, n + 3}) {
        const std::size_t k = 1 + random() % 40;
        std::vector<std::int32_t> rows;
        if (count != n)
          for (std::size_t i = 0; i < count; ++i) rows.push_back(static_cast<std::int32_t>(random() % n));
        const std::vector<T> v = draw<T>(random, count * k);
        std::vector<T> out(count * k, -1);
        const auto* const given = rows.empty() ? nullptr : rows.data();
        ASSERT_TRUE(calls(table().multiply(matrix.get(), given, count, v.data(), k, out.data())));
        expect_product(n, a, rows, count, v, k, out);
      }
      ASSERT_TRUE(calls(table().multiply(matrix.get(), nullptr, 0, nullptr, 3, nullptr)));
      ASSERT_TRUE(calls(table().multiply(matrix.get(), nullptr, n, nullptr, 0, nullptr)));
    }
  }
  expect_clean();
}

TEST(EmulatedPlugin, HasOneVersion) {
  EXPECT_EQ(table().version, GENMI_DEVICE_TABLE_VERSION);
  EXPECT_EQ(genmi_device_table(GENMI_DEVICE_TABLE_VERSION + 1), nullptr);
  EXPECT_EQ(genmi_device_table(0), nullptr);
}

TEST(EmulatedPlugin, Multiplies) {
  check_products<float>();
  check_products<double>();
}

TEST(EmulatedPlugin, MultipliesByTheGaussianKernel) {
  emulated::begin_record();
  Generator random(10);
  {
    Calls calls;
    const DevicePtr device = open(calls);
    constexpr std::size_t kSamples = 35, kFeatures = 4, kClusters = 3;
    constexpr double kGamma = 0.3, kConstant = 0.5;
    const std::vector<double> x = draw<double>(random, kSamples * kFeatures),
                              v = draw<double>(random, kSamples * kClusters);
    GenmiMatrix* made = nullptr;
    ASSERT_TRUE(calls(table().create_rbf(device.get(), kSamples, kFeatures, 8, kGamma, kConstant, &made)));
    const MatrixPtr matrix(made);
    ASSERT_TRUE(calls(table().write(made, 0, 20, x.data())));
    ASSERT_TRUE(calls(table().write(made, 20, kSamples - 20, x.data() + 20 * kFeatures)));
    std::vector<double> entries, out(kSamples * kClusters);
    for (std::size_t i = 0; i < kSamples; ++i)
      for (std::size_t j = 0; j < kSamples; ++j) {
        double squared = 0;
        for (std::size_t f = 0; f < kFeatures; ++f) squared += std::pow(x[i * kFeatures + f] - x[j * kFeatures + f], 2);
        entries.push_back(std::exp(-kGamma * squared) - kConstant);
      }
    ASSERT_TRUE(calls(table().multiply(made, nullptr, kSamples, v.data(), kClusters, out.data())));
    expect_product(kSamples, entries, {}, kSamples, v, kClusters, out);
  }
  expect_clean();
}

// The Manhattan distances of numbers, and 0.5; `rows` at a time.
template <class T>
EntriesPtr distances(Calls& calls, GenmiDevice* device, const std::vector<T>& x, std::size_t rows) {
  const std::vector<double> added(x.size(), 0.25), inner(x.size());
  constexpr double kMost = std::numeric_limits<double>::infinity();
  const GenmiPairs pairs{sizeof(T),    x.size(),     1,   x.data(), 2, 0, 1, 1, 1, 0, 0, kMost,
                         added.data(), inner.data(), rows};
  GenmiEntries* made = nullptr;
  calls(table().create_entries(device, &pairs, &made));
  return EntriesPtr(made);
}

template <class T>
void check_entries() {
  emulated::begin_record();
  {
    Calls calls;
    const DevicePtr device = open(calls);
    for (const std::size_t n : {1u, 33u, 70u}) {
      std::vector<T> x(n), found(n * n, -1);
      for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<T>(i * i);
      const std::size_t rows = n / 2 + 1;
      const EntriesPtr entries = distances(calls, device.get(), x, rows);
      ASSERT_NE(entries, nullptr);
      EXPECT_GE(table().bytes(device.get()), rows * n * sizeof(T));
      ASSERT_TRUE(calls(table().make_entries(entries.get(), n - rows, rows, found.data() + (n - rows) * n)));
      ASSERT_TRUE(calls(table().make_entries(entries.get(), 0, n - rows, found.data())));
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
          ASSERT_EQ(found[i * n + j], std::abs(x[i] - x[j]) + static_cast<T>(0.5)) << i << ", " << j;
    }
    EXPECT_EQ(table().bytes(device.get()), 0u);
  }
  expect_clean();
}

TEST(EmulatedPlugin, MakesEntries) {
  check_entries<float>();
  check_entries<double>();
}

// A whole life: two matrices, entries, products that need more and more room. Returns whether all calls succeed.
bool live(Calls& calls) {
  const DevicePtr device = open(calls);
  if (!device) return false;
  const std::vector<double> a(36, 0.5);
  const MatrixPtr first = store(calls, device.get(), 6, a),
                  second = store(calls, device.get(), 3, std::vector<float>(9));
  if (!first || !second) return false;
  const EntriesPtr entries = distances(calls, device.get(), std::vector<float>{1, 2, 4}, 1);
  std::vector<float> row(3, -1);
  if (!entries || !calls(table().make_entries(entries.get(), 2, 1, row.data()))) return false;
  EXPECT_EQ(row, (std::vector<float>{3.5, 2.5, 0.5}));
  const std::int32_t rows[] = {5, 0, 2};
  for (const std::size_t k : {1u, 7u, 300u}) {
    const std::vector<double> v(3 * k, 1);
    std::vector<double> out(3 * k, 8);
    const bool done = calls(table().multiply(first.get(), rows, 3, v.data(), k, out.data()));
    EXPECT_EQ(out, std::vector<double>(3 * k, done ? 1.5 : 8)) << "a failed call writes nothing";
    if (!done) return false;
  }
  return true;
}

TEST(EmulatedPlugin, TellsOfEachCallThatFails) {
  Calls none;
  emulated::begin_record();
  ASSERT_TRUE(live(none));
  expect_clean();
  const std::vector<std::string> names = emulated::record().calls;
  EXPECT_GT(names.size(), 30u);
  const std::size_t filled =
      static_cast<std::size_t>(std::find(names.begin(), names.end(), "launch") - names.begin()) + 1;
  for (std::size_t failing = 0; failing < names.size(); ++failing) {
    SCOPED_TRACE(std::to_string(failing) + ": " + names[failing]);
    for (const cudaError_t error : {cudaErrorLaunchFailure, cudaErrorMemoryAllocation}) {
      emulated::begin_record(failing, error);
      Calls calls;
      const bool succeeded = live(calls);
      expect_clean();
      EXPECT_EQ(succeeded, frees(names[failing]));
      if (frees(names[failing])) continue;
      const std::string launched = failing < filled ? "make_pairs" : "multiply_stored";
      EXPECT_EQ(calls.failure.call, names[failing] == "launch" ? launched : names[failing]);
      EXPECT_STREQ(calls.failure.error, cudaGetErrorName(error));
      EXPECT_EQ(calls.failure.out_of_memory, error == cudaErrorMemoryAllocation);
    }
  }
}

TEST(EmulatedPlugin, WorksAgainAfterAFailure) {
  emulated::begin_record();
  Calls calls;
  {
    const DevicePtr device = open(calls);
    const std::vector<float> a = {1, 2, 3, 4}, v = {1, 10};
    const MatrixPtr matrix = store(calls, device.get(), 2, a);
    std::vector<float> out(2);
    ASSERT_TRUE(calls(table().multiply(matrix.get(), nullptr, 2, v.data(), 1, out.data())));
    const std::size_t each = 4;  // two copies, a launch, and a wait
    for (std::size_t failing = 0; failing < each; ++failing) {
      emulated::begin_record(failing);
      EXPECT_FALSE(calls(table().multiply(matrix.get(), nullptr, 2, v.data(), 1, out.data())));
      ASSERT_TRUE(calls(table().multiply(matrix.get(), nullptr, 2, v.data(), 1, out.data())));
      EXPECT_EQ(out, (std::vector<float>{21, 43}));
      EXPECT_EQ(emulated::record().mistakes, std::vector<std::string>{});
    }
  }
  expect_clean();
}

TEST(EmulatedPlugin, KeepsToTheMemoryOfTheDeviceAndToItsLimit) {
  emulated::begin_record();
  for (const bool limited : {true, false}) {
    if (!limited) emulated::set_device_memory(1000);
    Calls calls;
    const DevicePtr device = open(calls, limited ? 1000 : 0);
    const MatrixPtr fits = store(calls, device.get(), 10, std::vector<float>(100));
    ASSERT_NE(fits, nullptr);
    EXPECT_STREQ(table().name(device.get()), "an emulated device");
    EXPECT_EQ(table().bytes(device.get()), 400u);
    EXPECT_EQ(store(calls, device.get(), 13, std::vector<float>(169)), nullptr);
    EXPECT_STREQ(calls.failure.call, "cudaMalloc");
    EXPECT_EQ(calls.failure.out_of_memory, 1);
    EXPECT_EQ(table().bytes(device.get()), 400u);
    // The next launch does not answer the error of this allocation.
    const std::vector<float> v(2, 1);
    std::vector<float> out(2, -1);
    const MatrixPtr small = limited ? nullptr : store(calls, device.get(), 2, std::vector<float>(4, 1));
    if (small) {
      EXPECT_TRUE(calls(table().multiply(small.get(), nullptr, 2, v.data(), 1, out.data())));
    }
    GenmiMatrix* none = nullptr;
    EXPECT_FALSE(calls(table().create(device.get(), std::size_t{1} << 32, 8, &none)));  // 2^67 bytes
    EXPECT_EQ(calls.failure.out_of_memory, 1);
    EXPECT_EQ(none, nullptr);
  }
  emulated::set_device_memory(std::size_t{1} << 32);
  expect_clean();
}

TEST(EmulatedPlugin, OutlivesItsDevice) {
  emulated::begin_record();
  {
    Calls calls;
    DevicePtr device = open(calls);
    const MatrixPtr matrix = store(calls, device.get(), 2, std::vector<float>{1, 2, 3, 4});
    device.reset();
    const float v[] = {1, 10};
    float out[2];
    ASSERT_TRUE(calls(table().multiply(matrix.get(), nullptr, 2, v, 1, out)));
    EXPECT_EQ(out[0], 21);
  }
  expect_clean();
}

// Whatever fails, in any order.
TEST(EmulatedPlugin, SurvivesRandomSequences) {
  const int steps = takes_few_sizes() ? 1'000 : 10'000;
  Generator random(9);
  {
    std::vector<DevicePtr> devices;
    std::vector<std::pair<std::size_t, MatrixPtr>> matrices;
    for (int step = 0; step < steps; ++step) {
      emulated::begin_record(random() % 4 == 0 ? random() % 12 : emulated::kNever,
                             random() % 2 == 0 ? cudaErrorMemoryAllocation : cudaErrorLaunchFailure);
      Calls calls;
      switch (random() % 7) {
        case 0:
          if (devices.size() < 3)
            if (DevicePtr device = open(calls)) devices.push_back(std::move(device));
          break;
        case 1:
          if (!devices.empty() && random() % 8 == 0) devices.erase(devices.begin());
          break;
        case 2:
        case 3: {
          if (devices.empty()) break;
          const std::size_t n = 1 + random() % 40;
          if (MatrixPtr made = store(calls, devices[random() % devices.size()].get(), n, std::vector<float>(n * n, 1)))
            matrices.emplace_back(n, std::move(made));
          break;
        }
        case 4:
          if (!matrices.empty() && random() % 2 == 0)
            matrices.erase(matrices.begin() + static_cast<std::ptrdiff_t>(random() % matrices.size()));
          break;
        case 5: {
          if (devices.empty()) break;
          const std::vector<float> x(1 + random() % 40, 3);
          std::vector<float> row(x.size());
          const EntriesPtr entries = distances(calls, devices[random() % devices.size()].get(), x, 1);
          if (entries && calls(table().make_entries(entries.get(), random() % x.size(), 1, row.data()))) {
            ASSERT_EQ(row, std::vector<float>(x.size(), 0.5));
          }
          break;
        }
        default: {
          if (matrices.empty()) break;
          const auto& [n, matrix] = matrices[random() % matrices.size()];
          const std::size_t k = 1 + random() % 3;
          const std::vector<float> v(n * k, 1);
          std::vector<float> out(n * k, -1);
          const bool done = calls(table().multiply(matrix.get(), nullptr, n, v.data(), k, out.data()));
          ASSERT_EQ(out, std::vector<float>(n * k, done ? static_cast<float>(n) : -1));
        }
      }
      ASSERT_EQ(emulated::record().mistakes, std::vector<std::string>{}) << step;
    }
  }
  expect_clean();
}

TEST(EmulatedPlugin, ServesThreads) {
  emulated::begin_record();
  {
    Calls calls;
    const DevicePtr device = open(calls);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t)
      threads.emplace_back([&device, n = 3 + t] {
        Calls own;
        const MatrixPtr matrix = store(own, device.get(), n, std::vector<double>(n * n, 1));
        for (std::size_t k = 1; k < 9; ++k) {
          const std::vector<double> v(n * k, 1);
          std::vector<double> out(n * k);
          EXPECT_TRUE(own(table().multiply(matrix.get(), nullptr, n, v.data(), k, out.data())));
          EXPECT_EQ(out, std::vector<double>(n * k, static_cast<double>(n)));
        }
      });
    for (std::thread& each : threads) each.join();
  }
  expect_clean();
}

}  // namespace
}  // namespace genmi::cuda::test
