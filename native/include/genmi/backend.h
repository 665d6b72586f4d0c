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

// The backend of an environment, and why it is in use: part of info(). Both live as long as the environment; an
// affinity may live longer, and holds what it needs of the device.
struct BackendChoice {
  const Backend* backend;
  const char* reason;
};

// What 'auto' chooses.
BackendChoice automatic_backend();
// device: 'auto', or the name of a backend. kUnavailable, and `choice` stays, for a backend that is not there.
Status choose_backend(const std::string& device, BackendChoice& choice);

}  // namespace genmi
