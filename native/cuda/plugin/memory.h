// Owners of what CUDA's runtime lends: memory of the device, pinned memory of the host, a stream. A call that fails
// throws; calls that free do not, and the next call tells of a device that has failed.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "device.h"

namespace genmi::cuda {

// Within the plugin alone.
struct Failed {
  const char* call;
  cudaError_t error;
};

// CUDA keeps the last error of a thread. It is forgotten here: otherwise, the next launch would answer it.
inline void forget(cudaError_t) { static_cast<void>(cudaGetLastError()); }

inline void check(const char* call, cudaError_t error) {
  if (error == cudaSuccess) return;
  forget(error);
  throw Failed{call, error};
}

// How much of a device's memory is held, and may be.
struct Budget {
  std::atomic<std::size_t> most_bytes{0};  // 0: no limit
  std::atomic<std::size_t> bytes{0};
};

class DeviceMemory {
 public:
  DeviceMemory() = default;
  DeviceMemory(Budget& budget, std::size_t bytes) : budget_(&budget), bytes_(bytes) {
    const std::size_t most = budget.most_bytes;
    if (budget.bytes.fetch_add(bytes) + bytes > most && most > 0) {
      budget.bytes.fetch_sub(bytes);
      throw Failed{"cudaMalloc", cudaErrorMemoryAllocation};
    }
    if (const cudaError_t error = cudaMalloc(&memory_, bytes); error != cudaSuccess) {
      budget.bytes.fetch_sub(bytes);
      check("cudaMalloc", error);
    }
  }
  ~DeviceMemory() {
    if (memory_ == nullptr) return;
    forget(cudaFree(memory_));
    budget_->bytes.fetch_sub(bytes_);
  }
  DeviceMemory(DeviceMemory&& other) noexcept
      : budget_(other.budget_),
        memory_(std::exchange(other.memory_, nullptr)),
        bytes_(std::exchange(other.bytes_, 0)) {}
  DeviceMemory& operator=(DeviceMemory&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(memory_, other.memory_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  char* data() const { return static_cast<char*>(memory_); }
  std::size_t size() const { return bytes_; }

 private:
  Budget* budget_ = nullptr;
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

class PinnedMemory {
 public:
  PinnedMemory() = default;
  explicit PinnedMemory(std::size_t bytes) : bytes_(bytes) { check("cudaMallocHost", cudaMallocHost(&memory_, bytes)); }
  ~PinnedMemory() {
    if (memory_ != nullptr) forget(cudaFreeHost(memory_));
  }
  PinnedMemory(PinnedMemory&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  PinnedMemory& operator=(PinnedMemory&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  char* data() const { return static_cast<char*>(memory_); }
  std::size_t size() const { return bytes_; }

 private:
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

class Stream {
 public:
  Stream() { check("cudaStreamCreateWithFlags", cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking)); }
  ~Stream() { forget(cudaStreamDestroy(stream_)); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  cudaStream_t get() const { return stream_; }
  void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    check("cudaMemcpyAsync", cudaMemcpyAsync(to, from, bytes, kind, stream_));
  }
  void wait() { check("cudaStreamSynchronize", cudaStreamSynchronize(stream_)); }
  // After a failure: nothing uses the memory of the work that was begun any more.
  void abandon() { forget(cudaStreamSynchronize(stream_)); }

 private:
  cudaStream_t stream_ = nullptr;
};

}  // namespace genmi::cuda
