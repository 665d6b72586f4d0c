// The maximum mean discrepancy objectives, plain and squared.
//
// For a comparison of two clusters (or of one with the data) with density ratios r_a, r_b and w = r_a - r_b, the
// distance is sqrt(s), or s itself for the squared one, with s = w' A w / N^2 for the kernel A. Always this quadratic
// form of a centred w, never the sum of its three expanded terms, which cancel when the data are far from the origin.
// Source: Ohl et al. 2022, eq. (9), (10); Gretton et al., "A Kernel Two-Sample Test", JMLR 2012 (the V-statistic).
#include <algorithm>
#include <cmath>
#include <limits>

#include "genmi/objective.h"
#include "objectives/comparisons.h"

namespace genmi::objectives {
namespace {

// Columns of density ratios that differ by no more than rounding are equal: at distance 0, where the root has no slope.
constexpr double kRounding = 64 * std::numeric_limits<double>::epsilon();

class Mmd final : public RatioObjective {
 public:
  Mmd(SharedAffinityPtr kernel, bool one_vs_one, bool squared)
      : kernel_(std::move(kernel)), one_vs_one_(one_vs_one), squared_(squared) {}

  Status evaluate(const DensityRatios& p, Context& context, double factor, RatioTotals& totals) const override {
    const Workspace::Frame frame(context.workspace);
    Measured m;
    if (Status status = measure(p, context, m); !status) return status;
    for (std::size_t c = 0; c < m.comparisons.size(); ++c)
      totals.value += factor * m.comparisons[c].weight * m.distances[c];
    if (totals.log_gradient == nullptr) return Status::ok();
    const std::span<double> by_ratio = ratio_gradient(m, context.workspace);
    add_log_gradient(p, m.comparisons, m.distances.data(), by_ratio.data(), factor, context.workspace,
                     totals.log_gradient);
    return Status::ok();
  }

  Status affinity_gradient(const DensityRatios& p, Context& context, double* out) const override {
    const Workspace::Frame frame(context.workspace);
    Measured m;
    if (Status status = measure(p, context, m); !status) return status;
    write_affinity_gradient(m, context.workspace, out);
    return Status::ok();
  }

  Cost cost(std::size_t n, std::size_t k) const override {
    const double samples = static_cast<double>(n), clusters = static_cast<double>(k);
    const double comparisons = one_vs_one_ ? clusters * (clusters - 1) / 2 : clusters;
    AffinityPtr kernel;
    const double product = kernel_->open(kernel) ? kernel->product_operations(samples, clusters) : 0;
    return {product + samples * comparisons, sizeof(double) * (8 * samples * clusters + 5 * comparisons)};
  }

  std::size_t affinity_size() const override { return kernel_->size(); }

 private:
  struct Measured {
    std::span<const Comparison> comparisons;
    std::span<const double> distances;
    std::span<const double> slopes;  // of the distance in s
    Ratios ratio{};
    const double* product = nullptr;  // A (r - 1) / N^2, N x K, up to a constant per column

    // The column of "all the data" is A (1 - 1) = 0.
    double product_at(std::size_t i, std::size_t cluster) const {
      return cluster == kAllData ? 0 : product[i * ratio.k + cluster];
    }
  };

  Status measure(const DensityRatios& p, Context& context, Measured& m) const {
    AffinityPtr kernel;
    if (Status status = kernel_->open(kernel); !status) return status;
    const std::size_t n = p.n(), k = p.k();
    Workspace& workspace = context.workspace;
    m.comparisons = make_comparisons(p, one_vs_one_, workspace);
    m.ratio = {p.ratio(), n, k};

    const std::span<double> centred = workspace.take<double>(n * k);
    std::transform(m.ratio.data, m.ratio.data + n * k, centred.begin(), [](double r) { return r - 1; });
    const std::span<double> product = workspace.take<double>(n * k);
    kernel->centred_product(p.rows(), centred.data(), k, context, product.data());
    if (context.cancelled()) return aborted();
    for (double& value : product) value /= static_cast<double>(n) * static_cast<double>(n);
    m.product = product.data();

    const std::span<double> distances = workspace.take<double>(m.comparisons.size());
    const std::span<double> slopes = workspace.take<double>(m.comparisons.size());
    for (std::size_t c = 0; c < m.comparisons.size(); ++c) {
      const double s = quadratic_form(m, m.comparisons[c]);
      if (!std::isfinite(s)) return not_finite();
      distances[c] = squared_ ? s : std::sqrt(s);
      slopes[c] = squared_ ? 1 : s > 0 ? 0.5 / distances[c] : 0;
    }
    m.distances = distances;
    m.slopes = slopes;
    return Status::ok();
  }

  // w' A w / N^2; 0 for a kernel that is not positive semi-definite and has it negative.
  static double quadratic_form(const Measured& m, const Comparison& pair) {
    double form = 0, square = 0, magnitude = 0;
    for (std::size_t i = 0; i < m.ratio.n; ++i) {
      const double ra = m.ratio(i, pair.a), rb = m.ratio(i, pair.b), w = ra - rb;
      form += w * (m.product_at(i, pair.a) - m.product_at(i, pair.b));
      square += w * w;
      magnitude += ra * ra + rb * rb;
    }
    return square <= kRounding * kRounding * magnitude ? 0 : std::max(form, 0.0);
  }

  // dI/dr, N x K: ds/dw = 2 A w / N^2. Columns are centred, which leaves the gradient as it is but not its rounding.
  static std::span<double> ratio_gradient(const Measured& m, Workspace& workspace) {
    const std::size_t n = m.ratio.n, k = m.ratio.k;
    const std::span<double> gradient = workspace.take_zeroed<double>(n * k);
    for (std::size_t c = 0; c < m.comparisons.size(); ++c) {
      const Comparison& pair = m.comparisons[c];
      const double weight = 2 * pair.weight * m.slopes[c];
      for (std::size_t i = 0; i < n; ++i) {
        const double by_w = weight * (m.product_at(i, pair.a) - m.product_at(i, pair.b));
        gradient[i * k + pair.a] += by_w;
        if (pair.b != kAllData) gradient[i * k + pair.b] -= by_w;
      }
    }
    for (std::size_t a = 0; a < k; ++a) {
      double mean = 0;
      for (std::size_t i = 0; i < n; ++i) mean += gradient[i * k + a] / static_cast<double>(n);
      for (std::size_t i = 0; i < n; ++i) gradient[i * k + a] -= mean;
    }
    return gradient;
  }

  // dI/dA = sum of weight * slope * w w' / N^2.
  static void write_affinity_gradient(const Measured& m, Workspace& workspace, double* out) {
    const std::size_t n = m.ratio.n;
    std::fill(out, out + n * n, 0.0);
    const std::span<double> w = workspace.take<double>(n);
    for (std::size_t c = 0; c < m.comparisons.size(); ++c) {
      const Comparison& pair = m.comparisons[c];
      const double weight = pair.weight * m.slopes[c] / (static_cast<double>(n) * static_cast<double>(n));
      for (std::size_t i = 0; i < n; ++i) w[i] = m.ratio(i, pair.a) - m.ratio(i, pair.b);
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) out[i * n + j] += weight * w[i] * w[j];
    }
  }

  SharedAffinityPtr kernel_;
  bool one_vs_one_;
  bool squared_;
};

const ObjectiveFactory registration("mmd", [](const Parameters& parameters, ObjectivePtr& out) -> Status {
  const SharedAffinityPtr kernel = parameters.affinity();
  if (!kernel || kernel->kind() != Kind::kKernel)
    return {Code::kInvalidType, explain("affinity", "a kernel, as Affinity.kernel() makes",
                                        kernel ? "a distance" : "nothing", "distances are for wasserstein()")};
  out = std::make_shared<Mmd>(kernel, parameters.one_vs_one(), parameters.flag("squared"));
  return Status::ok();
});

}  // namespace
}  // namespace genmi::objectives
