// Native memory that outlives a call. V8 is told its size, because V8 decides when to collect the objects that hold it.
#pragma once

#include <napi.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace genmi::node {

// The bytes held by one environment. The object lives as long as anybody holds memory that was charged to it.
class HeldMemory {
 public:
  // Both may be called from any thread.
  void add(std::int64_t bytes) { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  std::int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  // On JavaScript's thread: tells V8 the change since the last time.
  void tell(Napi::BasicEnv env) {
    const std::int64_t now = bytes(), before = std::exchange(told_, now);
    if (now != before) Napi::MemoryManagement::AdjustExternalMemory(env, now - before);
  }

 private:
  std::atomic<std::int64_t> bytes_{0};
  std::int64_t told_ = 0;
};

using HeldMemoryPtr = std::shared_ptr<HeldMemory>;

// Bytes that count as held as long as this object lives. The owner of the memory keeps a Charge beside it.
class Charge {
 public:
  explicit Charge(HeldMemoryPtr memory, std::size_t bytes = 0) : memory_(std::move(memory)) { set(bytes); }
  ~Charge() { set(0); }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;

  void set(std::size_t bytes) {
    const auto now = static_cast<std::int64_t>(bytes);
    memory_->add(now - std::exchange(bytes_, now));
  }

 private:
  HeldMemoryPtr memory_;
  std::int64_t bytes_ = 0;
};

// A pointer to the object that charges its bytes as long as anybody holds it.
template <class T>
std::shared_ptr<T> charged(const HeldMemoryPtr& memory, std::shared_ptr<T> object, std::size_t bytes) {
  struct Charged {
    Charged(std::shared_ptr<T> of, const HeldMemoryPtr& to, std::size_t size)
        : object(std::move(of)), charge(to, size) {}
    std::shared_ptr<T> object;
    Charge charge;
  };
  const auto both = std::make_shared<Charged>(std::move(object), memory, bytes);
  return {both, both->object.get()};
}

}  // namespace genmi::node
