#include "affinity/pair_selection.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "affinity/distance_bits.h"
#include "affinity/distance_rows.h"
#include "genmi/random_bits.h"
#include "simd/kernels.h"

namespace genmi::affinity {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// At most max(kFewPairs, pairs / kPairsPerCopy) distances are copied: 1 / 16 is 6 % of the triangle. Up to kFewPairs
// pairs are not sampled.
constexpr std::size_t kFewPairs = std::size_t{1} << 17;
constexpr std::size_t kPairsPerCopy = 16;
// Half the width of the first interval, in standard deviations of the sampled rank.
constexpr double kDeviations = 4;
constexpr int kBinBits = 16;

// A pseudorandom number in [0, 1), a function of x.
double hash_to_unit(std::uint64_t x) {
  std::uint64_t state = x * kRandomStep;
  return static_cast<double>(next_random(state) >> 11) * 0x1p-53;
}

// This many values are handled between two looks at the job.
constexpr std::size_t kAtOnce = std::size_t{1} << 17;

// A value of about this rank, from a sample of the values.
double pivot_near(std::span<const double> values, std::size_t rank) {
  const std::size_t step = values.size() / kAtOnce + 1;
  std::vector<double> sample;
  for (std::size_t k = 0; k < values.size(); k += step) sample.push_back(values[k]);
  const auto place = sample.begin() + static_cast<std::ptrdiff_t>(std::min(rank / step, sample.size() - 1));
  std::nth_element(sample.begin(), place, sample.end());
  return *place;
}

// The value of this rank, found in steps of about a millisecond; without a meaning once the job is cancelled. Reorders
// the values.
double nth(std::span<double> values, std::size_t rank, const Context& context) {
  while (values.size() > kAtOnce) {
    const double pivot = pivot_near(values, rank);
    // values[0, below) < pivot, values[below, at) == pivot, values[above, size) > pivot.
    std::size_t below = 0, at = 0, above = values.size();
    for (std::size_t step = 0; at < above; ++step) {
      if (step % kAtOnce == 0 && context.cancelled()) return 0;
      if (values[at] < pivot) std::swap(values[below++], values[at++]);
      else if (values[at] > pivot) std::swap(values[at], values[--above]);
      else ++at;
    }
    if (rank >= below && rank < above) return pivot;
    values = rank < below ? values.first(below) : values.subspan(above);
    if (rank >= above) rank -= above;
  }
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

}  // namespace

PairSelection::PairSelection(const Affinity& distances, const Context& context, Progress& progress)
    : distances_(distances),
      context_(context),
      progress_(&progress),
      pairs_(distances.size() * (distances.size() - 1) / 2),
      capacity_(std::max(kFewPairs, pairs_ / kPairsPerCopy)) {}

double PairSelection::distance_at(std::size_t rank) {
  if (parts_.empty()) tally(first_interval(rank));
  while (!context_.cancelled()) {
    const std::size_t up_to_low = tally_.below + tally_.at_low, up_to_high = up_to_low + inside_ + tally_.at_high;
    if (rank < tally_.below) {
      tally(narrow({0, interval_.low}, rank));
    } else if (rank >= up_to_high) {
      if (interval_.high == kInfinity) return kInfinity;
      tally(narrow({interval_.high, kInfinity}, rank));
    } else if (rank < up_to_low) {
      return interval_.low;
    } else if (rank >= up_to_low + inside_) {
      return interval_.high;
    } else if (inside_ <= capacity_) {
      return nth(between_, rank - up_to_low, context_);
    } else {
      tally(narrow(interval_, rank));
    }
  }
  return 0;
}

// The distances of sampled pairs. The pairs of the triangle, row after row, are cut into equal stretches, and each
// stretch gives one pair at random.
std::vector<double> PairSelection::sample() const {
  const double pairs = static_cast<double>(pairs_);
  const auto count = static_cast<std::size_t>(std::pow(pairs, 2.0 / 3));
  std::vector<double> samples(count);
  std::vector<std::int32_t> columns;
  std::size_t row = 1, before_row = 0;  // pairs before this row of the triangle
  const auto evaluate = [&](std::size_t end) {
    if (context_.cancelled()) return columns.clear();
    distances_.entries(row, Rows{columns.data(), columns.size()}, samples.data() + end - columns.size());
    columns.clear();
  };
  for (std::size_t k = 0; k < count; ++k) {
    const double place = (static_cast<double>(k) + hash_to_unit(k)) * (pairs / static_cast<double>(count));
    const std::size_t pair = std::min(static_cast<std::size_t>(place), pairs_ - 1);
    if (pair >= before_row + row) evaluate(k);
    for (; pair >= before_row + row; ++row) before_row += row;
    columns.push_back(static_cast<std::int32_t>(pair - before_row));
  }
  evaluate(count);
  return samples;
}

PairSelection::Interval PairSelection::first_interval(std::size_t rank) const {
  if (pairs_ <= kFewPairs) return {0, kInfinity};
  std::vector<double> samples = sample();
  const double count = static_cast<double>(samples.size());
  const double share = (static_cast<double>(rank) + 0.5) / static_cast<double>(pairs_);
  const double margin = kDeviations * std::sqrt(count * share * (1 - share)) + 1;
  const double low = share * count - margin, high = share * count + margin;
  return {low < 0 ? 0 : nth(samples, static_cast<std::size_t>(low), context_),
          high >= count ? kInfinity : nth(samples, static_cast<std::size_t>(high), context_)};
}

// Counts the distances below the interval and at its ends, and copies the distances strictly inside unless they are too
// many.
void PairSelection::tally(Interval interval) {
  const simd::GraphKernels& kernels = context_.kernels.graph;
  parts_.resize(context_.slots());
  for (Part& part : parts_) part.tally = {}, part.used = 0;
  std::atomic<std::size_t> inside{0};
  Progress none(nullptr, 1);
  for_each_distance_row(distances_, RowPart::kBefore, context_, progress_ != nullptr ? *progress_ : none,
                        [&](std::size_t, auto row, std::size_t slot) {
                          Part& part = parts_[slot];
                          if (part.between.size() < part.used + row.size())
                            part.between.resize(2 * (part.used + row.size()));
                          const std::size_t found = kernels.tally(row.data(), row.size(), interval.low, interval.high,
                                                                  part.tally, part.between.data() + part.used);
                          const bool fits =
                              found == 0 || inside.fetch_add(found, std::memory_order_relaxed) + found <= capacity_;
                          part.used = fits ? part.used + found : 0;
                        });
  progress_ = nullptr;
  interval_ = interval;
  inside_ = inside.load();
  tally_ = {};
  between_.clear();
  for (const Part& part : parts_) {
    tally_.below += part.tally.below;
    tally_.at_low += part.tally.at_low;
    tally_.at_high += part.tally.at_high;
    between_.insert(between_.end(), part.between.begin(),
                    part.between.begin() + static_cast<std::ptrdiff_t>(part.used));
  }
}

// The part of an interval that holds a rank, by a histogram over the bits of the distances inside.
PairSelection::Interval PairSelection::narrow(Interval interval, std::size_t rank) const {
  const std::uint64_t first = bits_of_distance(interval.low), last = bits_of_distance(interval.high);
  const int shift = std::max(0, static_cast<int>(std::bit_width(last - first)) - kBinBits);
  struct Histogram {
    std::size_t before = 0;
    std::vector<std::size_t> bins = std::vector<std::size_t>(std::size_t{1} << kBinBits, 0);
  };
  std::vector<Histogram> histograms(context_.slots());
  Progress none(nullptr, 1);
  for_each_distance_row(distances_, RowPart::kBefore, context_, none, [&](std::size_t, auto row, std::size_t slot) {
    Histogram& histogram = histograms[slot];
    for (const auto distance : row) {
      const std::uint64_t bits = bits_of_distance(static_cast<double>(distance));
      if (bits < first) ++histogram.before;
      else if (bits <= last) ++histogram.bins[(bits - first) >> shift];
    }
  });
  std::size_t before = 0;
  for (const Histogram& histogram : histograms) before += histogram.before;
  for (std::uint64_t bin = 0; bin < std::uint64_t{1} << kBinBits; ++bin) {
    for (const Histogram& histogram : histograms) before += histogram.bins[bin];
    if (rank >= before) continue;
    const std::uint64_t low = first + (bin << shift);
    const std::uint64_t high = std::min(last, low + ((std::uint64_t{1} << shift) - 1));
    return {std::bit_cast<double>(low), std::bit_cast<double>(high)};
  }
  return {kInfinity, kInfinity};
}

}  // namespace genmi::affinity
