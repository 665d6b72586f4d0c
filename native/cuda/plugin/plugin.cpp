// The plugin's table for CUDA: matrices and products with them, graphs, and trainings. One stream for each
// device that was opened; numbers travel in pinned memory.
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "cuda/affinity/products.h"
#include "cuda/plugin/graph.h"
#include "cuda/plugin/open_device.h"
#include "cuda/plugin/training.h"

using genmi::cuda::aligned;
using genmi::cuda::check;
using genmi::cuda::Device;
using genmi::cuda::DeviceMemory;
using genmi::cuda::Failed;
using genmi::cuda::Graph;
using genmi::cuda::guarded;
using genmi::cuda::perform;
using genmi::cuda::Product;
using genmi::cuda::Training;

struct Gaussian {
  double gamma, constant;
};

// Entries, n x n, or the features of a Gaussian kernel, n x columns.
struct GenmiMatrix {
  std::shared_ptr<Device> device;
  std::size_t n, columns, width;
  std::optional<Gaussian> gaussian;
  DeviceMemory numbers;
};

struct GenmiGraph {
  std::unique_ptr<Graph> graph;
};

struct GenmiTraining {
  std::unique_ptr<Training> training;
};

namespace {

GenmiFailure open_device(GenmiDevice** out) {
  return guarded([&] {
    int count = 0;
    check("cudaGetDeviceCount", cudaGetDeviceCount(&count));
    if (count == 0) throw Failed{"cudaGetDeviceCount", cudaErrorNoDevice};
    cudaDeviceProp properties;
    check("cudaGetDeviceProperties", cudaGetDeviceProperties(&properties, 0));
    auto device = std::make_shared<Device>();
    device->name = properties.name;
    *out = new GenmiDevice{std::move(device)};
  });
}

void close_device(GenmiDevice* device) { delete device; }

const char* name_of(const GenmiDevice* device) { return device->device->name.c_str(); }

void limit(GenmiDevice* device, std::size_t most_bytes) { device->device->budget.most_bytes = most_bytes; }

std::size_t bytes_of(const GenmiDevice* device) { return device->device->budget.bytes.load(); }

void create(GenmiDevice* device, std::size_t n, std::size_t columns, int width, std::optional<Gaussian> gaussian,
            GenmiMatrix** out) {
  const auto size = static_cast<std::size_t>(width);
  if (n == 0 || columns == 0 || n > ~std::size_t{0} / columns / size)
    throw Failed{"cudaMalloc", cudaErrorMemoryAllocation};
  DeviceMemory numbers(device->device->budget, n * columns * size);
  *out = new GenmiMatrix{device->device, n, columns, size, gaussian, std::move(numbers)};
}

GenmiFailure create_matrix(GenmiDevice* device, std::size_t n, int width, GenmiMatrix** out) {
  return guarded([&] { create(device, n, n, width, std::nullopt, out); });
}

GenmiFailure create_rbf(GenmiDevice* device, std::size_t n, std::size_t d, int width, double gamma, double constant,
                        GenmiMatrix** out) {
  return guarded([&] { create(device, n, d, width, Gaussian{gamma, constant}, out); });
}

void release_matrix(GenmiMatrix* matrix) {
  const std::shared_ptr<Device> device = matrix->device;
  const std::lock_guard<std::mutex> lock(device->mutex);
  delete matrix;
}

GenmiFailure write_rows(GenmiMatrix* matrix, std::size_t first, std::size_t count, const void* rows) {
  return guarded([&] {
    Device& device = *matrix->device;
    const std::lock_guard<std::mutex> lock(device.mutex);
    const std::size_t row = matrix->columns * matrix->width;
    genmi::cuda::upload(device, matrix->numbers.data() + first * row, rows, count * row);
  });
}

template <class T>
void launch(const GenmiMatrix& matrix, const std::int32_t* rows, std::size_t count, const char* v, std::size_t k,
            char* out, cudaStream_t stream) {
  const Product<T> product{rows, count, reinterpret_cast<const T*>(v), k, reinterpret_cast<T*>(out)};
  const auto* const numbers = reinterpret_cast<const T*>(matrix.numbers.data());
  if (!matrix.gaussian)
    return check("multiply_stored", genmi::cuda::multiply_stored(numbers, matrix.n, product, stream));
  const auto gamma = static_cast<T>(matrix.gaussian->gamma), constant = static_cast<T>(matrix.gaussian->constant);
  check("multiply_rbf", genmi::cuda::multiply_rbf(numbers, matrix.columns, gamma, constant, product, stream));
}

// In both memories: the row numbers, V, and the product.
GenmiFailure multiply(const GenmiMatrix* matrix, const std::int32_t* rows, std::size_t count, const void* v,
                      std::size_t k, void* out) {
  return guarded([&] {
    if (count == 0 || k == 0) return;
    Device& device = *matrix->device;
    const std::lock_guard<std::mutex> lock(device.mutex);
    const std::size_t row_bytes = rows == nullptr ? 0 : count * sizeof(std::int32_t);
    const std::size_t v_bytes = count * k * matrix->width;
    const std::size_t v_at = aligned(row_bytes), out_at = v_at + aligned(v_bytes), all = out_at + v_bytes;
    device.reserve(all, all);
    char* const pinned = device.pinned.data();
    char* const scratch = device.scratch.data();
    if (rows != nullptr) std::memcpy(pinned, rows, row_bytes);
    std::memcpy(pinned + v_at, v, v_bytes);
    perform(device, [&](auto& stream) {
      stream.copy(scratch, pinned, v_at + v_bytes, cudaMemcpyHostToDevice);
      const auto* const numbers = rows == nullptr ? nullptr : reinterpret_cast<const std::int32_t*>(scratch);
      const auto run = matrix->width == sizeof(float) ? launch<float> : launch<double>;
      run(*matrix, numbers, count, scratch + v_at, k, scratch + out_at, stream.get());
      stream.copy(pinned + out_at, scratch + out_at, v_bytes, cudaMemcpyDeviceToHost);
    });
    std::memcpy(out, pinned + out_at, v_bytes);
  });
}

GenmiFailure create_graph(GenmiDevice* device, std::size_t n, const std::size_t* offsets, const std::int32_t* neighbors,
                          GenmiGraph** out) {
  return guarded([&] {
    const std::lock_guard<std::mutex> lock(device->device->mutex);
    auto made = std::make_unique<GenmiGraph>();
    made->graph = std::make_unique<Graph>(device->device, n, offsets, neighbors);
    *out = made.release();
  });
}

void release_graph(GenmiGraph* graph) {
  const std::shared_ptr<Device> device = graph->graph->device();
  const std::lock_guard<std::mutex> lock(device->mutex);
  delete graph;
}

GenmiFailure search_hops(GenmiGraph* graph, std::size_t first, std::size_t count, std::uint16_t* hops,
                         std::size_t* longest) {
  return guarded([&] {
    const std::lock_guard<std::mutex> lock(graph->graph->device()->mutex);
    *longest = graph->graph->search(first, count, hops);
  });
}

GenmiFailure create_training(GenmiDevice* device, const GenmiLearner* learner, GenmiTraining** out) {
  return guarded([&] {
    auto made = std::make_unique<GenmiTraining>();
    made->training = genmi::cuda::make_training(device->device, *learner);
    *out = made.release();
  });
}

void release_training(GenmiTraining* training) {
  const std::shared_ptr<Device> device = training->training->device();
  const std::lock_guard<std::mutex> lock(device->mutex);
  delete training;
}

// One call at a time.
template <class Body>
GenmiFailure with(GenmiTraining* training, const Body& body) {
  return guarded([&] {
    Training& own = *training->training;
    const std::lock_guard<std::mutex> lock(own.device()->mutex);
    body(own);
  });
}

GenmiFailure write_samples(GenmiTraining* training, std::size_t first, std::size_t count, const void* samples) {
  return with(training, [&](Training& own) { own.write_samples(first, count, samples); });
}
GenmiFailure write_numbers(GenmiTraining* training, const void* numbers) {
  return with(training, [&](Training& own) { own.write_numbers(numbers); });
}
GenmiFailure read_numbers(GenmiTraining* training, void* numbers) {
  return with(training, [&](Training& own) { own.read_numbers(numbers); });
}
GenmiFailure forward(GenmiTraining* training, const std::int32_t* rows, std::size_t count, void* logits) {
  return with(training, [&](Training& own) { own.forward(rows, count, logits); });
}
GenmiFailure backward(GenmiTraining* training, const void* gradient, std::uint64_t seed, std::uint64_t step,
                      double* lds) {
  return with(training, [&](Training& own) { own.backward(gradient, seed, step, lds); });
}
GenmiFailure update(GenmiTraining* training, double rate, double epsilon) {
  return with(training, [&](Training& own) { own.update(rate, epsilon); });
}

const GenmiDeviceTable kTable = {GENMI_DEVICE_TABLE_VERSION,
                                 open_device,
                                 close_device,
                                 name_of,
                                 limit,
                                 bytes_of,
                                 create_matrix,
                                 create_rbf,
                                 release_matrix,
                                 write_rows,
                                 multiply,
                                 create_graph,
                                 release_graph,
                                 search_hops,
                                 create_training,
                                 release_training,
                                 write_samples,
                                 write_numbers,
                                 read_numbers,
                                 forward,
                                 backward,
                                 update};

}  // namespace

extern "C" __attribute__((visibility("default"))) const GenmiDeviceTable* genmi_device_table(std::uint32_t version) {
  return version == GENMI_DEVICE_TABLE_VERSION ? &kTable : nullptr;
}
