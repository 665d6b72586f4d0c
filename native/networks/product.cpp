#include "networks/product.h"

namespace genmi::networks {
namespace {

constexpr double kNanosecondsPerCopy = 0.3;

}  // namespace

template <class T>
Panels<T> rows_in_panels(MatrixView<T> matrix, const Context& context) {
  constexpr std::size_t kPanel = simd::kFeaturePanel<T>;
  const std::size_t n = matrix.rows, d = matrix.columns;
  T* const panels = context.workspace.take<T>(padded<T>(n) * d).data();
  const auto pack = context.kernels.pairwise<T>().pack;
  const auto pack_panel = [&](std::size_t first, std::size_t count, std::size_t) {
    const T* rows[kPanel] = {};
    for (std::size_t lane = 0; lane < count; ++lane) rows[lane] = matrix.row(first + lane);
    pack(rows, d, panels + first * d);
  };
  context.for_each_range(n, kPanel, kNanosecondsPerCopy * static_cast<double>(n * d), pack_panel);
  return {panels, n};
}

template <class T>
Panels<T> columns_in_panels(MatrixView<T> matrix, const Context& context) {
  constexpr std::size_t kPanel = simd::kFeaturePanel<T>;
  const std::size_t n = matrix.rows, d = matrix.columns;
  T* const panels = context.workspace.take<T>(n * padded<T>(d)).data();
  const auto copy_panel = [&](std::size_t first, std::size_t count, std::size_t) {
    T* to = panels + first * n;
    if (count == kPanel) {
      for (std::size_t i = 0; i < n; ++i, to += kPanel) copy_panel_row(matrix.row(i) + first, to);
      return;
    }
    for (std::size_t i = 0; i < n; ++i, to += kPanel)
      for (std::size_t lane = 0; lane < kPanel; ++lane) to[lane] = lane < count ? matrix(i, first + lane) : T{0};
  };
  context.for_each_range(d, kPanel, kNanosecondsPerCopy * static_cast<double>(n * d), copy_panel);
  return {panels, d};
}

template Panels<float> rows_in_panels(MatrixView<float>, const Context&);
template Panels<double> rows_in_panels(MatrixView<double>, const Context&);
template Panels<float> columns_in_panels(MatrixView<float>, const Context&);
template Panels<double> columns_in_panels(MatrixView<double>, const Context&);

}  // namespace genmi::networks
