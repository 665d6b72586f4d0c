// A second backend, for tests alone, which shows that the seam of backend.h is enough. All entries by their definition
// in long double, kept in float64; products as three nested loops; steps of trainings on numbers of its own.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "affinity/centred_product.h"
#include "genmi/backend.h"
#include "hop_support.h"
#include "measure_cases.h"
#include "networks/steps.h"
#include "simd/panels.h"

namespace genmi::test {

struct Traits {
  Kind kind;
  bool metric;
  Storage storage;
  Precision precision;
};

class ReferenceAffinity : public Affinity, public affinity::CentredProduct {
 public:
  ReferenceAffinity(const Traits& traits, std::size_t n, std::vector<double> entries)
      : Affinity(n, traits.kind, traits.metric),
        CentredProduct(static_cast<const Affinity&>(*this)),
        traits_(traits),
        entries_(std::move(entries)) {}

  Storage storage() const override { return traits_.storage; }
  Precision precision() const override { return traits_.precision; }
  std::size_t bytes() const override { return entries_.size() * sizeof(double); }
  const CentredProduct& products() const override { return *this; }

  void entries(std::size_t i, Rows columns, double* out) const override {
    for (std::size_t j = 0; j < columns.count; ++j) out[j] = entry(i, columns[j]);
  }
  void submatrix(Rows rows, const Context&, double* out) const override { copy(rows, out, rows.count); }
  void submatrix(Rows rows, const Context&, float* out, std::size_t stride) const override { copy(rows, out, stride); }
  void centred_product(Rows rows, const float* v, std::size_t k, const Context&, float* out) const override {
    multiply(rows, v, k, out);
  }
  void centred_product(Rows rows, const double* v, std::size_t k, const Context&, double* out) const override {
    multiply(rows, v, k, out);
  }

 private:
  double entry(std::size_t i, std::size_t j) const { return entries_[i * size() + j]; }

  template <class T>
  void copy(Rows rows, T* out, std::size_t stride) const {
    for (std::size_t i = 0; i < rows.count; ++i)
      for (std::size_t j = 0; j < rows.count; ++j) out[i * stride + j] = static_cast<T>(entry(rows[i], rows[j]));
  }

  // Takes the mean of each column off, which is the constant that objectives do not see.
  template <class T>
  void multiply(Rows rows, const T* v, std::size_t k, T* out) const {
    std::fill_n(out, simd::panel_size(rows.count, k), T{0});
    std::vector<double> product(rows.count);
    for (std::size_t c = 0; c < k; ++c) {
      double mean = 0;
      for (std::size_t i = 0; i < rows.count; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < rows.count; ++j)
          sum += entry(rows[i], rows[j]) * static_cast<double>(v[simd::place_in_panels(j, c, k)]);
        product[i] = sum;
        mean += sum / static_cast<double>(rows.count);
      }
      for (std::size_t i = 0; i < rows.count; ++i)
        out[simd::place_in_panels(i, c, k)] = static_cast<T>(product[i] - mean);
    }
  }

  Traits traits_;
  std::vector<double> entries_;
};

// Steps of the CPU over numbers that are elsewhere, as on a device: from open() to close(), the memory of network and
// optimiser has NaN for everybody but the steps.
template <class T>
class FarSteps final : public networks::Steps<T> {
 public:
  using typename networks::Steps<T>::Loss, typename networks::Steps<T>::Report;

  // lost: close() then has no numbers to give back.
  FarSteps(const networks::Learner<T>& learner, const bool& lost)
      : inner_(networks::make_steps(learner)), near_(learner.network.memory()), lost_(lost) {
    for (const std::span<T> numbers : learner.optimizer.moments()) near_.push_back(numbers);
    far_.resize(near_.size());
  }

  void open() override {
    opened_.clear();
    for (std::size_t at = 0; at < near_.size(); ++at) {
      opened_.emplace_back(near_[at].begin(), near_[at].end());
      far_[at].assign(near_[at].size(), std::numeric_limits<T>::quiet_NaN());
    }
    exchange();
    far_ = opened_;
  }
  bool close() override {
    exchange();
    if (!lost_) return true;
    far_ = std::move(opened_);
    exchange();
    return false;
  }
  Status take(Rows rows, std::uint64_t step, double share, const Context& context, Loss& loss,
              Report& report) override {
    const Exchanged near(*this);
    LossFromFar far(*this, loss);
    return inner_->take(rows, step, share, context, far, report);
  }

 private:
  // While it lives, the numbers are elsewhere, or where the steps of the CPU look for them: the other way than before.
  struct Exchanged {
    explicit Exchanged(FarSteps& steps_) : steps(steps_) { steps.exchange(); }
    ~Exchanged() { steps.exchange(); }
    FarSteps& steps;
  };
  // The training finds no numbers while it evaluates its loss.
  struct LossFromFar final : Loss {
    LossFromFar(FarSteps& steps_, Loss& loss_) : steps(steps_), loss(loss_) {}
    Status differentiate(MatrixView<T> logits, const Context& context, std::span<T> gradient) override {
      const Exchanged far(steps);
      return loss.differentiate(logits, context, gradient);
    }
    FarSteps& steps;
    Loss& loss;
  };
  void exchange() {
    for (std::size_t at = 0; at < near_.size(); ++at)
      std::swap_ranges(near_[at].begin(), near_[at].end(), far_[at].begin());
  }

  std::unique_ptr<networks::Steps<T>> inner_;
  std::vector<std::span<T>> near_;
  std::vector<std::vector<T>> far_, opened_;
  const bool& lost_;
};

class ReferenceBackend : public Backend {
 public:
  const char* device() const override { return "reference"; }

  Status measure(AnyMatrix features, const MeasureOptions& options, Storage storage, Precision precision,
                 const Context&, AffinityPtr& out) const override {
    const affinity::Measure* const measure = affinity::find_measure(options.kind, options.name);
    if (measure == nullptr) return {Code::kOutOfRange, explain("kernel", "a known name", quote(options.name))};
    const std::vector<std::vector<Long>> x = samples_of(features);
    const double standard =
        measure->traits.default_gamma > 0 ? measure->traits.default_gamma : 1 / static_cast<double>(x[0].size());
    const double gamma = options.median_gamma ? median_gamma(x, *measure) : options.gamma.value_or(standard);
    const affinity::Coefficients coefficients{gamma, options.degree.value_or(3), options.coef0.value_or(1)};
    std::vector<double> entries;
    for (std::size_t i = 0; i < x.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j)
        entries.push_back(static_cast<double>(definition(*measure, coefficients, x[i], x[j], i == j)));
    return keep({measure->kind, measure->metric, storage, precision}, x.size(), std::move(entries), out);
  }

  Status precomputed(AnyMatrix matrix, Kind kind, bool metric, Precision precision, const Context&,
                     AffinityPtr& out) const override {
    const std::vector<std::vector<Long>> given = samples_of(matrix);
    std::vector<double> entries;
    for (std::size_t i = 0; i < given.size(); ++i)
      for (std::size_t j = 0; j < given.size(); ++j) {
        const auto mean = static_cast<double>((given[i][j] + given[j][i]) / 2);
        entries.push_back(kind == Kind::kKernel ? mean : i == j ? 0 : std::max(0.0, mean));
      }
    return keep({kind, metric && kind == Kind::kDistance, Storage::kDense, precision}, given.size(), std::move(entries),
                out);
  }

  Status hops(const Affinity& distances, const HopOptions& options, const Context&, HopReport& report,
              AffinityPtr& out) const override {
    const std::size_t n = distances.size();
    std::vector<double> all(n * n);
    for (std::size_t i = 0; i < n; ++i) distances.entries(i, {nullptr, n}, all.data() + i * n);
    if (!options.neighbors) report.threshold = options.threshold.value_or(quantile(all, options.quantile));
    const Lists graph = options.neighbors ? nearest(all, n, *options.neighbors) : closer(all, n, report.threshold);
    for (const auto& list : graph) report.edges += list.size();
    if (report.edges == 0 && n > 1) return {Code::kOutOfRange, "quantile: no pair is connected"};
    std::vector<double> hops = floyd_warshall(graph);
    const double far = options.disconnected.value_or(2.0 * static_cast<double>(n));
    for (double& each : hops) {
      if (each == kFar) report.connected = false;
      else report.longest = std::max(report.longest, static_cast<std::size_t>(each));
      if (each == kFar) each = static_cast<float>(far);
    }
    const bool metric = report.connected || 2 * far >= static_cast<double>(report.longest);
    return keep({Kind::kDistance, metric, Storage::kDense, Precision::kFloat32}, n, std::move(hops), out);
  }

  std::unique_ptr<networks::Steps<float>> steps(const networks::Learner<float>& learner) const override {
    return std::make_unique<FarSteps<float>>(learner, lost);
  }
  std::unique_ptr<networks::Steps<double>> steps(const networks::Learner<double>& learner) const override {
    return std::make_unique<FarSteps<double>>(learner, lost);
  }

  bool lost = false;  // the device, at the end of an epoch

 private:
  static Status keep(const Traits& traits, std::size_t n, std::vector<double> entries, AffinityPtr& out) {
    for (const double entry : entries)
      if (!std::isfinite(entry)) return not_finite();
    out = std::make_shared<ReferenceAffinity>(traits, n, std::move(entries));
    return Status::ok();
  }

  static std::vector<std::vector<Long>> samples_of(AnyMatrix matrix) {
    return std::visit(
        [](const auto& view) {
          std::vector<std::vector<Long>> rows;
          for (std::size_t i = 0; i < view.rows; ++i) rows.emplace_back(view.row(i), view.row(i) + view.columns);
          return rows;
        },
        matrix);
  }

  // Of the pairs that differ; measured.cpp has the definition.
  static double median_gamma(const std::vector<std::vector<Long>>& x, const affinity::Measure& measure) {
    const auto reduce = measure.reduction == affinity::Reduction::kManhattan    ? manhattan
                        : measure.reduction == affinity::Reduction::kChiSquared ? chi_squared
                                                                                : squared;
    std::vector<double> differences;
    for (std::size_t i = 0; i < x.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (const auto each = static_cast<double>(reduce(x[i], x[j])); each > 0) differences.push_back(each);
    std::sort(differences.begin(), differences.end());
    const double factor = measure.reduction == affinity::Reduction::kSquaredEuclidean ? 2 : 1;
    return 1 / (factor * differences[differences.size() / 2]);
  }

  static double quantile(std::vector<double> all, double q) {
    std::sort(all.begin(), all.end());
    const double position = q * static_cast<double>(all.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const double share = position - static_cast<double>(below);
    return share > 0 ? all[below] + share * (all[below + 1] - all[below]) : all[below];
  }

  static Lists closer(const std::vector<double>& all, std::size_t n, double threshold) {
    Lists before(n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (all[i * n + j] < threshold) before[i].push_back(static_cast<std::int32_t>(j));
    return before;
  }

  static Lists nearest(const std::vector<double>& all, std::size_t n, std::size_t count) {
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    for (std::size_t i = 0; i < n; ++i) {
      std::vector<std::size_t> others(n);
      std::iota(others.begin(), others.end(), 0);
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
      std::stable_sort(others.begin(), others.end(),
                       [&](std::size_t a, std::size_t b) { return all[i * n + a] < all[i * n + b]; });
      for (std::size_t r = 0; r < count; ++r) pairs.emplace_back(i, others[r]);
    }
    return neighbors_before(n, pairs);
  }
};

inline const Backend& reference_backend() {
  static const ReferenceBackend backend;
  return backend;
}

}  // namespace genmi::test
