#include "backend/device_entries.h"

#include <algorithm>
#include <memory>
#include <vector>

namespace genmi {
namespace {

using affinity::Finish;
using affinity::PairEntries;
using affinity::Reduction;
using affinity::TakeRows;

// Under 'auto', fewer terms than this stay on the CPU, and so do samples of few features: their entries come back as
// slowly as the CPU makes them. No card has measured these borders.
constexpr double kLeastTerms = 1 << 26;
constexpr std::size_t kLeastFeatures = 32;
// About the entries that are made at a time.
constexpr std::size_t kPart = std::size_t{1} << 20;

bool is_worth_sending(std::size_t n, std::size_t d) {
  return d >= kLeastFeatures && static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(d) >= kLeastTerms;
}

// The numbers of genmi/device_table.h.
int reduction_of(Reduction reduction, bool over_total) {
  switch (reduction) {
    case Reduction::kInner: return 0;
    case Reduction::kSquaredEuclidean: return 1;
    case Reduction::kManhattan: return over_total ? 6 : 2;
    case Reduction::kChebyshev: return 3;
    case Reduction::kChiSquared: return 4;
    default: return 5;  // kCanberra; the others are parts of reductions
  }
}
int finish_of(Finish finish, bool less_one) {
  switch (finish) {
    case Finish::kAffine: return 0;
    case Finish::kRoot: return 1;
    case Finish::kExponential: return less_one ? 3 : 2;
    case Finish::kPower: return 4;
    case Finish::kTanh: return 5;
  }
  return 0;
}

template <class T>
std::vector<T> rows_without_padding(const PairEntries<T>& pairs) {
  std::vector<T> rows(pairs.n * pairs.d);
  for (std::size_t i = 0; i < pairs.n; ++i) std::copy_n(pairs.rows + i * pairs.stride, pairs.d, &rows[i * pairs.d]);
  return rows;
}

template <class T>
GenmiFailure create(const OpenDevice& device, const PairEntries<T>& pairs, std::size_t rows, GenmiEntries** entries) {
  const std::vector<T> packed = pairs.stride == pairs.d ? std::vector<T>{} : rows_without_padding(pairs);
  const GenmiPairs given{sizeof(T),
                         pairs.n,
                         pairs.d,
                         packed.empty() ? pairs.rows : packed.data(),
                         reduction_of(pairs.reduction, pairs.over_total),
                         finish_of(pairs.finish, pairs.less_one),
                         pairs.scale,
                         pairs.gamma,
                         pairs.degree,
                         pairs.subtract,
                         pairs.at_zero,
                         pairs.most,
                         pairs.added.data(),
                         pairs.inner.data(),
                         rows};
  return device.table.create_entries(device.handle, &given, entries);
}

template <class T>
Status make_entries(OpenDevice& device, const PairEntries<T>& pairs, const Context& context, const TakeRows<T>& take,
                    bool& made) {
  made = false;
  if (device.falls_back && !is_worth_sending(pairs.n, pairs.d)) return Status::ok();
  const std::size_t rows = std::clamp<std::size_t>(kPart / pairs.n, 1, pairs.n);
  GenmiEntries* created = nullptr;
  GenmiFailure failure = create(device, pairs, rows, &created);
  const HandlePtr<GenmiEntries, &GenmiDeviceTable::release_entries> entries(created, {&device.table});
  std::vector<T> part(rows * pairs.n);
  for (std::size_t first = 0; first < pairs.n && failure.call == nullptr; first += rows) {
    if (context.cancelled()) return aborted();
    const std::size_t count = std::min(rows, pairs.n - first);
    failure = device.table.make_entries(created, first, count, part.data());
    if (failure.call == nullptr) take(first, count, part.data());
  }
  made = failure.call == nullptr;
  return made || falls_back(device, failure) ? Status::ok() : device_failure(failure);
}

}  // namespace

Status DeviceEntries::make(const PairEntries<float>& pairs, const Context& context, const TakeRows<float>& take,
                           bool& made) const {
  return make_entries(device_, pairs, context, take, made);
}
Status DeviceEntries::make(const PairEntries<double>& pairs, const Context& context, const TakeRows<double>& take,
                           bool& made) const {
  return make_entries(device_, pairs, context, take, made);
}

}  // namespace genmi
