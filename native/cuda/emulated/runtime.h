// The part of CUDA's runtime that the plugin calls, for a CPU. Memory of the device is memory of the host. A stream
// does its work when it is waited for, so that results which nobody waits for are missing.
//
// It records calls, lets one of them fail, and notes mistakes: memory or streams that are freed twice or never, copies
// of memory that is not pinned, or is too small, and memory that is freed while a stream has yet to use it. As in CUDA,
// a launch answers the last error of its thread, which may be that of an earlier call.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInsufficientDriver = 35,
  cudaErrorNoDevice = 100,
  cudaErrorLaunchFailure = 719,
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 };
constexpr unsigned cudaStreamNonBlocking = 1;
struct cudaDeviceProp {
  char name[256];
};

namespace genmi::cuda::emulated {

struct Stream;

// What the runtime has seen since begin_record().
struct Record {
  std::vector<std::string> calls;
  std::vector<std::string> mistakes;
  std::size_t live = 0;        // allocations and streams that are not freed
  std::size_t live_bytes = 0;  // of the device's memory
  std::size_t most_bytes = 0;  // at once
};
constexpr std::size_t kNever = ~std::size_t{0};
// From now on, call number `failing` fails with this error.
void begin_record(std::size_t failing = kNever, cudaError_t error = cudaErrorLaunchFailure);
Record record();
// Of the device that this runtime has; calls that want more fail with cudaErrorMemoryAllocation.
void set_device_memory(std::size_t bytes);

// Adds work to a stream; does it at once without a stream.
cudaError_t launch(Stream* stream, std::function<void()> work);

}  // namespace genmi::cuda::emulated

using cudaStream_t = genmi::cuda::emulated::Stream*;

cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total);
cudaError_t cudaMalloc(void** memory, std::size_t bytes);
cudaError_t cudaFree(void* memory);
cudaError_t cudaMallocHost(void** memory, std::size_t bytes);
cudaError_t cudaFreeHost(void* memory);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaGetLastError();
const char* cudaGetErrorName(cudaError_t error);
