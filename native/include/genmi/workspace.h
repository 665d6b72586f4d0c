// A Workspace keeps scratch memory between calls: a training step then allocates only its result and, over features,
// packed samples.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "genmi/aligned_vector.h"

namespace genmi {

// A stack of memory. take() hands out memory that stays valid until the current Frame ends.
class Workspace {
 public:
  // Uninitialised memory for count numbers, aligned to a cache line.
  template <class T>
  std::span<T> take(std::size_t count) {
    return {static_cast<T*>(take_bytes(count * sizeof(T))), count};
  }

  template <class T>
  std::span<T> take_zeroed(std::size_t count) {
    std::span<T> memory = take<T>(count);
    for (T& value : memory) value = T{};
    return memory;
  }

  // The one object of type T that lives as long as the workspace: for scratch memory that is no plain array.
  template <class T>
  T& kept() {
    static char key;  // its address identifies T (a linker could merge constant keys)
    for (const auto& [type, object] : kept_)
      if (type == &key) return *static_cast<T*>(object.get());
    kept_.emplace_back(&key, std::make_shared<T>());
    return *static_cast<T*>(kept_.back().second.get());
  }

  // A Frame gives back, in its destructor, all memory taken since its constructor.
  class Frame {
   public:
    explicit Frame(Workspace& workspace) : workspace_(workspace), slab_(workspace.slab_), used_(workspace.used_) {}
    ~Frame() { workspace_.release(slab_, used_); }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

   private:
    Workspace& workspace_;
    std::size_t slab_, used_;
  };

 private:
  struct Slab {
    struct Free {
      std::size_t size;
      void operator()(std::byte* first) const { give_back_aligned(first, size); }
    };
    std::unique_ptr<std::byte, Free> memory;

    std::size_t size() const { return memory.get_deleter().size; }
  };

  void* take_bytes(std::size_t bytes);
  void release(std::size_t slab, std::size_t used);

  std::vector<Slab> slabs_;
  std::vector<std::pair<const char*, std::shared_ptr<void>>> kept_;
  std::size_t slab_ = 0;  // the slab that is being filled
  std::size_t used_ = 0;  // bytes used of that slab
};

}  // namespace genmi
