#include "device.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "fibre.h"

namespace genmi::cuda::emulated {
namespace {

constexpr std::size_t kSharedLimit = 48 * 1024, kMostThreads = 1024, kWarp = 32;

enum class State { kReady, kAtBarrier, kInWarp, kWantsMemory };

struct Thread {
  std::unique_ptr<Fibre> fibre;
  Place place;
  std::size_t index = 0;
  State state = State::kReady;
  int line = 0;                // of the barrier or exchange that it waits at
  unsigned mask = 0;           // of the exchange
  bool shares_writes = false;  // the exchange is a barrier of the warp
  std::uint64_t given = 0;     // to the exchange
  Values received;
  std::size_t arrays = 0;  // of shared memory, that it has asked for
  std::size_t wanted = 0;  // bytes of the next one

  bool ended() const { return fibre->ended(); }
};

// A block that runs. One at a time, on the calling thread.
struct Block {
  const std::function<void()>* kernel;
  std::vector<std::vector<std::byte>> shared;
  std::size_t shared_bytes = 0;
  std::vector<Thread> threads;  // after the memory: destroyed first, so that their writes are visible to its end
  Thread* running = nullptr;
  std::exception_ptr failure;
};

thread_local Block* block = nullptr;
thread_local Order order = Order::kForward;

void run_kernel(void*) {
  try {
    (*block->kernel)();
  } catch (...) {
    block->failure = std::current_exception();
  }
}

// Goes back to the scheduler until it lets the running thread go on.
Thread& wait_as(State state) {
  Thread& own = *block->running;
  own.state = state;
  own.fibre->pause();
  return own;
}

// The scheduler allocates: memory that a thread had allocated would seem to be written by it.
void allocate_shared(std::size_t bytes) {
  block->shared_bytes += bytes;
  if (block->shared_bytes > kSharedLimit) throw Mistake("more than 48 KiB of shared memory");
  block->shared.emplace_back(bytes, std::byte{0xff});  // NaN in both precisions
  release(block->shared.back().data());
}

void resume(Thread& thread) {
  block->running = &thread;
  do {
    thread.state = State::kReady;
    thread.fibre->resume();
    if (block->failure) std::rethrow_exception(block->failure);
    if (thread.state == State::kWantsMemory) allocate_shared(thread.wanted);
  } while (thread.state == State::kWantsMemory);
  block->running = nullptr;
}

// The threads of a thread's exchange, if all of them have come to it; none otherwise.
std::vector<Thread*> meeting_of(const Thread& first) {
  std::vector<Thread*> lanes;
  for (std::size_t lane = 0; lane < kWarp; ++lane) {
    if ((first.mask >> lane & 1) == 0) continue;
    const std::size_t index = first.index / kWarp * kWarp + lane;
    if (index >= block->threads.size() || block->threads[index].ended())
      throw Mistake("line " + std::to_string(first.line) +
                    ": the mask names a lane that has returned, or is not there");
    Thread& each = block->threads[index];
    if (each.state != State::kInWarp) return {};
    if (each.line != first.line || each.mask != first.mask)
      throw Mistake("lanes of a warp met at different exchanges or with different masks: lines " +
                    std::to_string(first.line) + " and " + std::to_string(each.line));
    lanes.push_back(&each);
  }
  return lanes;
}

void share_writes(const std::vector<Thread*>& threads) {
  std::vector<Fibre*> fibres;
  for (const Thread* each : threads) fibres.push_back(each->fibre.get());
  Fibre::share_writes(fibres);
}

// Whether some exchange is complete. Its lanes go on.
bool exchange_values() {
  bool any = false;
  for (Thread& first : block->threads) {
    if (first.ended() || first.state != State::kInWarp) continue;
    const std::vector<Thread*> lanes = meeting_of(first);
    Values values{};
    for (const Thread* each : lanes) values[each->index % kWarp] = each->given;
    if (first.shares_writes) share_writes(lanes);
    for (Thread* each : lanes) {
      each->received = values;
      each->state = State::kReady;
      any = true;
    }
  }
  return any;
}

// Whether the threads go on after a barrier at which all of them have met; false: all have returned.
bool meet() {
  const Thread& first = block->threads.front();
  for (const Thread& each : block->threads)
    if (each.ended() != first.ended() ||
        (!each.ended() && (each.state != State::kAtBarrier || each.line != first.line)))
      throw Mistake("threads of a block met at different barriers, or some returned before one: lines " +
                    std::to_string(first.line) + " and " + std::to_string(each.line));
  std::vector<Thread*> all;
  for (Thread& each : block->threads) {
    each.state = State::kReady;
    all.push_back(&each);
  }
  if (!first.ended()) share_writes(all);
  return !first.ended();
}

void run_block(const std::vector<std::size_t>& turns) {
  for (Thread& each : block->threads) each.fibre = std::make_unique<Fibre>(run_kernel, nullptr);
  do {
    bool ready = true;
    while (ready) {
      for (const std::size_t turn : turns)
        if (Thread& each = block->threads[turn]; !each.ended() && each.state == State::kReady) resume(each);
      ready = exchange_values();
      for (const Thread& each : block->threads) ready |= !each.ended() && each.state == State::kReady;
    }
  } while (meet());
  for (const Thread& each : block->threads)
    if (each.arrays != block->shared.size()) throw Mistake("threads of a block asked for different shared memory");
}

std::vector<std::size_t> turns_of(std::size_t count) {
  std::vector<std::size_t> turns(count);
  std::iota(turns.begin(), turns.end(), 0);
  if (order == Order::kBackward) std::reverse(turns.begin(), turns.end());
  if (order == Order::kShuffled) std::shuffle(turns.begin(), turns.end(), std::mt19937(7));
  return turns;
}

void check_launch(dim3 grid, dim3 size) {
  const std::size_t threads = std::size_t{size.x} * size.y * size.z;
  if (threads == 0 || threads > kMostThreads || size.z > 64) throw Mistake("a block of 1 to 1024 threads");
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 0x7fffffff || grid.y > 65535 || grid.z > 65535)
    throw Mistake("a grid of blocks within the limits of CUDA");
}

}  // namespace

const Place& place() { return block->running->place; }
unsigned lane() { return static_cast<unsigned>(block->running->index % kWarp); }

void wait_for_block(int line) {
  block->running->line = line;
  wait_as(State::kAtBarrier);
}

const Values& exchange(unsigned mask, std::uint64_t own, int line) {
  Thread& thread = *block->running;
  if ((mask >> lane() & 1) == 0)
    throw Mistake("line " + std::to_string(line) + ": a mask without the lane that gives it");
  thread.line = line;
  thread.mask = mask;
  thread.given = own;
  return wait_as(State::kInWarp).received;
}

std::uint64_t value_of(const Values& values, unsigned mask, unsigned lane) {
  if ((mask >> lane & 1) == 0) throw Mistake("a shuffle from a lane that is not in the mask");
  return values[lane];
}

unsigned ballot_of(const Values& values, unsigned mask) {
  unsigned ballot = 0;
  for (unsigned lane = 0; lane < kWarp; ++lane)
    if ((mask >> lane & 1) != 0 && values[lane] != 0) ballot |= 1u << lane;
  return ballot;
}

// A shuffle orders no memory; this barrier does.
void wait_for_warp(unsigned mask, int line) {
  block->running->shares_writes = true;
  exchange(mask, 0, line);
  block->running->shares_writes = false;
}

void may_switch() {
  if (order != Order::kForward) wait_as(State::kReady);
}

void* shared_bytes(std::size_t bytes) {
  Thread& own = *block->running;
  const std::size_t index = own.arrays++;
  if (index == block->shared.size()) {
    own.wanted = bytes;
    wait_as(State::kWantsMemory);
  }
  if (block->shared[index].size() != bytes) throw Mistake("threads of a block asked for different shared memory");
  acquire(block->shared[index].data());
  return block->shared[index].data();
}

WithOrder::WithOrder(Order wanted) : before_(std::exchange(order, wanted)) {}
WithOrder::~WithOrder() { order = before_; }

// ThreadSanitizer sees blocks that run at the same time: a block knows what was done before the launch, but nothing of
// other blocks. So their memory stays until all have ended.
void run_grid(dim3 grid, dim3 size, const std::function<void()>& kernel) {
  check_launch(grid, size);
  const std::vector<std::size_t> turns = turns_of(std::size_t{size.x} * size.y * size.z);
  std::vector<std::unique_ptr<Block>> blocks;
  dim3 at;
  for (at.z = 0; at.z < grid.z; ++at.z)
    for (at.y = 0; at.y < grid.y; ++at.y)
      for (at.x = 0; at.x < grid.x; ++at.x) {
        if (!finds_races()) blocks.clear();
        Block& own = *blocks.emplace_back(std::make_unique<Block>());
        own.kernel = &kernel;
        own.threads.resize(turns.size());
        for (unsigned t = 0; t < turns.size(); ++t) {
          own.threads[t].index = t;
          own.threads[t].place = {{t % size.x, t / size.x % size.y, t / (size.x * size.y)}, at, size, grid};
        }
        block = &own;
        run_block(turns);
      }
}

}  // namespace genmi::cuda::emulated
