#include "objectives/panel_algebra.h"

#include <algorithm>
#include <span>

#include "simd/kernels.h"

namespace genmi::objectives {
namespace {

using simd::kPanel;
using simd::kProductRows;
using simd::Panels;

// Calls group(first, width) for columns that go through the registers together.
template <class Group>
void for_each_group(std::size_t columns, std::size_t width, const Group& group) {
  const std::size_t groups = (columns + width - 1) / width;
  for (std::size_t g = 0; g < groups; ++g)
    group(g * columns / groups, (g + 1) * columns / groups - g * columns / groups);
}

// sums[b][a] += <column a of A, column b of B> over `count` panels of samples; sums are in panels of a.
template <class T>
void add_inner_products(const simd::ProductKernels<T>& kernels, const T* a, const T* b, std::size_t k,
                        std::size_t count, Entries entries, T* sums) {
  const std::size_t step = kPanel * k;
  for_each_group(k, kernels.width, [&](std::size_t first, std::size_t width) {
    const std::size_t end = entries == Entries::kAll ? k : first + width;
    for (std::size_t at = 0; at < end; at += kProductRows) {
      const T* rows[kProductRows];
      for (std::size_t r = 0; r < kProductRows; ++r) rows[r] = a + std::min(at + r, k - 1) * kPanel;
      kernels.multiply_rows(rows, step, Panels<const T>{b + first * kPanel, step}, width, count, rows,
                            sums + (at / kPanel * k + first) * kPanel + at % kPanel);
    }
  });
}

}  // namespace

template <class T>
void inner_products(const T* a, const T* b, std::size_t n, std::size_t k, const Context& context, double* out,
                    Entries entries) {
  constexpr std::size_t kPanelsAtATime = 16;
  const Workspace::Frame frame(context.workspace);
  const std::size_t panels = simd::panels_of(n), size = simd::panel_size(k, k);
  const std::span<T> sums = context.workspace.take<T>(size);
  std::fill(out, out + k * k, 0.0);
  for (std::size_t p = 0; p < panels && !context.cancelled(); p += kPanelsAtATime) {
    std::fill(sums.begin(), sums.end(), T{0});
    const std::size_t from = p * kPanel * k;
    add_inner_products(context.kernels.product<T>(), a + from, b + from, k, std::min(kPanelsAtATime, panels - p),
                       entries, sums.data());
    for (std::size_t row = 0; row < k; ++row)
      for (std::size_t column = entries == Entries::kAll ? 0 : row; column < k; ++column)
        out[row * k + column] += static_cast<double>(sums[(row / kPanel * k + column) * kPanel + row % kPanel]);
  }
}

template <class T>
void multiply_panels(const T* a, std::size_t n, std::size_t k, const T* w, std::size_t m, const Context& context,
                     T* out) {
  constexpr std::size_t kPanelsAtATime = 4;
  constexpr double kProductsPerNanosecond = 20;
  const Workspace::Frame frame(context.workspace);
  const simd::ProductKernels<T>& kernels = context.kernels.product<T>();
  const std::size_t panels = simd::panels_of(n), step = kPanel * k, out_step = kPanel * m;
  const std::span<const T*> all_rows = context.workspace.take<const T*>(context.slots() * k);
  const double nanoseconds = static_cast<double>(n * k * m) / kProductsPerNanosecond;
  const auto multiply = [&](std::size_t p, std::size_t count, std::size_t slot) {
    if (context.cancelled()) return;
    const T** const rows = all_rows.data() + slot * k;
    for (std::size_t c = 0; c < k; ++c) rows[c] = a + p * step + c * kPanel;
    std::fill_n(out + p * out_step, count * out_step, T{0});
    for_each_group(m, kernels.width, [&](std::size_t first, std::size_t width) {
      kernels.add_rows(rows, step, k, Panels<const T>{w + first * kPanel, out_step}, width, count,
                       Panels<T>{out + p * out_step + first * kPanel, out_step});
    });
  };
  context.for_each_range(panels, kPanelsAtATime, nanoseconds, multiply);
}

template <class T>
void multiply_clusters(const T* a, std::size_t n, std::size_t k, const double* w, const Context& context, T* out) {
  const Workspace::Frame frame(context.workspace);
  const std::span<T> weights = context.workspace.take_zeroed<T>(simd::panel_size(k, k));
  for (std::size_t row = 0; row < k; ++row)
    for (std::size_t column = 0; column < k; ++column)
      weights[(row / kPanel * k + column) * kPanel + row % kPanel] = static_cast<T>(w[row * k + column]);
  multiply_panels(a, n, k, weights.data(), k, context, out);
}

template <class T>
void centre_columns(T* a, std::size_t n, std::size_t k, const Context& context) {
  const simd::ProductKernels<T>& kernels = context.kernels.product<T>();
  const std::size_t panels = simd::panels_of(n), step = kPanel * k;
  T ones[kPanel];
  std::fill_n(ones, kPanel, T{1});
  for (std::size_t c = 0; c < k; ++c) {
    const double mean = kernels.dot({a + c * kPanel, step}, {ones, 0}, panels) / static_cast<double>(n);
    for (std::size_t p = 0; p < panels; ++p) {
      T* column = a + p * step + c * kPanel;
      const std::size_t count = std::min(kPanel, n - p * kPanel);
      for (std::size_t lane = 0; lane < count; ++lane)
        column[lane] = static_cast<T>(static_cast<double>(column[lane]) - mean);
    }
  }
}

template void inner_products(const float*, const float*, std::size_t, std::size_t, const Context&, double*, Entries);
template void inner_products(const double*, const double*, std::size_t, std::size_t, const Context&, double*, Entries);
template void multiply_panels(const float*, std::size_t, std::size_t, const float*, std::size_t, const Context&,
                              float*);
template void multiply_panels(const double*, std::size_t, std::size_t, const double*, std::size_t, const Context&,
                              double*);
template void multiply_clusters(const float*, std::size_t, std::size_t, const double*, const Context&, float*);
template void multiply_clusters(const double*, std::size_t, std::size_t, const double*, const Context&, double*);
template void centre_columns(float*, std::size_t, std::size_t, const Context&);
template void centre_columns(double*, std::size_t, std::size_t, const Context&);

}  // namespace genmi::objectives
