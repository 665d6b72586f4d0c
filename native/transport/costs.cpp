#include "transport/costs.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <mutex>

#include "transport/checks.h"
#include "transport/coarse_costs.h"
#include "transport/cost_block.h"
#include "transport/turned.h"

namespace genmi::transport {
namespace {

// Between these largest costs, sums of costs and of their float32 roundings stay far from both ends of float32.
constexpr double kLeastLargest = 0x1p-40, kGreatestLargest = 0x1p40;

// A detour is a side of a triangle that is longer than the two others together. Above this share of detours, a solution
// for the moving mass first takes longer than a solution for all mass. (Squared distances have a quarter in the plane,
// 6 % in 10 dimensions, 1 % in 30.)
constexpr double kFewDetours = 0.03;
constexpr int kSampledTriangles = 1024;

struct Extremes {
  double least, largest;
};

// Has several lanes, which the compiler can vectorise.
Extremes extremes_of(const double* values, std::size_t count) {
  constexpr std::size_t kLanes = 16;
  double least[kLanes], largest[kLanes];
  std::fill_n(least, kLanes, values[0]);
  std::fill_n(largest, kLanes, values[0]);
  std::size_t k = 0;
  for (; k + kLanes <= count; k += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      least[lane] = std::min(least[lane], values[k + lane]);
      largest[lane] = std::max(largest[lane], values[k + lane]);
    }
  }
  for (; k < count; ++k) least[0] = std::min(least[0], values[k]), largest[0] = std::max(largest[0], values[k]);
  return {*std::min_element(least, least + kLanes), *std::max_element(largest, largest + kLanes)};
}

// Has several lanes, which the compiler can vectorise.
float largest_of(const float* values, std::size_t count) {
  constexpr std::size_t kLanes = 16;
  float lanes[kLanes] = {};
  std::size_t k = 0;
  for (; k + kLanes <= count; k += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] = std::max(lanes[lane], values[k + lane]);
  for (; k < count; ++k) lanes[0] = std::max(lanes[0], values[k]);
  return *std::max_element(lanes, lanes + kLanes);
}

// The number to take off all costs: the least cost, where some are negative, or where float32 would spend its digits on
// a part that all have in common; else 0. Numbers within a factor of two of each other have exact differences.
double shift_of(const Extremes& costs) {
  const bool have_much_in_common = costs.least < costs.largest && 2 * costs.least > costs.largest;
  return costs.least < 0 || have_much_in_common ? costs.least : 0;
}

// A power of two that brings costs into the range of float32; 1 if they are in range.
double scale_of(double largest) {
  const bool in_range = largest == 0 || (largest >= kLeastLargest && largest <= kGreatestLargest);
  return in_range ? 1 : std::ldexp(1, std::min(1000, -std::ilogb(largest)));
}

bool has_zero_diagonal(MatrixView<double> costs) {
  if (costs.rows != costs.columns) return false;
  for (std::size_t i = 0; i < costs.rows; ++i)
    if (costs(i, i) != 0) return false;
  return true;
}

// Goes tile by tile, so that both a row and a column of tiles stay in the cache.
bool is_symmetric(MatrixView<double> costs) {
  constexpr std::size_t kTile = 32;
  for (std::size_t i0 = 0; i0 < costs.rows; i0 += kTile)
    for (std::size_t j0 = 0; j0 <= i0; j0 += kTile)
      for (std::size_t i = i0; i < std::min(i0 + kTile, costs.rows); ++i)
        for (std::size_t j = j0; j < std::min(j0 + kTile, i); ++j)
          if (costs(i, j) != costs(j, i)) return false;
  return true;
}

template <class Cost>
bool has_few_detours(std::size_t points, const Cost& cost) {
  std::uint64_t state = 0x9e3779b97f4a7c15u;
  const auto draw = [&] {  // Knuth's MMIX generator; its upper bits are the good ones
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(((state >> 32) * points) >> 32);
  };
  int detours = 0;
  for (int k = 0; k < kSampledTriangles; ++k) {
    const std::size_t a = draw(), b = draw(), c = draw();
    if (cost(a, b) > (1 + 1e-6) * (cost(a, c) + cost(c, b))) ++detours;
  }
  return detours <= kFewDetours * kSampledTriangles;
}

}  // namespace

struct Costs::MadeOnce {
  std::once_flag flag;
  std::optional<CoarseCosts> costs;
  std::atomic<std::size_t> bytes = 0;
};

Status Costs::prepare(MatrixView<double> matrix, Known known) {
  if (Status status = check_costs(matrix); !status) return status;
  turned_.reset();
  if (is_thin(matrix.rows, matrix.columns)) {
    turned_ = std::make_shared<const std::vector<double>>(transposed(matrix));
    matrix = {turned_->data(), matrix.columns, matrix.rows};
  }
  matrix_ = matrix;
  const std::size_t count = matrix.rows * matrix.columns;
  const Extremes extremes = extremes_of(matrix.data, count);
  largest_ = std::max(std::abs(extremes.least), std::abs(extremes.largest));
  shift_ = shift_of(extremes);
  span_ = extremes.largest - shift_;
  zero_diagonal_ = shift_ == 0 && transport::has_zero_diagonal(matrix);
  symmetric_ = zero_diagonal_ && (known.symmetric || transport::is_symmetric(matrix));
  metric_like_ = zero_diagonal_ && (known.metric_like ? *known.metric_like : has_few_detours(matrix.rows, matrix));

  scale_ = scale_of(span_);
  scaled_.clear();
  if (scale_ != 1 || shift_ != 0) {
    scaled_.resize(count);
    std::transform(matrix.data, matrix.data + count, scaled_.begin(),
                   [this](double cost) { return scale_ * (cost - shift_); });
  }
  round();
  coarse_ = std::make_shared<MadeOnce>();
  return Status::ok();
}

Status Costs::prepare(std::size_t points, const FillRows& fill, std::optional<bool> metric_like) {
  const std::size_t stride = simd::padded(points);
  matrix_ = {nullptr, points, points};
  turned_.reset();
  row_stride_ = stride;
  rounded_.resize(points * stride);
  fill(rounded_.data(), stride);
  pad();
  if (Status status = check_distances({rounded_.data(), points, stride}); !status) return status;
  const auto cost = [&](std::size_t i, std::size_t j) { return static_cast<double>(rounded_[i * stride + j]); };
  float largest = 0;
  for (std::size_t i = 0; i < points; ++i)
    largest = std::max(largest, largest_of(rounded_.data() + i * stride, points));
  largest_ = span_ = static_cast<double>(largest);
  shift_ = 0;
  zero_diagonal_ = symmetric_ = rounding_is_exact_ = true;
  metric_like_ = metric_like ? *metric_like : has_few_detours(points, cost);
  scale_ = scale_of(span_);
  coarse_ = std::make_shared<MadeOnce>();
  scaled_.clear();
  if (scale_ == 1) return Status::ok();
  scaled_.resize(points * points);
  for (std::size_t i = 0; i < points; ++i)
    for (std::size_t j = 0; j < points; ++j) scaled_[i * points + j] = scale_ * cost(i, j);
  round();
  return Status::ok();
}

void Costs::pad() {
  const std::size_t stride = simd::padded(matrix_.columns);
  for (std::size_t i = 0; i < matrix_.rows; ++i)
    std::fill(rounded_.data() + i * stride + matrix_.columns, rounded_.data() + (i + 1) * stride, kPaddingCost);
}

void Costs::round() {
  const double* costs = scaled_.empty() ? matrix_.data : scaled_.data();
  const std::size_t stride = simd::padded(matrix_.columns);
  rounded_.resize(matrix_.rows * stride);
  bool exact = true;
  for (std::size_t i = 0; i < matrix_.rows; ++i) {
    const double* row = costs + i * matrix_.columns;
    float* rounded = rounded_.data() + i * stride;
    unsigned differs = 0;
    for (std::size_t j = 0; j < matrix_.columns; ++j) {
      rounded[j] = static_cast<float>(row[j]);
      differs |= static_cast<unsigned>(static_cast<double>(rounded[j]) != row[j]);
    }
    exact = exact && differs == 0;
  }
  pad();
  rounding_is_exact_ = exact;
}

CostBlock Costs::block() const {
  const double* exact = scaled_.empty() ? matrix_.data : scaled_.data();
  CostBlock block{rounded_.data(), rounding_is_exact_ ? nullptr : exact, matrix_.rows, matrix_.columns};
  if (kernels_ != nullptr) block.kernels = kernels_;
  return block;
}

const CoarseCosts& Costs::coarse() const {
  std::call_once(coarse_->flag, [this] {
    coarse_->bytes = coarse_->costs.emplace(block(), static_cast<float>(largest_in_block())).bytes();
  });
  return *coarse_->costs;
}

std::size_t Costs::bytes() const {
  return scaled_.capacity() * sizeof(double) + rounded_.capacity() * sizeof(float) +
         (turned_ ? turned_->capacity() * sizeof(double) : 0) + (coarse_ ? coarse_->bytes.load() : 0);
}

}  // namespace genmi::transport
