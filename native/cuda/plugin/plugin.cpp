// The plugin's table for CUDA: matrices and products with them, entries, graphs, and trainings. One stream for each
// device that was opened; numbers travel in pinned memory.
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "cuda/plugin/entries.h"
#include "cuda/plugin/graph.h"
#include "cuda/plugin/matrix.h"
#include "cuda/plugin/open_device.h"
#include "cuda/plugin/training.h"

using genmi::cuda::check;
using genmi::cuda::Device;
using genmi::cuda::Entries;
using genmi::cuda::Failed;
using genmi::cuda::Gaussian;
using genmi::cuda::Graph;
using genmi::cuda::guarded;
using genmi::cuda::Matrix;
using genmi::cuda::Training;

struct GenmiMatrix {
  std::unique_ptr<Matrix> own;
};

struct GenmiEntries {
  std::unique_ptr<Entries> own;
};

struct GenmiGraph {
  std::unique_ptr<Graph> own;
};

struct GenmiTraining {
  std::unique_ptr<Training> own;
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

// A handle is made, used and released under the lock of its device. body: makes the own part of a handle.
template <class Handle, class Body>
GenmiFailure create(GenmiDevice* device, Handle** out, const Body& body) {
  return guarded([&] {
    const std::lock_guard<std::mutex> lock(device->device->mutex);
    auto made = std::make_unique<Handle>();
    made->own = body(device->device);
    *out = made.release();
  });
}
template <class Handle, class Body>
GenmiFailure with(Handle* handle, const Body& body) {
  return guarded([&] {
    const std::lock_guard<std::mutex> lock(handle->own->device()->mutex);
    body(*handle->own);
  });
}
template <class Handle>
void release(Handle* handle) {
  const std::shared_ptr<Device> device = handle->own->device();
  const std::lock_guard<std::mutex> lock(device->mutex);
  delete handle;
}

GenmiFailure create_matrix(GenmiDevice* device, std::size_t n, int width, GenmiMatrix** out) {
  return create(device, out, [&](const auto& own) {
    return std::make_unique<Matrix>(own, n, n, static_cast<std::size_t>(width), std::nullopt);
  });
}
GenmiFailure create_rbf(GenmiDevice* device, std::size_t n, std::size_t d, int width, double gamma, double constant,
                        GenmiMatrix** out) {
  return create(device, out, [&](const auto& own) {
    return std::make_unique<Matrix>(own, n, d, static_cast<std::size_t>(width), Gaussian{gamma, constant});
  });
}
GenmiFailure write_rows(GenmiMatrix* matrix, std::size_t first, std::size_t count, const void* rows) {
  return with(matrix, [&](Matrix& own) { own.write(first, count, rows); });
}
GenmiFailure multiply(const GenmiMatrix* matrix, const std::int32_t* rows, std::size_t count, const void* v,
                      std::size_t k, void* out) {
  return with(matrix, [&](const Matrix& own) { own.multiply(rows, count, v, k, out); });
}

GenmiFailure create_entries(GenmiDevice* device, const GenmiPairs* pairs, GenmiEntries** out) {
  return create(device, out, [&](const auto& own) { return genmi::cuda::make_entries(own, *pairs); });
}
GenmiFailure make_entries(GenmiEntries* entries, std::size_t first, std::size_t count, void* rows) {
  return with(entries, [&](Entries& own) { own.make(first, count, rows); });
}

GenmiFailure create_graph(GenmiDevice* device, std::size_t n, const std::size_t* offsets, const std::int32_t* neighbors,
                          GenmiGraph** out) {
  return create(device, out, [&](const auto& own) { return std::make_unique<Graph>(own, n, offsets, neighbors); });
}
GenmiFailure search_hops(GenmiGraph* graph, std::size_t first, std::size_t count, std::uint16_t* hops,
                         std::size_t* longest) {
  return with(graph, [&](Graph& own) { *longest = own.search(first, count, hops); });
}

GenmiFailure create_training(GenmiDevice* device, const GenmiLearner* learner, GenmiTraining** out) {
  return create(device, out, [&](const auto& own) { return genmi::cuda::make_training(own, *learner); });
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
                                 release<GenmiMatrix>,
                                 write_rows,
                                 multiply,
                                 create_entries,
                                 release<GenmiEntries>,
                                 make_entries,
                                 create_graph,
                                 release<GenmiGraph>,
                                 search_hops,
                                 create_training,
                                 release<GenmiTraining>,
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
