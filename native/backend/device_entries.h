// Entries of affinities by a device, from features that the CPU has made ready.
#pragma once

#include "affinity/entry_maker.h"
#include "backend/device.h"

namespace genmi {

class DeviceEntries final : public affinity::EntryMaker {
 public:
  explicit DeviceEntries(const DevicePtr& device) : device_(*device) {}

  Status make(const affinity::PairEntries<float>& pairs, const Context& context, const affinity::TakeRows<float>& take,
              bool& made) const override;
  Status make(const affinity::PairEntries<double>& pairs, const Context& context,
              const affinity::TakeRows<double>& take, bool& made) const override;

 private:
  OpenDevice& device_;
};

}  // namespace genmi
