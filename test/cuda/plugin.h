// The plugin's table over a runtime that records calls and lets one of them fail. Nothing here has run on a GPU.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "emulated.h"
#include "genmi/device_table.h"

extern "C" const GenmiDeviceTable* genmi_device_table(std::uint32_t version);

namespace genmi::cuda::test {
inline const GenmiDeviceTable& table() { return *genmi_device_table(GENMI_DEVICE_TABLE_VERSION); }

struct Close {
  void operator()(GenmiDevice* device) const { table().close(device); }
  void operator()(GenmiMatrix* matrix) const { table().release(matrix); }
  void operator()(GenmiEntries* entries) const { table().release_entries(entries); }
  void operator()(GenmiTraining* training) const { table().release_training(training); }
};
using DevicePtr = std::unique_ptr<GenmiDevice, Close>;
using MatrixPtr = std::unique_ptr<GenmiMatrix, Close>;
using EntriesPtr = std::unique_ptr<GenmiEntries, Close>;
using TrainingPtr = std::unique_ptr<GenmiTraining, Close>;

// Keeps the first failure of a sequence of calls.
struct Calls {
  GenmiFailure failure = {};

  bool operator()(GenmiFailure one) {
    if (one.call == nullptr) return true;
    failure = one;
    return false;
  }
};

inline DevicePtr open(Calls& calls, std::size_t most_bytes = 0) {
  GenmiDevice* device = nullptr;
  if (!calls(table().open(&device))) return nullptr;
  table().limit(device, most_bytes);
  return DevicePtr(device);
}

// No leak, no double free, nothing that is used too late.
inline void expect_clean() {
  const emulated::Record record = emulated::record();
  EXPECT_EQ(record.live, 0u);
  EXPECT_EQ(record.live_bytes, 0u);
  EXPECT_EQ(record.mistakes, std::vector<std::string>{});
}

}  // namespace genmi::cuda::test
