#include "networks/samples.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace genmi::networks {
namespace {

template <class S, class T>
void copy_row(const MatrixView<S>& matrix, std::size_t row, T* out) {
  std::transform(matrix.row(row), matrix.row(row) + matrix.columns, out, [](S x) { return static_cast<T>(x); });
}

// In float64, and rounded once.
template <class T>
void copy_row(const Bytes& bytes, std::size_t row, T* out) {
  const std::uint8_t* from = bytes.row(row);
  std::transform(from, from + bytes.columns, out, [&](std::uint8_t x) { return static_cast<T>(bytes.number(x)); });
}

// Rows lie anywhere in memory: the next one is asked for while one is copied.
template <class Numbers>
void prefetch_row(const Numbers& numbers, std::size_t row) {
  const auto* const from = numbers.data + row * numbers.columns;
  for (std::size_t at = 0; at < numbers.columns; at += 64 / sizeof *from) __builtin_prefetch(from + at);
}

template <class S>
double number_at(const MatrixView<S>& matrix, std::size_t at) {
  return static_cast<double>(matrix.data[at]);
}
double number_at(const Bytes& bytes, std::size_t at) { return bytes.number(bytes.data[at]); }

// The place of the first number that is not finite in the precision of T.
template <class T, class S>
std::optional<std::size_t> first_not_finite(const MatrixView<S>& matrix, const Context& context) {
  constexpr std::size_t kRange = std::size_t{1} << 16;
  const std::size_t size = matrix.rows * matrix.columns;
  std::vector<std::size_t> found((size + kRange - 1) / kRange, size);  // the first one of each range
  const auto look = [&](std::size_t first, std::size_t count, std::size_t) {
    const S* const from = matrix.data + first;
    bool finite = true;
    for (std::size_t i = 0; i < count; ++i) {
      const T x = static_cast<T>(from[i]);
      finite &= x - x == 0;
    }
    if (finite) return;
    for (std::size_t i = count; i-- > 0;)
      if (!std::isfinite(static_cast<T>(from[i]))) found[first / kRange] = first + i;
  };
  context.for_each_range(size, kRange, static_cast<double>(size) / 2, look);
  for (const std::size_t at : found)
    if (at < size) return at;
  return std::nullopt;
}

// Scale and offset are finite, so that the largest byte decides.
template <class T>
std::optional<std::size_t> first_not_finite(const Bytes& bytes, const Context&) {
  const std::size_t size = bytes.rows * bytes.columns;
  for (const std::uint8_t byte : {std::uint8_t{0}, std::uint8_t{255}})
    if (!std::isfinite(static_cast<T>(bytes.number(byte))))
      for (std::size_t at = 0; at < size; ++at)
        if (!std::isfinite(static_cast<T>(number_at(bytes, at)))) return at;
  return std::nullopt;
}

}  // namespace

std::size_t Samples::rows() const {
  return std::visit([](const auto& numbers) { return numbers.rows; }, numbers_);
}

std::size_t Samples::columns() const {
  return std::visit([](const auto& numbers) { return numbers.columns; }, numbers_);
}

template <class T>
void Samples::gather(Rows rows, T* out) const {
  const auto gather_from = [&](const auto& numbers) {
    for (std::size_t i = 0; i < rows.count; ++i) {
      if (i + 1 < rows.count) prefetch_row(numbers, rows[i + 1]);
      copy_row(numbers, rows[i], out + i * numbers.columns);
    }
  };
  std::visit(gather_from, numbers_);
}

template <class T>
void Samples::gather(Rows rows, const Context& context, T* out) const {
  const auto gather_some = [&](std::size_t first, std::size_t count, std::size_t) {
    if (rows.index != nullptr) return gather({rows.index + first, count}, out + first * columns());
    for (std::size_t i = first; i < first + count; ++i) {
      const auto index = static_cast<std::int32_t>(i);
      gather({&index, 1}, out + i * columns());
    }
  };
  context.for_each_range(rows.count, 16, static_cast<double>(rows.count * columns()), gather_some);
}

template <class T>
Status Samples::check(const Context& context) const {
  const auto check_all = [&](const auto& numbers) {
    const std::optional<std::size_t> found = first_not_finite<T>(numbers, context);
    if (!found) return Status::ok();
    const std::size_t row = *found / numbers.columns, column = *found % numbers.columns;
    return Status{Code::kOutOfRange,
                  explain("data", sizeof(T) == 4 ? "numbers that are finite in float32" : "finite numbers",
                          format(number_at(numbers, *found)) + " at row " + std::to_string(row) + ", column " +
                              std::to_string(column))};
  };
  return std::visit(check_all, numbers_);
}

template void Samples::gather(Rows, float*) const;
template void Samples::gather(Rows, double*) const;
template void Samples::gather(Rows, const Context&, float*) const;
template void Samples::gather(Rows, const Context&, double*) const;
template Status Samples::check<float>(const Context&) const;
template Status Samples::check<double>(const Context&) const;

}  // namespace genmi::networks
