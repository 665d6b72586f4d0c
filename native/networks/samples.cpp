#include "networks/samples.h"

#include <algorithm>
#include <type_traits>

namespace genmi::networks {
namespace {

template <class S, class T>
void copy_row(const MatrixView<S>& matrix, std::size_t row, T* out) {
  std::transform(matrix.row(row), matrix.row(row) + matrix.columns, out, [](S x) { return static_cast<T>(x); });
}

// In float64, and rounded once.
template <class T>
void copy_row(const Bytes& bytes, std::size_t row, T* out) {
  const std::uint8_t* from = bytes.data + row * bytes.columns;
  std::transform(from, from + bytes.columns, out,
                 [&](std::uint8_t x) { return static_cast<T>(bytes.scale * static_cast<double>(x) + bytes.offset); });
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
    for (std::size_t i = 0; i < rows.count; ++i) copy_row(numbers, rows[i], out + i * numbers.columns);
  };
  std::visit(gather_from, numbers_);
}

template void Samples::gather(Rows, float*) const;
template void Samples::gather(Rows, double*) const;

}  // namespace genmi::networks
