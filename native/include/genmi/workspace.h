// Scratch memory that is kept between calls: a training step allocates its result and, over features, packed samples.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace genmi {

// A stack of blocks: take() hands out memory that stays valid until the Frame it was taken in ends.
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

  // The one object of this type that lives as long as the workspace: memory of a computation that is no plain array.
  template <class T>
  T& kept() {
    static char key;  // its address tells the types apart (were it constant, a linker might fold all into one)
    for (const auto& [type, object] : kept_)
      if (type == &key) return *static_cast<T*>(object.get());
    kept_.emplace_back(&key, std::make_shared<T>());
    return *static_cast<T*>(kept_.back().second.get());
  }

  // Gives back, when it ends, all that was taken since it began.
  class Frame {
   public:
    explicit Frame(Workspace& workspace) : workspace_(workspace), block_(workspace.block_), used_(workspace.used_) {}
    ~Frame() { workspace_.release(block_, used_); }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

   private:
    Workspace& workspace_;
    std::size_t block_, used_;
  };

 private:
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    std::size_t size = 0;
  };

  void* take_bytes(std::size_t bytes);
  void release(std::size_t block, std::size_t used);

  std::vector<Block> blocks_;
  std::vector<std::pair<const char*, std::shared_ptr<void>>> kept_;
  std::size_t block_ = 0;  // the block that is being filled
  std::size_t used_ = 0;   // bytes used of it
};

}  // namespace genmi
