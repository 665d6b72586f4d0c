// Borrowed row-major matrices without gaps: pointers whose lengths have been checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

namespace genmi {

template <class T>
struct MatrixView {
  const T* data = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;

  const T* row(std::size_t i) const { return data + i * columns; }
  T operator()(std::size_t i, std::size_t j) const { return data[i * columns + j]; }
};

using AnyMatrix = std::variant<MatrixView<float>, MatrixView<double>>;

// Bytes stand for the numbers scale * byte + offset: a set of images takes a quarter of its float32 size.
struct Bytes {
  const std::uint8_t* data = nullptr;
  std::size_t rows = 0, columns = 0;
  double scale = 1, offset = 0;

  const std::uint8_t* row(std::size_t i) const { return data + i * columns; }
  double number(std::uint8_t byte) const { return scale * static_cast<double>(byte) + offset; }
};

}  // namespace genmi
