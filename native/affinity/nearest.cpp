#include "affinity/nearest.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "affinity/distance_bits.h"
#include "simd/graph_kernels.h"

namespace genmi::affinity {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// For every two neighbours, minima are taken over at least this many sets of columns. More sets make the bound closer.
constexpr std::size_t kMinimaForTwo = 3;

}  // namespace

NearestSelection::NearestSelection(std::size_t n, std::size_t count, const simd::GraphKernels& kernels)
    : kernels_(&kernels),
      count_(count),
      minima_((kMinimaForTwo * (count + 1) / 2 + simd::kMinima - 1) / simd::kMinima * simd::kMinima),
      found_(n) {}

// A number strictly above more than count distances, self's among them. The minima of disjoint sets of columns are
// distances, and count + 1 of them are at most the minimum of rank count + 1.
template <class T>
double NearestSelection::bound(std::span<const T> row) {
  const std::size_t stretches = minima_.size() / simd::kMinima, length = row.size() / stretches;
  if (length < 2 * simd::kMinima) return kInfinity;
  for (std::size_t k = 0; k < stretches; ++k)
    kernels_->strided_minima(row.data() + k * length, length, minima_.data() + k * simd::kMinima);
  const auto last = minima_.begin() + static_cast<std::ptrdiff_t>(count_);
  std::nth_element(minima_.begin(), last, minima_.end());
  return std::nextafter(*last, kInfinity);
}

template <class T>
void NearestSelection::select(std::span<const T> row, std::size_t self, std::int32_t* nearest) {
  const std::size_t found = kernels_->find_below(row.data(), row.size(), bound(row), found_.data());
  candidates_.clear();
  for (std::size_t e = 0; e < found; ++e) {
    const auto index = static_cast<std::size_t>(found_[e]);
    if (index != self) candidates_.push_back({bits_of_distance(static_cast<double>(row[index])), found_[e]});
  }
  const auto nearer = [](const Candidate& a, const Candidate& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.index < b.index;
  };
  std::nth_element(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(count_ - 1),
                   candidates_.end(), nearer);
  for (std::size_t e = 0; e < count_; ++e) nearest[e] = candidates_[e].index;
}

template void NearestSelection::select(std::span<const float> row, std::size_t self, std::int32_t* nearest);
template void NearestSelection::select(std::span<const double> row, std::size_t self, std::int32_t* nearest);

}  // namespace genmi::affinity
