// The backend of the plugin for CUDA over emulated kernels.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "../emulated.h"
#include "backend/device.h"
#include "runtime.h"

extern "C" const GenmiDeviceTable* genmi_device_table(std::uint32_t version);

namespace genmi::test {

inline const GenmiDeviceTable& emulated_table() { return *genmi_device_table(GENMI_DEVICE_TABLE_VERSION); }

inline GenmiDevice* emulated_device(std::size_t most_bytes = 0) {
  GenmiDevice* device = nullptr;
  EXPECT_EQ(emulated_table().open(&device).call, nullptr);
  emulated_table().limit(device, most_bytes);
  return device;
}

using cuda::emulated::begin_record;
using cuda::emulated::Record;
using cuda::emulated::record;

// Nothing is left of a test that has begun to record.
class EmulatedDevice : public testing::Test {
 protected:
  void SetUp() override {
    begin_record();
    live_ = record().live;
  }
  void expect_clean() const {
    EXPECT_EQ(record().live, live_);
    EXPECT_EQ(record().mistakes, std::vector<std::string>{});
  }

 private:
  std::size_t live_ = 0;  // of the device that backend_test.cpp uses
};

inline std::size_t launches() {
  const Record all = record();
  return static_cast<std::size_t>(std::count(all.calls.begin(), all.calls.end(), "launch"));
}

using cuda::test::frees;

}  // namespace genmi::test
