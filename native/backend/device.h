// The backend of a plugin (genmi/device_table.h). The device makes stored entries (device_entries.h), hops
// (device_hops.h) and steps of trainings (device_steps.h). The CPU keeps the entries or features of every affinity. For
// products, all that the maximum mean discrepancy asks of them, the device has a copy of stored kernels, and the
// features of Gaussian kernels that are not stored. Transport stays on the CPU.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "genmi/backend.h"
#include "genmi/device_table.h"

namespace genmi {

// The error of a failed call.
Status device_failure(const GenmiFailure& failure);

// A device that was opened, for its backend and its affinities.
struct OpenDevice {
  const GenmiDeviceTable& table;  // its plugin is never closed
  GenmiDevice* handle;
  std::atomic<bool> falls_back;  // what its memory does not hold stays on the CPU; otherwise it is an error
  std::atomic<bool> fell_back = false;

  OpenDevice(const GenmiDeviceTable& its_table, GenmiDevice* its_handle, bool may_fall_back)
      : table(its_table), handle(its_handle), falls_back(may_fall_back) {}
  ~OpenDevice() { table.close(handle); }
  OpenDevice(const OpenDevice&) = delete;
  OpenDevice& operator=(const OpenDevice&) = delete;
};

using DevicePtr = std::shared_ptr<OpenDevice>;

// Gives what a device has made back to its plugin.
template <class Handle, void (*GenmiDeviceTable::*release)(Handle*)>
struct Release {
  const GenmiDeviceTable* table;
  void operator()(Handle* handle) const { (table->*release)(handle); }
};
template <class Handle, void (*GenmiDeviceTable::*release)(Handle*)>
using HandlePtr = std::unique_ptr<Handle, Release<Handle, release>>;

// Whether the CPU does the work of a failed call.
bool falls_back(OpenDevice& device, const GenmiFailure& failure);

class DeviceBackend final : public Backend {
 public:
  // Takes `device`, which is closed after the backend and its affinities.
  DeviceBackend(const GenmiDeviceTable& table, GenmiDevice* device, bool falls_back)
      : device_(std::make_shared<OpenDevice>(table, device, falls_back)) {}

  const char* name() const { return device_->table.name(device_->handle); }
  void set_falling_back(bool falls_back) { device_->falls_back = falls_back; }
  // Whether it has fallen back once.
  bool fell_back() const { return device_->fell_back; }
  void limit_memory(std::size_t most_bytes) { device_->table.limit(device_->handle, most_bytes); }
  std::size_t memory() const { return device_->table.bytes(device_->handle); }

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
  DevicePtr device_;
};

}  // namespace genmi
