// A borrowed row-major matrix without gaps: a pointer whose length has been checked.
#pragma once

#include <cstddef>
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

}  // namespace genmi
