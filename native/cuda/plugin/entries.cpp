#include "cuda/plugin/entries.h"

#include <utility>

#include "cuda/affinity/pairwise.h"

namespace genmi::cuda {
namespace {

// In the device's memory: the samples, their parts, and the rows of a call.
template <class T>
class EntriesOf final : public Entries {
 public:
  EntriesOf(std::shared_ptr<Device> device, const GenmiPairs& given) : device_(std::move(device)) {
    const std::size_t n = given.n, d = given.features;
    T* x = nullptr;
    double *added = nullptr, *inner = nullptr;
    const auto lay_out = [&](char* memory) {
      Room room(memory);
      x = room.take<T>(n * d);
      added = room.take<double>(n);
      inner = room.take<double>(n);
      pairs_.out = room.take<T>(given.rows * n);
      return room.used();
    };
    memory_ = DeviceMemory(device_->budget, lay_out(nullptr));
    lay_out(memory_.data());
    upload(*device_, reinterpret_cast<char*>(x), given.samples, n * d * sizeof(T));
    upload(*device_, reinterpret_cast<char*>(added), given.added, n * sizeof(double));
    upload(*device_, reinterpret_cast<char*>(inner), given.inner, n * sizeof(double));
    pairs_.x = x;
    pairs_.n = n;
    pairs_.d = d;
    // The numbers of a reduction and of a finish in genmi/device_table.h are those of their enumerations.
    pairs_.reduction = static_cast<PairReduction>(given.reduction);
    pairs_.finish = static_cast<PairFinish>(given.finish);
    pairs_.scale = given.scale;
    pairs_.gamma = given.gamma;
    pairs_.degree = given.degree;
    pairs_.subtract = given.subtract;
    pairs_.at_zero = given.at_zero;
    pairs_.most = given.most;
    pairs_.added = added;
    pairs_.inner = inner;
  }

  const std::shared_ptr<Device>& device() const override { return device_; }

  void make(std::size_t first, std::size_t count, void* rows) override {
    pairs_.first = first;
    pairs_.count = count;
    perform(*device_, [&](auto& stream) { check("make_pairs", make_pairs(pairs_, stream.get())); });
    download(*device_, rows, reinterpret_cast<const char*>(pairs_.out), count * pairs_.n * sizeof(T));
  }

 private:
  std::shared_ptr<Device> device_;
  DeviceMemory memory_;
  Pairs<T> pairs_{};
};

}  // namespace

std::unique_ptr<Entries> make_entries(const std::shared_ptr<Device>& device, const GenmiPairs& pairs) {
  if (pairs.width == sizeof(float)) return std::make_unique<EntriesOf<float>>(device, pairs);
  return std::make_unique<EntriesOf<double>>(device, pairs);
}

}  // namespace genmi::cuda
