// A backend computes affinities and the steps of trainings, on the CPU or on a device. Rooms use both by their
// interfaces, and cannot tell which backend has made them. Each JavaScript environment chooses its own.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "genmi/affinity.h"
#include "genmi/context.h"
#include "genmi/hop_distance.h"
#include "genmi/matrix.h"
#include "genmi/measured.h"
#include "genmi/status.h"

namespace genmi {

namespace networks {
template <class T>
struct Learner;
template <class T>
class Steps;
}  // namespace networks

class Backend {
 public:
  // Its name in config({ device }).
  virtual const char* device() const = 0;

  // As measure_affinity() of measured.h, precomputed_affinity() of precomputed.h and hop_affinity() of hop_distance.h:
  // entries equal up to rounding, the same errors. hops() takes distances of any backend.
  virtual Status measure(AnyMatrix features, const MeasureOptions& options, Storage storage, Precision precision,
                         const Context& context, AffinityPtr& out) const = 0;
  // The same over bytes, whose numbers are rounded to `precision`. The affinity may keep bytes: those of `owner`, who
  // frees them, or a copy where there is none. By default it is measure() of the numbers.
  virtual Status measure_bytes(const Bytes& features, std::shared_ptr<const void> owner, const MeasureOptions& options,
                               Storage storage, Precision precision, const Context& context, AffinityPtr& out) const;
  virtual Status precomputed(AnyMatrix matrix, Kind kind, bool metric, Precision precision, const Context& context,
                             AffinityPtr& out) const = 0;
  virtual Status hops(const Affinity& distances, const HopOptions& options, const Context& context, HopReport& report,
                      AffinityPtr& out) const = 0;

  // The steps of a training: native/networks/steps.h.
  virtual std::unique_ptr<networks::Steps<float>> steps(const networks::Learner<float>& learner) const = 0;
  virtual std::unique_ptr<networks::Steps<double>> steps(const networks::Learner<double>& learner) const = 0;

 protected:
  ~Backend() = default;  // not by whoever uses it
};

// A device that fails where no Status can be returned: in the entries, blocks or products of an affinity, or in a step.
// It leaves the rooms as std::bad_alloc does: no result is written, and the binding makes an error of it.
class DeviceFailure : public std::exception {
 public:
  explicit DeviceFailure(Status status) : status_(std::move(status)) {}
  const Status& status() const { return status_; }
  const char* what() const noexcept override { return status_.message().c_str(); }

 private:
  Status status_;
};

class DeviceBackend;

// The backends of an environment, which live as long as it does, and the one in use. An affinity may live longer, and
// holds what it needs of the device. Calls come from one thread.
class BackendChoice {
 public:
  // The file of a plugin (genmi/device_table.h), to open where a device is asked for; why there is none, if it is
  // empty.
  void offer(std::string plugin, std::string absence);
  // device: 'auto', or the name of a backend. kUnavailable, and the choice stays, for a backend that is not there.
  Status choose(const std::string& device);
  // What is in use. The first call chooses 'auto' if nothing was chosen.
  const Backend& backend();
  // Why, for info().
  std::string reason() const;
  // Of the device's memory: how much may be held, 0 for no limit; how much is held.
  void limit_memory(std::size_t most_bytes);
  std::size_t memory() const;

 private:
  std::string plugin_, absence_, reason_;
  std::size_t most_bytes_ = 0;
  std::shared_ptr<DeviceBackend> device_;  // once a choice has opened it
  const Backend* backend_ = nullptr;
};

}  // namespace genmi
