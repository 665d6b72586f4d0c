#include "affinity/byte_affinity.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>

#include "affinity/landmarks.h"
#include "affinity/products.h"

namespace genmi::affinity {
namespace {

constexpr double kLargestEntry = 0x1p+100, kSmallestScale = 0x1p-40;
constexpr std::size_t kSampledRows = 1024;  // tell where the centre is
constexpr std::size_t kRows = 32;           // of a block of entries: they stay in the fastest cache
constexpr std::size_t kLook = 256;          // columns between two looks at the job

// <x, y>, exact: sums of this many products fit into 32 bits.
std::int64_t inner(const std::uint8_t* x, const std::uint8_t* y, std::size_t columns) {
  constexpr std::size_t kMost = std::size_t{1} << 16;
  std::int64_t total = 0;
  for (std::size_t first = 0; first < columns; first += kMost) {
    std::uint32_t sum = 0;
    for (std::size_t f = first; f < std::min(columns, first + kMost); ++f)
      sum += std::uint32_t{x[f]} * std::uint32_t{y[f]};
    total += sum;
  }
  return total;
}

// Some samples less the centre, in float32, for products: padded rows, which a slot makes anew with each call.
class CentredBytes {
 public:
  CentredBytes(const Bytes& bytes, const float* centre, Rows rows, const Context& context)
      : bytes_(bytes),
        centre_(centre),
        rows_(rows),
        most_(std::min(rows.count, kMostRows)),
        stride_(simd::panel_size(bytes.columns, 1)),
        numbers_(context.workspace.take_zeroed<float>(context.slots() * most_ * stride_)),
        addresses_(context.workspace.take<const float*>(context.slots() * most_)) {
    for (std::size_t r = 0; r < addresses_.size(); ++r) addresses_[r] = numbers_.data() + r * stride_;
  }

  std::span<const float* const> operator()(std::size_t first, std::size_t count, std::size_t slot) const {
    for (std::size_t r = 0; r < count; ++r) {
      prefetch(rows_[std::min(first + r + 1, rows_.count - 1)]);
      const std::uint8_t* const from = bytes_.row(rows_[first + r]);
      float* const to = numbers_.data() + (slot * most_ + r) * stride_;
      for (std::size_t f = 0; f < bytes_.columns; ++f) to[f] = static_cast<float>(from[f]) - centre_[f];
    }
    return addresses_.subspan(slot * most_, count);
  }

 private:
  // Rows lie anywhere in memory: the next one is asked for while one is converted.
  void prefetch(std::size_t row) const {
    for (std::size_t at = 0; at < bytes_.columns; at += 64) __builtin_prefetch(bytes_.row(row) + at);
  }

  const Bytes& bytes_;
  const float* centre_;
  Rows rows_;
  std::size_t most_, stride_;
  std::span<float> numbers_;
  std::span<const float*> addresses_;
};

}  // namespace

bool ByteAffinity::takes(const Bytes& bytes) {
  const double largest = std::max(std::abs(bytes.number(0)), std::abs(bytes.number(255)));
  return bytes.rows > 0 && bytes.columns > 0 && std::abs(bytes.scale) >= kSmallestScale &&
         static_cast<double>(bytes.columns) * largest * largest <= kLargestEntry;
}

ByteAffinity::ByteAffinity(const Bytes& bytes, std::shared_ptr<const void> owner)
    : Affinity(bytes.rows, Kind::kKernel, false),
      CentredProduct(static_cast<const Affinity&>(*this)),
      owner_(std::move(owner)),
      bytes_(bytes),
      zero_(static_cast<std::int64_t>(std::clamp(std::round(-bytes.offset / bytes.scale), 0.0, 255.0))),
      rest_(bytes.number(static_cast<std::uint8_t>(zero_))),
      sums_(bytes.rows),
      centre_(bytes.columns) {
  if (owner_ == nullptr) {
    copy_.assign(bytes.data, bytes.data + bytes.rows * bytes.columns);
    bytes_.data = copy_.data();
  }
  for (std::size_t i = 0; i < bytes_.rows; ++i)
    sums_[i] = std::accumulate(bytes_.row(i), bytes_.row(i) + bytes_.columns, std::int64_t{0}) -
               zero_ * static_cast<std::int64_t>(bytes_.columns);
  const std::vector<std::int32_t> some = evenly_spread(bytes_.rows, kSampledRows);
  for (const std::int32_t i : some)
    for (std::size_t f = 0; f < bytes_.columns; ++f)
      centre_[f] += static_cast<float>(bytes_.row(static_cast<std::size_t>(i))[f]);
  for (float& each : centre_) each = std::round(each / static_cast<float>(some.size()));
}

std::size_t ByteAffinity::bytes() const {
  return copy_.size() + sums_.size() * sizeof(std::int64_t) + centre_.size() * sizeof(float);
}

// out = A(rows, columns) for `count` rows from `first` on. With b = byte - zero_,
// <scale b + rest, scale c + rest> = scale^2 <b, c> + scale rest (sum b + sum c) + d rest^2.
template <class S>
void ByteAffinity::evaluate(Rows rows, std::size_t first, std::size_t count, Rows columns, const Job* job, S* out,
                            std::size_t stride) const {
  const auto d = static_cast<std::int64_t>(bytes_.columns);
  const double square = bytes_.scale * bytes_.scale, slope = bytes_.scale * rest_;
  const double constant = static_cast<double>(d) * rest_ * rest_;
  for (std::size_t j = 0; j < columns.count; ++j) {
    if (j % kLook == 0 && is_cancelled(job)) return;
    const std::size_t column = columns[j];
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t row = rows[first + i];
      const std::int64_t sums = sums_[row] + sums_[column];
      const std::int64_t product =
          inner(bytes_.row(row), bytes_.row(column), bytes_.columns) - zero_ * (sums + d * zero_);
      out[i * stride + j] =
          static_cast<S>(square * static_cast<double>(product) + slope * static_cast<double>(sums) + constant);
    }
  }
}

void ByteAffinity::entries(std::size_t i, Rows columns, double* out) const {
  const auto row = static_cast<std::int32_t>(i);
  evaluate({&row, 1}, 0, 1, columns, nullptr, out, columns.count);
}

void ByteAffinity::block(Rows rows, Rows columns, double* out, const Job* job) const {
  for (std::size_t first = 0; first < rows.count; first += kRows)
    evaluate(rows, first, std::min(kRows, rows.count - first), columns, job, out + first * columns.count,
             columns.count);
}

template <class S>
void ByteAffinity::evaluate_all(Rows rows, const Context& context, S* out, std::size_t stride) const {
  context.for_each_range(rows.count, kRows, entry_nanoseconds(rows.count * rows.count),
                         [&](std::size_t first, std::size_t count, std::size_t) {
                           evaluate(rows, first, count, rows, context.job, out + first * stride, stride);
                         });
}

void ByteAffinity::submatrix(Rows rows, const Context& context, double* out) const {
  evaluate_all(rows, context, out, rows.count);
}

void ByteAffinity::submatrix(Rows rows, const Context& context, float* out, std::size_t stride) const {
  evaluate_all(rows, context, out, stride);
}

double ByteAffinity::product_bytes(double n) const {
  return std::min(n, static_cast<double>(kMostRows)) * entry_operations() * sizeof(float);
}

// B (B' V) scale^2 for B = bytes - centre. A translation changes each column of the product by a constant, as V's
// columns sum to 0.
void ByteAffinity::centred_product(Rows rows, const float* v, std::size_t k, const Context& context, float* out) const {
  const Workspace::Frame frame(context.workspace);
  const CentredBytes samples(bytes_, centre_.data(), rows, context);
  const std::span<float> projected = context.workspace.take<float>(simd::panel_size(bytes_.columns, k));
  multiply_transposed_rows<float>(rows.count, bytes_.columns, v, k, context, samples, projected.data());
  const double square = bytes_.scale * bytes_.scale;
  for (float& each : projected) each = static_cast<float>(static_cast<double>(each) * square);
  multiply_rows<float>(rows.count, bytes_.columns, projected.data(), k, context, samples, out);
}

}  // namespace genmi::affinity
