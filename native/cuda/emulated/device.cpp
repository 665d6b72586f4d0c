#include "device.h"

#include <ucontext.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace genmi::cuda::emulated {
namespace {

constexpr std::size_t kStack = std::size_t{1} << 16, kSharedLimit = 48 * 1024, kMostThreads = 1024;

struct Fibre {
  ucontext_t context;
  std::unique_ptr<char[]> stack;
  Place place;
  std::size_t arrays = 0;  // of shared memory, that it has asked for
  int barrier = 0;         // the line that it waits at; 0: it runs
  bool ended = false;
};

// A block that runs. One at a time, on the calling thread.
struct Block {
  const std::function<void()>* kernel;
  ucontext_t scheduler;
  std::vector<Fibre> fibres;
  Fibre* running = nullptr;
  std::vector<std::vector<std::byte>> shared;
  std::size_t shared_bytes = 0;
  std::exception_ptr failure;
};

thread_local Block* block = nullptr;
thread_local Order order = Order::kForward;

void enter() {
  try {
    (*block->kernel)();
  } catch (...) {
    block->failure = std::current_exception();
  }
  block->running->ended = true;
  swapcontext(&block->running->context, &block->scheduler);
  std::abort();  // a kernel has written over a fibre: to return would end the process without an error
}

void begin(Fibre& fibre) {
  fibre.stack = std::make_unique_for_overwrite<char[]>(kStack);
  getcontext(&fibre.context);
  fibre.context.uc_stack.ss_sp = fibre.stack.get();
  fibre.context.uc_stack.ss_size = kStack;
  fibre.context.uc_link = nullptr;
  makecontext(&fibre.context, enter, 0);
}

void resume(Fibre& fibre) {
  fibre.barrier = 0;
  block->running = &fibre;
  swapcontext(&block->scheduler, &fibre.context);
  block->running = nullptr;
  if (block->failure) std::rethrow_exception(block->failure);
}

// Whether the threads go on after a barrier at which all of them have met; false: all have returned.
bool meet() {
  const Fibre& first = block->fibres.front();
  for (const Fibre& each : block->fibres)
    if (each.ended != first.ended || each.barrier != first.barrier)
      throw Mistake("threads of a block met at different barriers, or some returned before one: lines " +
                    std::to_string(first.barrier) + " and " + std::to_string(each.barrier));
  return !first.ended;
}

void run_block(const std::vector<std::size_t>& turns) {
  for (Fibre& each : block->fibres) begin(each);
  do
    for (const std::size_t turn : turns) resume(block->fibres[turn]);
  while (meet());
  for (const Fibre& each : block->fibres)
    if (each.arrays != block->shared.size()) throw Mistake("threads of a block asked for different shared memory");
}

std::vector<std::size_t> turns_of(std::size_t count) {
  std::vector<std::size_t> turns(count);
  std::iota(turns.begin(), turns.end(), 0);
  if (order == Order::kBackward) std::reverse(turns.begin(), turns.end());
  if (order == Order::kShuffled) std::shuffle(turns.begin(), turns.end(), std::mt19937(7));
  return turns;
}

}  // namespace

const Place& place() { return block->running->place; }

void wait_for_block(int line) {
  block->running->barrier = line;
  swapcontext(&block->running->context, &block->scheduler);
}

void* shared_bytes(std::size_t bytes) {
  const std::size_t index = block->running->arrays++;
  if (index == block->shared.size()) {
    block->shared.emplace_back(bytes, std::byte{0xff});  // NaN in both precisions
    block->shared_bytes += bytes;
    if (block->shared_bytes > kSharedLimit) throw Mistake("more than 48 KiB of shared memory");
  }
  if (block->shared[index].size() != bytes) throw Mistake("threads of a block asked for different shared memory");
  return block->shared[index].data();
}

WithOrder::WithOrder(Order wanted) : before_(std::exchange(order, wanted)) {}
WithOrder::~WithOrder() { order = before_; }

void launch(dim3 grid, dim3 size, const std::function<void()>& kernel) {
  const std::size_t threads = std::size_t{size.x} * size.y * size.z;
  if (threads == 0 || threads > kMostThreads || size.z > 64) throw Mistake("a block of 1 to 1024 threads");
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 0x7fffffff || grid.y > 65535 || grid.z > 65535)
    throw Mistake("a grid of blocks within the limits of CUDA");
  const std::vector<std::size_t> turns = turns_of(threads);
  dim3 at;
  for (at.z = 0; at.z < grid.z; ++at.z)
    for (at.y = 0; at.y < grid.y; ++at.y)
      for (at.x = 0; at.x < grid.x; ++at.x) {
        Block own;
        own.kernel = &kernel;
        own.fibres.resize(threads);
        for (unsigned t = 0; t < threads; ++t)
          own.fibres[t].place = {{t % size.x, t / size.x % size.y, t / (size.x * size.y)}, at, size, grid};
        block = &own;
        run_block(turns);
        block = nullptr;
      }
}

}  // namespace genmi::cuda::emulated
