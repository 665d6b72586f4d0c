#include "fibre.h"

#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#ifndef __x86_64__
#error "the emulator switches stacks on x86-64 alone"
#endif

// Null where the sanitizer is not linked.
extern "C" {
[[gnu::weak]] void __sanitizer_start_switch_fiber(void** fake_stack, const void* bottom, std::size_t size);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void* fake_stack, const void** bottom, std::size_t* size);
[[gnu::weak]] void* __tsan_get_current_fiber(void);
[[gnu::weak]] void* __tsan_create_fiber(unsigned flags);
[[gnu::weak]] void __tsan_switch_to_fiber(void* fiber, unsigned flags);
[[gnu::weak]] void __tsan_acquire(void* address);
[[gnu::weak]] void __tsan_release(void* address);

// Saves the registers that a call keeps, and the stack pointer in *own; goes on at the place `other`.
void genmi_switch_stack(void** own, void* other);
}
asm(R"(
  .text
  .type genmi_switch_stack, @function
genmi_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size genmi_switch_stack, .-genmi_switch_stack
)");

namespace genmi::cuda::emulated {
namespace {

constexpr std::size_t kStack = std::size_t{1} << 16;
constexpr unsigned kNoOrder = 1;  // __tsan_switch_to_fiber_no_sync

// Stacks of fibres that have ended, for the next ones.
thread_local std::vector<std::unique_ptr<char[]>> spare_stacks;
// So are threads of ThreadSanitizer: making one takes long.
thread_local std::vector<void*> spare_threads;
thread_local Fibre* starting = nullptr;

std::unique_ptr<char[]> take_stack() {
  if (spare_stacks.empty()) return std::make_unique_for_overwrite<char[]>(kStack);
  std::unique_ptr<char[]> stack = std::move(spare_stacks.back());
  spare_stacks.pop_back();
  return stack;
}

void* take_thread() {
  if (spare_threads.empty()) return __tsan_create_fiber(0);
  void* const thread = spare_threads.back();
  spare_threads.pop_back();
  return thread;
}

// The writes of one thread until now become visible to another. This thread is one of them.
void pass_writes(void* from, void* to) {
  void* const own = __tsan_get_current_fiber();
  const auto point = std::make_unique<char>();
  __tsan_switch_to_fiber(from, kNoOrder);
  __tsan_release(point.get());
  __tsan_switch_to_fiber(to, kNoOrder);
  __tsan_acquire(point.get());
  __tsan_switch_to_fiber(own, kNoOrder);
}

}  // namespace

Fibre::Fibre(void (*body)(void*), void* argument) : body_(body), argument_(argument), stack_(take_stack()) {
  if (finds_races()) {
    thread_ = take_thread();
    pass_writes(__tsan_get_current_fiber(), thread_);
  }
  // As genmi_switch_stack() leaves a stack: six registers, the address to return to, and a place for begin()'s own.
  auto* const top = reinterpret_cast<void**>((reinterpret_cast<std::uintptr_t>(stack_.get()) + kStack) & ~15ull);
  top[-1] = nullptr;
  top[-2] = reinterpret_cast<void*>(&Fibre::begin);
  for (int each = 3; each <= 8; ++each) top[-each] = nullptr;
  own_place_ = top - 8;
}

Fibre::~Fibre() {
  if (thread_ != nullptr) pass_writes(thread_, __tsan_get_current_fiber());
  if (!ended_) return;
  spare_stacks.push_back(std::move(stack_));
  if (thread_ != nullptr) spare_threads.push_back(thread_);
}

void Fibre::share_writes(const std::vector<Fibre*>& fibres) {
  if (!finds_races()) return;
  void* const own = __tsan_get_current_fiber();
  const auto point = std::make_unique<char>();
  for (const auto act : {__tsan_release, __tsan_acquire})
    for (const Fibre* each : fibres) {
      __tsan_switch_to_fiber(each->thread_, kNoOrder);
      act(point.get());
    }
  __tsan_switch_to_fiber(own, kNoOrder);
}

void Fibre::begin() {
  Fibre& own = *starting;
  if (__sanitizer_finish_switch_fiber != nullptr)
    __sanitizer_finish_switch_fiber(nullptr, &own.resumer_stack_, &own.resumer_stack_size_);
  own.body_(own.argument_);
  own.ended_ = true;
  own.pause();
  std::abort();  // nobody resumes a fibre that has ended
}

void Fibre::resume() {
  starting = this;
  void* fake_stack = nullptr;
  if (__tsan_switch_to_fiber != nullptr) {
    resumer_thread_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(thread_, kNoOrder);
  }
  if (__sanitizer_start_switch_fiber != nullptr) __sanitizer_start_switch_fiber(&fake_stack, stack_.get(), kStack);
  genmi_switch_stack(&resumer_place_, own_place_);
  if (__sanitizer_finish_switch_fiber != nullptr) __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
}

void Fibre::pause() {
  void* fake_stack = nullptr;
  if (__tsan_switch_to_fiber != nullptr) __tsan_switch_to_fiber(resumer_thread_, kNoOrder);
  // A null place for the fake stack says that the fibre has ended.
  if (__sanitizer_start_switch_fiber != nullptr)
    __sanitizer_start_switch_fiber(ended_ ? nullptr : &fake_stack, resumer_stack_, resumer_stack_size_);
  genmi_switch_stack(&own_place_, resumer_place_);
  if (__sanitizer_finish_switch_fiber != nullptr)
    __sanitizer_finish_switch_fiber(fake_stack, &resumer_stack_, &resumer_stack_size_);
}

void release(void* address) {
  if (__tsan_release != nullptr) __tsan_release(address);
}
void acquire(void* address) {
  if (__tsan_acquire != nullptr) __tsan_acquire(address);
}
bool finds_races() { return __tsan_create_fiber != nullptr; }

}  // namespace genmi::cuda::emulated
