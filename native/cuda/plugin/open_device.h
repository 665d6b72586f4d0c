// A device that was opened: its stream, and the memory that calls share.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>

#include "cuda/plugin/memory.h"
#include "genmi/device_table.h"

namespace genmi::cuda {

// A device lives until it is closed and all its matrices and trainings are released.
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

// Numbers begin at multiples of this many bytes.
inline constexpr std::size_t kAlignment = 256;
// Numbers travel in parts of at most this many bytes.
inline constexpr std::size_t kPart = std::size_t{1} << 24;

constexpr std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// Hands out memory of the device; without memory, it counts.
class Room {
 public:
  explicit Room(char* memory) : memory_(memory) {}
  template <class S>
  S* take(std::size_t count) {
    const std::size_t begin = used_;
    used_ += aligned(count * sizeof(S));
    return memory_ == nullptr ? nullptr : reinterpret_cast<S*>(memory_ + begin);
  }
  std::size_t used() const { return used_; }

 private:
  char* memory_;
  std::size_t used_ = 0;
};

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

// Copies numbers to the device's memory, by pinned memory.
inline void upload(Device& device, char* to, const void* from, std::size_t bytes) {
  device.reserve(std::min(kPart, bytes), 0);
  for (std::size_t done = 0; done < bytes; done += kPart) {
    const std::size_t part = std::min(kPart, bytes - done);
    std::memcpy(device.pinned.data(), static_cast<const char*>(from) + done, part);
    perform(device, [&](auto& stream) { stream.copy(to + done, device.pinned.data(), part, cudaMemcpyHostToDevice); });
  }
}

// The other way. After a failure, numbers at `to` are undefined.
inline void download(Device& device, void* to, const char* from, std::size_t bytes) {
  device.reserve(std::min(kPart, bytes), 0);
  for (std::size_t done = 0; done < bytes; done += kPart) {
    const std::size_t part = std::min(kPart, bytes - done);
    perform(device,
            [&](auto& stream) { stream.copy(device.pinned.data(), from + done, part, cudaMemcpyDeviceToHost); });
    std::memcpy(static_cast<char*>(to) + done, device.pinned.data(), part);
  }
}

}  // namespace genmi::cuda

struct GenmiDevice {
  std::shared_ptr<genmi::cuda::Device> device;
};
