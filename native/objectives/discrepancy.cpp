// All discrepancies follow from one product of the affinity A with the centred ratios R = r - 1; the centred
// ratio of "all the data" is 0:
//
//   S = R' A R / N^2             one-vs-all  s_a  = S_aa
//                                one-vs-one  s_ab = S_aa + S_bb - 2 S_ab
//   dI/dr = 2 / N^2  A R L       one-vs-all  L = diag(g_a)
//                                one-vs-one  L = diag(sum_b g_ab) - g      (a Laplacian)
//
// with g the weight of a comparison times its distance's slope in s. w is always centred: the terms of uncentred ratios
// cancel when the data are far from the origin. Where most of S_aa + S_bb - 2 S_ab cancels, s_ab is the quadratic form
// of R_a - R_b itself. A R may have any constant in each column.
#include "objectives/discrepancy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "affinity/centred_product.h"
#include "objectives/comparisons.h"
#include "objectives/in_both_precisions.h"
#include "objectives/panel_algebra.h"
#include "objectives/panel_ratios.h"
#include "simd/kernels.h"
#include "simd/reductions.h"

namespace genmi::objectives {
namespace {

using simd::kPanel;
using simd::Panels;

// Columns of density ratios that differ by no more than rounding are equal: at distance 0, where the root has no slope.
constexpr double kRounding = 64 * std::numeric_limits<double>::epsilon();

// The centred ratios R = r - 1, in panels, and A R with its columns centred.
template <class T>
struct Centred {
  std::size_t n, k;
  T* ratio;
  T* product;
  // The rounding of ratios to T, relative to R.
  static constexpr double kRounding = 8 * static_cast<double>(std::numeric_limits<T>::epsilon());
};

// The distance of each comparison, and its slope in s.
struct Distances {
  std::span<const Comparison> comparisons;
  std::span<double> values, slopes;

  double gain(std::size_t c) const { return comparisons[c].weight * slopes[c]; }
};

// w' A w, term by term; 0 for columns that are equal up to rounding.
template <class T>
double quadratic_form(const Centred<T>& m, const Comparison& pair, const Context& context) {
  const Workspace::Frame frame(context.workspace);
  const std::size_t panels = simd::panels_of(m.n), step = kPanel * m.k;
  const auto dot = [&](Panels<const T> a, Panels<const T> b) { return context.kernels.product<T>().dot(a, b, panels); };
  const auto column = [&](const T* of, std::size_t cluster) { return Panels<const T>{of + cluster * kPanel, step}; };
  const auto difference = [&](const T* of) -> Panels<const T> {
    const std::span<T> out = context.workspace.take<T>(panels * kPanel);
    const T *a = column(of, pair.a).data, *b = column(of, pair.b).data;
    for (std::size_t p = 0; p < panels; ++p)
      for (std::size_t lane = 0; lane < kPanel; ++lane)
        out[p * kPanel + lane] = a[p * step + lane] - b[p * step + lane];
    return {out.data(), kPanel};
  };
  const bool with_data = pair.b == kAllData;
  const Panels<const T> ratio = column(m.ratio, pair.a), w = with_data ? ratio : difference(m.ratio);
  const double form = dot(w, with_data ? column(m.product, pair.a) : difference(m.product)), square = dot(w, w);
  const double squares = with_data ? square : dot(ratio, ratio) + dot(column(m.ratio, pair.b), column(m.ratio, pair.b));
  // In panels, r - 1 is rounded relative to itself.
  const double by_panels = with_data ? 0 : Centred<T>::kRounding * Centred<T>::kRounding * squares;
  const double by_ratios = kRounding * kRounding * (squares + 2 * static_cast<double>(m.n));
  return square <= std::max(by_panels, by_ratios) ? 0 : form;
}

class QuadraticObjective final : public InBothPrecisions<QuadraticObjective> {
 public:
  QuadraticObjective(SharedAffinityPtr affinity, bool one_vs_one, Discrepancy discrepancy)
      : affinity_(std::move(affinity)), one_vs_one_(one_vs_one), discrepancy_(discrepancy) {}

  template <class T>
  Status add(const Batch<T>& batch, const Context& context, double factor, Totals<T>& totals) const {
    return in_precision_of_affinity([&]<class S>(const Affinity& affinity, S) -> Status {
      const Workspace::Frame frame(context.workspace);
      const Predictions<T>& p = batch.exact();
      Centred<S> m;
      Distances distances;
      if (Status status = measure(affinity, p, batch.rows(), context, m, distances); !status) return status;
      for (std::size_t c = 0; c < distances.comparisons.size(); ++c)
        totals.value += factor * distances.comparisons[c].weight * distances.values[c];
      if (!totals.with_gradient()) return Status::ok();
      const S* by_ratio = ratio_gradient(m, distances, context);
      add_log_gradient(p, distances.comparisons, distances.values, by_ratio, factor, batch.by_proportion(p, totals),
                       totals);
      return Status::ok();
    });
  }

  Status affinity_gradient(const DensityRatios& p, const Context& context, double* out) const override {
    return in_precision_of_affinity([&]<class S>(const Affinity& affinity, S) -> Status {
      const Workspace::Frame frame(context.workspace);
      Centred<S> m;
      Distances distances;
      if (Status status = measure(affinity, p, p.rows(), context, m, distances); !status) return status;
      return write_affinity_gradient({p.ratio(), m.n, m.k}, distances, context, out);
    });
  }

  Cost cost(std::size_t n, std::size_t k) const override {
    const double samples = static_cast<double>(n), clusters = static_cast<double>(k);
    const double comparisons = one_vs_one_ ? clusters * (clusters - 1) / 2 : clusters;
    AffinityPtr affinity;
    if (!affinity_->open(affinity)) return {};
    return {affinity->products().product_operations(samples, clusters) + samples * comparisons,
            affinity->products().product_bytes(samples) + sizeof(double) * (8 * samples * clusters + 5 * comparisons)};
  }

  std::size_t affinity_size() const override { return affinity_->size(); }

 private:
  // Calls compute with the affinity and a number of its precision.
  template <class Compute>
  Status in_precision_of_affinity(const Compute& compute) const {
    AffinityPtr affinity;
    if (Status status = affinity_->open(affinity); !status) return status;
    return affinity->precision() == Precision::kFloat32 ? compute(*affinity, float{}) : compute(*affinity, double{});
  }

  // Fills m and distances, from Predictions or DensityRatios.
  template <class Source, class T>
  Status measure(const Affinity& affinity, const Source& p, Rows rows, const Context& context, Centred<T>& m,
                 Distances& distances) const {
    const std::size_t size = simd::panel_size(p.n(), p.k());
    Workspace& workspace = context.workspace;
    m = {p.n(), p.k(), workspace.take<T>(size).data(), workspace.take<T>(size).data()};
    centred_ratios(p, m.ratio);
    affinity.products().centred_product(rows, m.ratio, m.k, context, m.product);
    if (context.cancelled()) return aborted();
    centre_columns(m.product, m.n, m.k, context);

    distances.comparisons = make_comparisons(p.pi(), p.k(), one_vs_one_, workspace);
    distances.values = workspace.take<double>(distances.comparisons.size());
    distances.slopes = workspace.take<double>(distances.comparisons.size());
    write_quadratic_forms(m, distances.comparisons, context, distances.values);
    if (context.cancelled()) return aborted();
    for (std::size_t c = 0; c < distances.comparisons.size(); ++c) {
      const double s = distances.values[c] / (static_cast<double>(m.n) * static_cast<double>(m.n));
      if (!std::isfinite(s)) return not_finite();
      std::tie(distances.values[c], distances.slopes[c]) = distance(s);
    }
    return Status::ok();
  }

  // The distance as a function of s, and its slope.
  std::pair<double, double> distance(double s) const {
    if (discrepancy_ == Discrepancy::kEnergy) return {-s, -1};
    if (!(s > 0)) return {0, 0};  // of a kernel that is not positive semi-definite
    if (discrepancy_ == Discrepancy::kSquaredMmd) return {s, 1};
    return {std::sqrt(s), 0.5 / std::sqrt(s)};
  }

  // w' A w for each comparison. For two clusters it is taken from R' A R, unless too much of the sum cancels.
  template <class T>
  void write_quadratic_forms(const Centred<T>& m, std::span<const Comparison> comparisons, const Context& context,
                             std::span<double> out) const {
    const Workspace::Frame frame(context.workspace);
    const double* of_all = nullptr;
    if (one_vs_one_) {
      const std::span<double> products = context.workspace.take<double>(m.k * m.k);
      inner_products(m.ratio, m.product, m.n, m.k, context, products.data());
      of_all = products.data();
    }
    for (std::size_t c = 0; c < comparisons.size() && !context.cancelled(); ++c) {
      const auto [a, b] = std::pair(comparisons[c].a, comparisons[c].b);
      const double alone = one_vs_one_ ? of_all[a * m.k + a] + of_all[b * m.k + b] : 0;
      const double together = one_vs_one_ ? alone - 2 * of_all[a * m.k + b] : 0;
      out[c] =
          std::abs(together) > kCancelled * std::abs(alone) ? together : quadratic_form(m, comparisons[c], context);
    }
  }

  // dI/dr = 2 / N^2 A R L.
  template <class T>
  const T* ratio_gradient(const Centred<T>& m, const Distances& distances, const Context& context) const {
    const std::size_t k = m.k;
    const double scale = 2 / (static_cast<double>(m.n) * static_cast<double>(m.n));
    const std::span<T> out = context.workspace.take<T>(simd::panel_size(m.n, k));
    if (!one_vs_one_) {
      for (std::size_t p = 0; p < simd::panels_of(m.n); ++p)
        for (std::size_t a = 0; a < k; ++a)
          for (std::size_t at = (p * k + a) * kPanel; at < (p * k + a + 1) * kPanel; ++at)
            out[at] = static_cast<T>(scale * distances.gain(a)) * m.product[at];
      return out.data();
    }
    const std::span<double> laplacian = context.workspace.take_zeroed<double>(k * k);
    for (std::size_t c = 0; c < distances.comparisons.size(); ++c) {
      const Comparison& pair = distances.comparisons[c];
      const double gain = scale * distances.gain(c);
      laplacian[pair.a * k + pair.a] += gain;
      laplacian[pair.b * k + pair.b] += gain;
      laplacian[pair.a * k + pair.b] = laplacian[pair.b * k + pair.a] = -gain;
    }
    multiply_clusters(m.product, m.n, k, laplacian.data(), context, out.data());
    return out.data();
  }

  // dI/dA = sum of weight * slope * w w' / N^2 = (R L / N^2) R': an entry is a sum over clusters, not over comparisons.
  static Status write_affinity_gradient(const Ratios& ratio, const Distances& distances, const Context& context,
                                        double* out) {
    const std::size_t n = ratio.n, k = ratio.k;
    const Workspace::Frame frame(context.workspace);
    const std::span<double> centred = context.workspace.take<double>(n * k);
    const std::span<double> pulled = context.workspace.take_zeroed<double>(n * k);
    for (std::size_t at = 0; at < n * k; ++at) centred[at] = ratio.data[at] - 1;
    for (std::size_t c = 0; c < distances.comparisons.size(); ++c) {
      const Comparison& pair = distances.comparisons[c];
      const double gain = distances.gain(c) / (static_cast<double>(n) * static_cast<double>(n));
      for (std::size_t i = 0; i < n; ++i) {
        const double pull = gain * (ratio(i, pair.a) - ratio(i, pair.b));
        pulled[i * k + pair.a] += pull;
        if (pair.b != kAllData) pulled[i * k + pair.b] -= pull;
      }
    }
    constexpr std::size_t kRows = 16;
    const auto write_rows = [&](std::size_t first, std::size_t count, std::size_t) {
      for (std::size_t i = first; i < first + count && !context.cancelled(); ++i)
        for (std::size_t j = 0; j <= i; ++j)
          out[i * n + j] = out[j * n + i] = simd::inner(&pulled[i * k], &centred[j * k], k);
    };
    context.for_each_range(n, kRows, static_cast<double>(n * n * (k + 4)) / 4, write_rows);
    return context.cancelled() ? aborted() : Status::ok();
  }

  // A difference below this share of its terms has lost digits.
  static constexpr double kCancelled = 0.25;

  SharedAffinityPtr affinity_;
  bool one_vs_one_;
  Discrepancy discrepancy_;
};

}  // namespace

ObjectivePtr make_quadratic_objective(SharedAffinityPtr affinity, bool one_vs_one, Discrepancy discrepancy) {
  return std::make_shared<QuadraticObjective>(std::move(affinity), one_vs_one, discrepancy);
}

}  // namespace genmi::objectives
