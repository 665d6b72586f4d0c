#include "genmi/shared_affinity.h"

namespace genmi {

Status SharedAffinity::open(AffinityPtr& out) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  out = affinity_;
  if (out) return Status::ok();
  return {Code::kDisposed, explain("affinity", "an affinity that is in use", "one that was disposed of",
                                   "call dispose() after the last evaluation")};
}

void SharedAffinity::dispose() {
  const std::lock_guard<std::mutex> lock(mutex_);
  affinity_.reset();
}

}  // namespace genmi
