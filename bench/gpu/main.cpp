// Times the kernels of native/cuda and the steps of the plugin's trainings on the first device, and prints a line of
// JSON for each figure: `npm run bench:gpu`. `tiny` tries the program on the emulator, and prints no figure. Exit
// codes: 0; 1, a call fails; 77, there is no device.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "cuda/affinity/hop_search.h"
#include "cuda/affinity/pairwise.h"
#include "cuda/affinity/products.h"
#include "cuda/plugin/memory.h"
#include "genmi/device_table.h"
#include "peak.h"
#include "random.h"

extern "C" const GenmiDeviceTable* genmi_device_table(std::uint32_t version);

namespace genmi::cuda::bench {
namespace {

constexpr int kNoDevice = 77;

// Sizes of the figures, or of a trial.
struct Sizes {
  std::size_t copied = std::size_t{1} << 30, stored = 20'000, samples = 100'000, features = 128, clusters = 10;
  std::size_t pairs = 10'000, nodes = 100'000, neighbors = 10, sources = 4096, images = 10'000;
  unsigned blocks = 132 * 16, chain = 1 << 16;
  std::vector<std::size_t> batches = {250, 5'000};
};
Sizes tiny() { return {1 << 12, 70, 70, 9, 3, 70, 70, 4, 64, 40, 1, 8, {8, 16}}; }

Budget budget;

// Numbers of the device, made of the host's.
template <class T>
struct Numbers {
  DeviceMemory memory;
  explicit Numbers(std::size_t count) : memory(budget, count * sizeof(T)) {}
  explicit Numbers(const std::vector<T>& from) : Numbers(from.size()) {
    const PinnedMemory pinned(from.size() * sizeof(T));
    std::memcpy(pinned.data(), from.data(), pinned.size());
    Stream stream;
    stream.copy(memory.data(), pinned.data(), pinned.size(), cudaMemcpyHostToDevice);
    stream.wait();
  }
  T* data() const { return reinterpret_cast<T*>(memory.data()); }
};

Numbers<float> drawn(std::size_t count) {
  test::Generator random(count);
  std::vector<float> numbers(std::min<std::size_t>(count, 1 << 20));
  test::Gaussian gaussian;
  for (float& each : numbers) each = static_cast<float>(gaussian(random));
  std::vector<float> all(count);
  for (std::size_t at = 0; at < count; ++at) all[at] = numbers[at % numbers.size()];
  return Numbers<float>(all);
}

// How often work is timed; 0 for a trial.
std::size_t repeats = 7;

// The median of the seconds that work(stream) takes, after one more.
template <class Work>
double median(const Work& work) {
  Stream stream;
  std::vector<double> seconds;
  for (std::size_t repeat = 0; repeat <= repeats; ++repeat) {
    stream.wait();
    const auto begun = std::chrono::steady_clock::now();
    work(stream);
    stream.wait();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  }
  std::sort(seconds.begin() + 1, seconds.end());
  return repeats == 0 ? 0 : seconds[1 + repeats / 2];
}

void print(const std::string& what, double seconds, const char* unit, double rate, double share) {
  if (repeats == 0) {
    std::printf("tried: %s\n", what.c_str());
    return;
  }
  std::printf("{\"what\": \"%s\", \"milliseconds\": %.4f, \"%s\": %.1f", what.c_str(), 1e3 * seconds, unit, rate);
  if (share > 0) std::printf(", \"share of the most\": %.3f", share);
  std::printf("}\n");
}

// The highest rates of a device, for a copy and for multiply-adds.
struct Most {
  double bytes, multiply_adds;
};

Most measure_most(const Sizes& sizes) {
  const Numbers<char> from(sizes.copied), to(sizes.copied);
  const double copy =
      median([&](Stream& stream) { stream.copy(to.data(), from.data(), sizes.copied, cudaMemcpyDeviceToDevice); });
  const double bytes = 2 * static_cast<double>(sizes.copied) / copy;
  print("copy", copy, "GB/s", 1e-9 * bytes, 0);
  const Numbers<float> out(std::size_t{sizes.blocks} * kThreads);
  const double chains = median([&](Stream& stream) {
    check("multiply_and_add", multiply_and_add(sizes.blocks, sizes.chain, out.data(), stream.get()));
  });
  const double adds = static_cast<double>(sizes.blocks) * kThreads * kChains * sizes.chain / chains;
  print("multiply-adds in registers", chains, "billions/s", 1e-9 * adds, 0);
  return {bytes, adds};
}

void measure_products(const Sizes& sizes, const Most& most) {
  {
    const std::size_t n = sizes.stored, k = sizes.clusters;
    const Numbers<float> entries = drawn(n * n), v = drawn(n * k), out(n * k);
    const Product<float> product{nullptr, n, v.data(), k, out.data()};
    const double seconds = median(
        [&](Stream& stream) { check("multiply_stored", multiply_stored(entries.data(), n, product, stream.get())); });
    const double bytes = static_cast<double>(n * n * sizeof(float)) / seconds;
    print("MMD, stored", seconds, "GB/s", 1e-9 * bytes, bytes / most.bytes);
  }
  const std::size_t n = sizes.samples, d = sizes.features, k = sizes.clusters;
  const Numbers<float> x = drawn(n * d), v = drawn(n * k), out(n * k);
  const Product<float> product{nullptr, n, v.data(), k, out.data()};
  const double seconds = median(
      [&](Stream& stream) { check("multiply_rbf", multiply_rbf(x.data(), d, 0.01f, 0.0f, product, stream.get())); });
  const double adds = static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(d + k) / seconds;
  print("MMD, rbf made on the fly", seconds, "billions/s", 1e-9 * adds, adds / most.multiply_adds);
}

void measure_pairs(const Sizes& sizes, const Most& most) {
  const std::size_t n = sizes.pairs, d = sizes.features;
  const Numbers<float> x = drawn(n * d), out(n * n);
  const Numbers<double> parts{std::vector<double>(n)};
  const std::pair<const char*, PairReduction> measures[] = {
      {"pairs, squared Euclidean", PairReduction::kSquaredEuclidean},
      {"pairs, Manhattan", PairReduction::kManhattan},
      {"pairs, Canberra", PairReduction::kCanberra}};
  for (const auto& [name, reduction] : measures) {
    constexpr double kMost = std::numeric_limits<double>::infinity();
    const Pairs<float> pairs{x.data(), n, d,     reduction,    PairFinish::kAffine, 1, 1, 1,
                             0,        0, kMost, parts.data(), parts.data(),        0, n, out.data()};
    const double seconds = median([&](Stream& stream) { check("make_pairs", make_pairs(pairs, stream.get())); });
    const double adds = static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(d) / seconds;
    print(name, seconds, "billions/s", 1e-9 * adds, adds / most.multiply_adds);
  }
}

// A ring where each node also knows a few others.
void measure_hops(const Sizes& sizes) {
  const std::size_t n = sizes.nodes, each = sizes.neighbors, words = (sizes.sources + 31) / 32;
  test::Generator random(7);
  std::vector<std::vector<std::int32_t>> lists(n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t e = 0; e < each / 2; ++e) {
      const std::size_t other = e == 0 ? (i + 1) % n : random() % n;
      lists[i].push_back(static_cast<std::int32_t>(other));
      lists[other].push_back(static_cast<std::int32_t>(i));
    }
  std::vector<std::size_t> offsets = {0};
  std::vector<std::int32_t> neighbors;
  for (const auto& list : lists) {
    neighbors.insert(neighbors.end(), list.begin(), list.end());
    offsets.push_back(neighbors.size());
  }
  const Numbers<std::size_t> of_nodes(offsets);
  const Numbers<std::int32_t> all(neighbors);
  const Numbers<unsigned> sets(3 * n * words);
  const Numbers<std::uint16_t> hops(sizes.sources * n);
  const Numbers<unsigned long long> reached(1);
  const PinnedMemory pinned(sizeof(unsigned long long));
  const double seconds = median([&](Stream& stream) {
    HopSearch search{of_nodes.data(),
                     all.data(),
                     n,
                     0,
                     sizes.sources,
                     words,
                     sets.data(),
                     sets.data() + n * words,
                     sets.data() + 2 * n * words,
                     hops.data(),
                     reached.data()};
    check("begin_hops", begin_hops(search, stream.get()));
    unsigned long long before = ~0ull, now = 0;
    for (unsigned level = 1; now != before; ++level) {
      before = now;
      check("advance_hops", advance_hops(search, level, stream.get()));
      std::swap(search.frontier, search.next);
      stream.copy(pinned.data(), reached.data(), pinned.size(), cudaMemcpyDeviceToHost);
      stream.wait();
      std::memcpy(&now, pinned.data(), sizeof now);
    }
  });
  print("hops", seconds, "million pairs/s", 1e-6 * static_cast<double>(n * sizes.sources) / seconds, 0);
}

void require(const GenmiFailure& failure) {
  if (failure.call == nullptr) return;
  std::fprintf(stderr, "%s: %s\n", failure.call, failure.error);
  std::exit(EXIT_FAILURE);
}

// 784-1200-10 with ReLU and Adam: all calls of a step, and their transfers. The logits stand for the gradient.
void measure_steps(const GenmiDeviceTable& table, GenmiDevice* device, const Sizes& sizes) {
  const GenmiLayer layers[] = {{0, 1, 784, 1200}, {0, 0, 1200, 10}};
  const std::size_t parameters = 785 * 1200 + 1201 * 10;
  GenmiLearner learner{};
  learner.width = sizeof(float);
  learner.samples = sizes.images;
  learner.layers = layers;
  learner.layer_count = 2;
  learner.first = 0.9;
  learner.second = 0.999;
  GenmiTraining* training = nullptr;
  require(table.create_training(device, &learner, &training));
  test::Generator random(3);
  const std::vector<double> some = test::gaussians(random, 784 * sizes.images, 0.03);
  const std::vector<float> x(some.begin(), some.end());
  std::vector<float> numbers(3 * parameters);
  for (std::size_t at = 0; at < parameters; ++at) numbers[at] = x[at % x.size()];
  require(table.write_samples(training, 0, sizes.images, x.data()));
  require(table.write_numbers(training, numbers.data()));
  for (const std::size_t batch : sizes.batches) {
    std::vector<std::int32_t> rows(batch);
    for (std::int32_t& row : rows) row = static_cast<std::int32_t>(random() % sizes.images);
    std::vector<float> logits(batch * 10);
    const double seconds = median([&](Stream&) {
      double lds = 0;
      require(table.forward(training, rows.data(), batch, logits.data()));
      require(table.backward(training, logits.data(), 0, 0, &lds));
      require(table.update(training, 1e-6, 1e-8));
    });
    print("step of 784-1200-10, batch " + std::to_string(batch), seconds, "samples/s",
          static_cast<double>(batch) / seconds, 0);
  }
  table.release_training(training);
}

int measure(const Sizes& sizes) {
  const GenmiDeviceTable& table = *genmi_device_table(GENMI_DEVICE_TABLE_VERSION);
  GenmiDevice* device = nullptr;
  const GenmiFailure none = table.open(&device);
  if (none.call != nullptr) {
    std::fprintf(stderr, "no device: %s: %s\n", none.call, none.error);
    return kNoDevice;
  }
  std::printf("{\"device\": \"%s\"}\n", table.name(device));
  const Most most = measure_most(sizes);
  measure_products(sizes, most);
  measure_pairs(sizes, most);
  measure_hops(sizes);
  measure_steps(table, device, sizes);
  table.close(device);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace genmi::cuda::bench

int main(int count, char** arguments) {
  using namespace genmi::cuda;
  try {
    const bool trial = count > 1 && std::strcmp(arguments[1], "tiny") == 0;
    if (trial) bench::repeats = 0;
    return bench::measure(trial ? bench::tiny() : bench::Sizes());
  } catch (const Failed& failed) {
    std::fprintf(stderr, "%s: %s\n", failed.call, cudaGetErrorName(failed.error));
    return EXIT_FAILURE;
  }
}
