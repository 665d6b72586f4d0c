#include "runtime.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace genmi::cuda::emulated {

struct Stream {
  std::vector<std::function<void()>> work;
};

namespace {

// The last error of a thread, until somebody asks for it: a launch does.
thread_local cudaError_t pending = cudaSuccess;

enum class Where { kDevice, kPinned };
struct Allocation {
  Where where;
  std::size_t bytes;
  std::unique_ptr<unsigned char[]> memory;
};

struct Runtime {
  std::recursive_mutex mutex;
  std::map<const unsigned char*, Allocation> allocations;
  std::map<Stream*, std::unique_ptr<Stream>> streams;
  std::size_t failing = kNever;
  cudaError_t error = cudaSuccess;
  std::size_t device_memory = std::size_t{1} << 32;
  Record record;

  cudaError_t called(const char* name) {
    record.calls.emplace_back(name);
    return record.calls.size() - 1 == failing ? failed(error) : cudaSuccess;
  }
  cudaError_t failed(cudaError_t with) { return pending = with; }
  void mistake(const std::string& text) { record.mistakes.push_back(text); }

  cudaError_t allocate(void** out, std::size_t bytes, Where where) {
    if (bytes == 0) mistake("an allocation of nothing");
    if (where == Where::kDevice && record.live_bytes + bytes > device_memory) return failed(cudaErrorMemoryAllocation);
    Allocation made{where, bytes, std::make_unique_for_overwrite<unsigned char[]>(bytes)};
    std::memset(made.memory.get(), 0xff, bytes);  // NaN
    *out = made.memory.get();
    if (where == Where::kDevice) record.live_bytes += bytes;
    record.most_bytes = std::max(record.most_bytes, record.live_bytes);
    allocations.emplace(static_cast<unsigned char*>(*out), std::move(made));
    return cudaSuccess;
  }
  void free(void* memory, Where where) {
    if (memory == nullptr) return;
    const auto found = allocations.find(static_cast<unsigned char*>(memory));
    if (found == allocations.end() || found->second.where != where) return mistake("memory that is not there is freed");
    for (const auto& [stream, own] : streams)
      if (!own->work.empty()) mistake("memory is freed before its stream has been waited for");
    if (where == Where::kDevice) record.live_bytes -= found->second.bytes;
    allocations.erase(found);
  }
  void check_inside(const void* memory, std::size_t bytes, Where where) {
    const auto* const first = static_cast<const unsigned char*>(memory);
    auto after = allocations.upper_bound(first);
    if (after == allocations.begin()) return mistake("a copy of memory that is not there");
    const auto& [start, allocation] = *--after;
    if (allocation.where != where || first + bytes > start + allocation.bytes)
      mistake(where == Where::kPinned ? "a copy of memory that is not pinned" : "a copy beyond the device's memory");
  }
};

Runtime& runtime() {
  static Runtime own;
  return own;
}
using Lock = std::lock_guard<std::recursive_mutex>;

}  // namespace

void begin_record(std::size_t failing, cudaError_t error) {
  const Lock lock(runtime().mutex);
  const std::size_t live_bytes = runtime().record.live_bytes;
  runtime().record = {};
  runtime().record.live_bytes = runtime().record.most_bytes = live_bytes;
  runtime().failing = failing;
  runtime().error = error;
}

Record record() {
  const Lock lock(runtime().mutex);
  Record copy = runtime().record;
  copy.live = runtime().allocations.size() + runtime().streams.size();
  return copy;
}

void set_device_memory(std::size_t bytes) {
  const Lock lock(runtime().mutex);
  runtime().device_memory = bytes;
}

cudaError_t launch(Stream* stream, std::function<void()> work) {
  if (stream == nullptr) {
    work();
    return cudaSuccess;
  }
  const Lock lock(runtime().mutex);
  if (runtime().called("launch") == cudaSuccess) stream->work.push_back(std::move(work));
  return cudaGetLastError();
}

}  // namespace genmi::cuda::emulated

using genmi::cuda::emulated::Lock;
using genmi::cuda::emulated::runtime;
using genmi::cuda::emulated::Stream;
using genmi::cuda::emulated::Where;

cudaError_t cudaGetDeviceCount(int* count) {
  const Lock lock(runtime().mutex);
  *count = 0;
  if (const cudaError_t error = runtime().called("cudaGetDeviceCount")) return error;
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  const Lock lock(runtime().mutex);
  if (device != 0) return cudaErrorInvalidValue;
  if (const cudaError_t error = runtime().called("cudaGetDeviceProperties")) return error;
  std::strcpy(properties->name, "an emulated device");
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  const Lock lock(runtime().mutex);
  if (device != 0) return cudaErrorInvalidValue;
  return runtime().called("cudaSetDevice");
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  const Lock lock(runtime().mutex);
  if (const cudaError_t error = runtime().called("cudaMemGetInfo")) return error;
  *total = runtime().device_memory;
  *free = *total - std::min(*total, runtime().record.live_bytes);
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  const Lock lock(runtime().mutex);
  if (const cudaError_t error = runtime().called("cudaMalloc")) return error;
  return runtime().allocate(memory, bytes, Where::kDevice);
}

cudaError_t cudaMallocHost(void** memory, std::size_t bytes) {
  const Lock lock(runtime().mutex);
  if (const cudaError_t error = runtime().called("cudaMallocHost")) return error;
  return runtime().allocate(memory, bytes, Where::kPinned);
}

// Calls that free do so even where they tell of an earlier failure.
cudaError_t cudaFree(void* memory) {
  const Lock lock(runtime().mutex);
  runtime().free(memory, Where::kDevice);
  return runtime().called("cudaFree");
}

cudaError_t cudaFreeHost(void* memory) {
  const Lock lock(runtime().mutex);
  runtime().free(memory, Where::kPinned);
  return runtime().called("cudaFreeHost");
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  const Lock lock(runtime().mutex);
  if (const cudaError_t error = runtime().called("cudaStreamCreateWithFlags")) return error;
  auto made = std::make_unique<Stream>();
  *stream = made.get();
  runtime().streams.emplace(*stream, std::move(made));
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const Lock lock(runtime().mutex);
  if (runtime().streams.erase(stream) == 0) runtime().mistake("a stream that is not there is destroyed");
  return runtime().called("cudaStreamDestroy");
}

// A stream that fails drops its work.
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const Lock lock(runtime().mutex);
  const auto work = std::exchange(stream->work, {});
  if (const cudaError_t error = runtime().called("cudaStreamSynchronize")) return error;
  for (const auto& each : work) each();
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  const Lock lock(runtime().mutex);
  if (const cudaError_t error = runtime().called("cudaMemcpyAsync")) return error;
  runtime().check_inside(from, bytes, kind == cudaMemcpyHostToDevice ? Where::kPinned : Where::kDevice);
  runtime().check_inside(to, bytes, kind == cudaMemcpyDeviceToHost ? Where::kPinned : Where::kDevice);
  stream->work.emplace_back([=] { std::memcpy(to, from, bytes); });
  return cudaSuccess;
}

cudaError_t cudaGetLastError() { return std::exchange(genmi::cuda::emulated::pending, cudaSuccess); }

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorInvalidValue: return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorInsufficientDriver: return "cudaErrorInsufficientDriver";
    case cudaErrorNoDevice: return "cudaErrorNoDevice";
    case cudaErrorLaunchFailure: return "cudaErrorLaunchFailure";
  }
  return "an unknown error";
}
