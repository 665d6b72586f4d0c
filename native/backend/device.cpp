#include "backend/device.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "affinity/centred_product.h"
#include "affinity/centred_rows.h"
#include "affinity/entry_maker.h"
#include "affinity/measures.h"
#include "affinity/sample_features.h"
#include "backend/device_entries.h"
#include "backend/device_hops.h"
#include "backend/device_steps.h"
#include "simd/panels.h"

namespace genmi {
namespace {

using affinity::CentredProduct;
using simd::place_in_panels;

using MatrixPtr = HandlePtr<GenmiMatrix, &GenmiDeviceTable::release>;

// A kernel on the CPU, and on the device what products need of it.
class DeviceAffinity final : public Affinity, public CentredProduct {
 public:
  DeviceAffinity(AffinityPtr near, DevicePtr device, MatrixPtr matrix)
      : Affinity(near->size(), near->kind(), near->metric()),
        CentredProduct(static_cast<const Affinity&>(*this)),
        near_(std::move(near)),
        device_(std::move(device)),
        matrix_(std::move(matrix)) {}

  Storage storage() const override { return near_->storage(); }
  Precision precision() const override { return near_->precision(); }
  std::size_t bytes() const override { return near_->bytes(); }
  double entry_operations() const override { return near_->entry_operations(); }
  const CentredProduct& products() const override { return *this; }
  void entries(std::size_t i, Rows columns, double* out) const override { near_->entries(i, columns, out); }
  void block(Rows rows, Rows columns, double* out, const Job* job) const override {
    near_->block(rows, columns, out, job);
  }
  void submatrix(Rows rows, const Context& context, double* out) const override {
    near_->submatrix(rows, context, out);
  }
  void submatrix(Rows rows, const Context& context, float* out, std::size_t stride) const override {
    near_->submatrix(rows, context, out, stride);
  }
  double product_operations(double n, double k) const override { return near_->products().product_operations(n, k); }
  double product_bytes(double n) const override { return near_->products().product_bytes(n); }
  void centred_product(Rows rows, const float* v, std::size_t k, const Context& context, float* out) const override {
    multiply(Precision::kFloat32, rows, v, k, context, out);
  }
  void centred_product(Rows rows, const double* v, std::size_t k, const Context& context, double* out) const override {
    multiply(Precision::kFloat64, rows, v, k, context, out);
  }

 private:
  template <class T>
  void multiply(Precision precision, Rows rows, const T* v, std::size_t k, const Context& context, T* out) const {
    if (precision != near_->precision()) return near_->products().centred_product(rows, v, k, context, out);
    const Workspace::Frame frame(context.workspace);
    const std::size_t n = rows.count;
    const std::span<T> given = context.workspace.take<T>(n * k), made = context.workspace.take<T>(n * k);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t c = 0; c < k; ++c) given[i * k + c] = v[place_in_panels(i, c, k)];
    const GenmiFailure failure = device_->table.multiply(matrix_.get(), rows.index, n, given.data(), k, made.data());
    if (failure.call != nullptr) {
      if (!falls_back(*device_, failure)) throw DeviceFailure(device_failure(failure));
      return near_->products().centred_product(rows, v, k, context, out);
    }
    std::fill_n(out, simd::panel_size(n, k), T{0});
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t c = 0; c < k; ++c) out[place_in_panels(i, c, k)] = made[i * k + c];
  }

  AffinityPtr near_;
  DevicePtr device_;
  MatrixPtr matrix_;
};

// What a device may be given of an affinity: a matrix, null where the affinity stays on the CPU, or a failure.
struct Copy {
  GenmiFailure failure = {};
  MatrixPtr matrix;
};

// Centred entries, a few rows at a time.
template <class T>
Copy copy_entries(const OpenDevice& device, const Affinity& near, const Context& context) {
  const Workspace::Frame frame(context.workspace);
  const std::size_t n = near.size(), rows = affinity::kMadeRows;
  Copy copy{{}, MatrixPtr(nullptr, {&device.table})};
  GenmiMatrix* matrix = nullptr;
  copy.failure = device.table.create(device.handle, n, sizeof(T), &matrix);
  copy.matrix.reset(matrix);
  if (copy.failure.call != nullptr) return copy;
  const affinity::CentredRows<T> centred(near, {nullptr, n}, context);
  const std::span<double> scratch = context.workspace.take<double>(rows * n);
  const std::span<T> made = context.workspace.take<T>(rows * n);
  for (std::size_t first = 0; first < n && copy.failure.call == nullptr && !context.cancelled(); first += rows) {
    const std::size_t count = std::min(rows, n - first);
    centred.read(first, count, scratch.data(), made.data(), n);
    copy.failure = device.table.write(copy.matrix.get(), first, count, made.data());
  }
  return copy;
}

// The mean entry among some landmarks.
double typical_entry(const Affinity& near) {
  const std::vector<std::int32_t> some = affinity::evenly_spread(near.size(), affinity::kLandmarks);
  std::vector<double> entries(some.size() * some.size());
  near.block({some.data(), some.size()}, {some.data(), some.size()}, entries.data());
  double mean = 0;
  for (const double each : entries) mean += each / static_cast<double>(entries.size());
  return mean;
}

// Features of a Gaussian kernel. Those that float32 would round stay on the CPU, which keeps them as they are given; so
// does a width that the device's precision does not hold.
template <class T>
Copy copy_features(const OpenDevice& device, AnyMatrix given, const affinity::Measure& measure, double gamma,
                   const Affinity& near, const Context& context) {
  const affinity::SampleFeatures<T> features(given, measure, context);
  const double own_gamma = std::ldexp(gamma, 2 * features.exponent);
  Copy copy{{}, MatrixPtr(nullptr, {&device.table})};
  if (context.cancelled() || !features.given.empty() || !std::isnormal(static_cast<T>(own_gamma))) return copy;
  const std::size_t n = features.size, d = features.columns;
  GenmiMatrix* made = nullptr;
  copy.failure = device.table.create_rbf(device.handle, n, d, sizeof(T), own_gamma, typical_entry(near), &made);
  copy.matrix.reset(made);
  if (copy.failure.call != nullptr) return copy;
  if (features.stride == d) copy.failure = device.table.write(copy.matrix.get(), 0, n, features.rows.data());
  for (std::size_t i = 0; i < n && features.stride != d && copy.failure.call == nullptr; ++i)
    copy.failure = device.table.write(copy.matrix.get(), i, 1, features.row(i));
  return copy;
}

// The affinity of a backend: with its copy, or on the CPU alone.
Status keep(const DevicePtr& device, AffinityPtr near, Copy copy, const Context& context, AffinityPtr& out) {
  if (context.cancelled()) return aborted();
  const bool failed = copy.failure.call != nullptr;
  if (failed && !falls_back(*device, copy.failure)) return device_failure(copy.failure);
  if (failed || !copy.matrix) out = std::move(near);
  else out = std::make_shared<DeviceAffinity>(std::move(near), device, std::move(copy.matrix));
  return Status::ok();
}

Status keep_entries(const DevicePtr& device, AffinityPtr near, const Context& context, AffinityPtr& out) {
  if (near->kind() != Kind::kKernel) {
    out = std::move(near);
    return Status::ok();
  }
  const auto copy = near->precision() == Precision::kFloat32 ? copy_entries<float> : copy_entries<double>;
  Copy made = copy(*device, *near, context);
  return keep(device, std::move(near), std::move(made), context, out);
}

}  // namespace

bool falls_back(OpenDevice& device, const GenmiFailure& failure) {
  if (!failure.out_of_memory || !device.falls_back) return false;
  device.fell_back = true;
  return true;
}

Status device_failure(const GenmiFailure& failure) {
  return {failure.out_of_memory ? Code::kOutOfMemory : Code::kUnavailable,
          explain("device", std::string(failure.call) + "() to succeed", failure.error,
                  "config({ device: 'cpu' }) computes without the device")};
}

Status DeviceBackend::measure(AnyMatrix features, const MeasureOptions& options, Storage storage, Precision precision,
                              const Context& context, AffinityPtr& out) const {
  AffinityPtr near;
  const DeviceEntries entries(device_);
  if (Status status = affinity::measure_affinity_by(&entries, features, options, storage, precision, context, near);
      !status)
    return status;
  if (storage == Storage::kDense) return keep_entries(device_, std::move(near), context, out);
  const affinity::Measure& measure = *affinity::find_measure(options.kind, options.name);
  const bool gaussian = measure.reduction == affinity::Reduction::kSquaredEuclidean &&
                        measure.finish == affinity::Finish::kExponential && !options.median_gamma;
  if (!gaussian) {
    out = std::move(near);
    return Status::ok();
  }
  const std::size_t columns = std::visit([](const auto& view) { return view.columns; }, features);
  const double standard =
      measure.traits.default_gamma > 0 ? measure.traits.default_gamma : 1 / static_cast<double>(columns);
  const double gamma = options.gamma.value_or(standard);
  const auto copy = precision == Precision::kFloat32 ? copy_features<float> : copy_features<double>;
  Copy made = copy(*device_, features, measure, gamma, *near, context);
  return keep(device_, std::move(near), std::move(made), context, out);
}

Status DeviceBackend::precomputed(AnyMatrix matrix, Kind kind, bool metric, Precision precision, const Context& context,
                                  AffinityPtr& out) const {
  AffinityPtr near;
  const Status status = cpu_backend().precomputed(matrix, kind, metric, precision, context, near);
  return status ? keep_entries(device_, std::move(near), context, out) : status;
}

Status DeviceBackend::hops(const Affinity& distances, const HopOptions& options, const Context& context,
                           HopReport& report, AffinityPtr& out) const {
  return affinity::hop_affinity_by(search_hops_on(device_), distances, options, context, report, out);
}

std::unique_ptr<networks::Steps<float>> DeviceBackend::steps(const networks::Learner<float>& learner) const {
  return make_steps(device_, learner);
}
std::unique_ptr<networks::Steps<double>> DeviceBackend::steps(const networks::Learner<double>& learner) const {
  return make_steps(device_, learner);
}

}  // namespace genmi
