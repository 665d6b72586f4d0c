// A fibre: a function on a stack of its own, which can pause and go on later. One runs at a time. AddressSanitizer
// and ThreadSanitizer are told of each switch, where they are linked. For ThreadSanitizer a fibre is a thread: a switch
// makes none of its writes visible to others. Its maker's earlier writes are visible to it, and all of its own to
// whoever destroys it.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace genmi::cuda::emulated {

class Fibre {
 public:
  // body must not throw.
  Fibre(void (*body)(void*), void* argument);
  ~Fibre();
  Fibre(const Fibre&) = delete;
  Fibre& operator=(const Fibre&) = delete;

  // Runs the body until it pauses or ends.
  void resume();
  // On the fibre itself: goes back to whoever has resumed it.
  void pause();
  bool ended() const { return ended_; }

  // While all of these pause: their writes until now become visible to each of them.
  static void share_writes(const std::vector<Fibre*>& fibres);

 private:
  static void begin();

  void (*body_)(void*);
  void* argument_;
  std::unique_ptr<char[]> stack_;
  void* own_place_;                // where the fibre goes on: its stack pointer
  void* resumer_place_ = nullptr;  // where its resumer goes on
  bool ended_ = false;
  const void* resumer_stack_ = nullptr;  // for AddressSanitizer
  std::size_t resumer_stack_size_ = 0;
  void* thread_ = nullptr;  // for ThreadSanitizer
  void* resumer_thread_ = nullptr;
};

// For ThreadSanitizer: writes before a release of an address are visible after an acquire of it. Whether it is there.
void release(void* address);
void acquire(void* address);
bool finds_races();

}  // namespace genmi::cuda::emulated
