// A SharedAffinity lets its owner free an affinity while others still refer to it.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

#include "genmi/affinity.h"

namespace genmi {

// An affinity that its owner may dispose of while objectives still refer to it. A computation that has opened it keeps
// it alive until it ends.
class SharedAffinity {
 public:
  explicit SharedAffinity(AffinityPtr affinity)
      : size_(affinity->size()), kind_(affinity->kind()), affinity_(std::move(affinity)) {}

  std::size_t size() const { return size_; }
  Kind kind() const { return kind_; }
  // The affinity, or kDisposed after dispose().
  Status open(AffinityPtr& out) const;
  void dispose();

 private:
  const std::size_t size_;
  const Kind kind_;
  mutable std::mutex mutex_;
  AffinityPtr affinity_;
};

using SharedAffinityPtr = std::shared_ptr<const SharedAffinity>;

}  // namespace genmi
