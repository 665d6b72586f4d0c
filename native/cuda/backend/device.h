// The backend of a plugin (genmi/device_table.h). It makes affinities on the CPU. For products, all that the maximum
// mean discrepancy asks of them, the device has a copy of stored kernels, and the features of Gaussian kernels that are
// not stored. Distances stay on the CPU, with transport; so do steps of trainings.
#pragma once

#include <memory>

#include "genmi/backend.h"
#include "genmi/device_table.h"

namespace genmi {

// The error of a failed call.
Status device_failure(const GenmiFailure& failure);

class DeviceBackend final : public Backend {
 public:
  // falls_back: what the device's memory does not hold stays on the CPU; otherwise it is an error. The table's plugin
  // is never closed. close() is called for `device` at the end.
  DeviceBackend(const GenmiDeviceTable& table, GenmiDevice* device, bool falls_back)
      : table_(table), device_(device), falls_back_(falls_back) {}
  ~DeviceBackend() { table_.close(device_); }
  DeviceBackend(const DeviceBackend&) = delete;
  DeviceBackend& operator=(const DeviceBackend&) = delete;

  const char* device() const override { return "cuda"; }
  Status measure(AnyMatrix features, const MeasureOptions& options, Storage storage, Precision precision,
                 const Context& context, AffinityPtr& out) const override;
  Status precomputed(AnyMatrix matrix, Kind kind, bool metric, Precision precision, const Context& context,
                     AffinityPtr& out) const override;
  Status hops(const Affinity& distances, const HopOptions& options, const Context& context, HopReport& report,
              AffinityPtr& out) const override;
  std::unique_ptr<networks::Steps<float>> steps(const networks::Learner<float>& learner) const override;
  std::unique_ptr<networks::Steps<double>> steps(const networks::Learner<double>& learner) const override;

 private:
  const GenmiDeviceTable& table_;
  GenmiDevice* device_;
  bool falls_back_;
};

}  // namespace genmi
