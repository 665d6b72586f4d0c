// The plugin's table for CUDA: matrices in the device's memory, and products with them. One stream for each device that
// was opened; numbers travel in pinned memory.
#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "cuda/affinity/products.h"
#include "cuda/plugin/memory.h"
#include "genmi/device_table.h"

namespace genmi::cuda {

// Lives until it is closed and its matrices are released.
struct Device {
  std::mutex mutex;  // for all below: one call at a time
  std::string name;
  Budget budget;
  Stream stream;
  PinnedMemory pinned;
  DeviceMemory scratch;

  // Makes room, in both memories, for the numbers of a call. The stream is idle.
  void reserve(std::size_t host_bytes, std::size_t device_bytes) {
    if (pinned.size() < host_bytes) {
      pinned = {};
      pinned = PinnedMemory(host_bytes);
    }
    if (scratch.size() < device_bytes) {
      scratch = {};
      scratch = DeviceMemory(budget, device_bytes);
    }
  }
};

}  // namespace genmi::cuda

using genmi::cuda::check;
using genmi::cuda::Device;
using genmi::cuda::DeviceMemory;
using genmi::cuda::Failed;
using genmi::cuda::Product;

struct GenmiDevice {
  std::shared_ptr<Device> device;
};

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

namespace {

// Numbers begin at multiples of this many bytes.
constexpr std::size_t kAlignment = 256;
// Rows of a matrix travel in parts of at most this many bytes, or one by one.
constexpr std::size_t kPart = std::size_t{1} << 24;

constexpr std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// Only failures that the table knows leave the plugin.
template <class Body>
GenmiFailure guarded(const Body& body) noexcept {
  try {
    body();
    return {};
  } catch (const Failed& failed) {
    return {failed.call, cudaGetErrorName(failed.error), failed.error == cudaErrorMemoryAllocation};
  } catch (const std::bad_alloc&) {
    return {"operator new", "std::bad_alloc", 1};
  } catch (...) {
    return {"the plugin", "an unexpected failure", 0};
  }
}

// Queues work on the device's stream and waits for it. After a failure too, nothing uses the memory of the call.
template <class Work>
void perform(Device& device, const Work& work) {
  try {
    work(device.stream);
    device.stream.wait();
  } catch (...) {
    device.stream.abandon();
    throw;
  }
}

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
    const std::size_t row = matrix->columns * matrix->width, part = std::max<std::size_t>(1, kPart / row);
    device.reserve(std::min(part, count) * row, 0);
    for (std::size_t done = 0; done < count; done += part) {
      const std::size_t part_bytes = std::min(part, count - done) * row;
      std::memcpy(device.pinned.data(), static_cast<const char*>(rows) + done * row, part_bytes);
      char* const to = matrix->numbers.data() + (first + done) * row;
      perform(device, [&](auto& stream) { stream.copy(to, device.pinned.data(), part_bytes, cudaMemcpyHostToDevice); });
    }
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
                                 multiply};

}  // namespace

extern "C" __attribute__((visibility("default"))) const GenmiDeviceTable* genmi_device_table(std::uint32_t version) {
  return version == GENMI_DEVICE_TABLE_VERSION ? &kTable : nullptr;
}
