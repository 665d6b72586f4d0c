// The backend of the plugin for CUDA over emulated kernels.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>

#include "backend/device.h"

extern "C" const GenmiDeviceTable* genmi_device_table(std::uint32_t version);

namespace genmi::test {

inline const GenmiDeviceTable& emulated_table() { return *genmi_device_table(GENMI_DEVICE_TABLE_VERSION); }

inline GenmiDevice* emulated_device(std::size_t most_bytes = 0) {
  GenmiDevice* device = nullptr;
  EXPECT_EQ(emulated_table().open(&device).call, nullptr);
  emulated_table().limit(device, most_bytes);
  return device;
}

}  // namespace genmi::test
