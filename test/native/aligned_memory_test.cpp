// Memory for vectors: its alignment, and that all of it can be used.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "genmi/aligned_vector.h"
#include "genmi/workspace.h"

namespace genmi {
namespace {

TEST(AlignedMemory, IsAlignedAndCanBeUsedToItsEnd) {
  for (const std::size_t bytes : {1ul, 128ul, 4096ul, 2 * kLargePage - 1, 2 * kLargePage, 3 * kLargePage + 12345}) {
    AlignedVector<std::uint8_t> memory(bytes, 1);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % 128, 0u) << bytes;
    EXPECT_EQ(std::count(memory.begin(), memory.end(), 1), static_cast<std::ptrdiff_t>(bytes));
  }
}

TEST(AlignedMemory, OfAWorkspaceCanBeTakenAgain) {
  Workspace workspace;
  for (int call = 0; call < 3; ++call) {
    const Workspace::Frame frame(workspace);
    for (const std::size_t count : {std::size_t{100}, kLargePage, 40 * kLargePage}) {
      const auto numbers = workspace.take_zeroed<std::uint8_t>(count);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(numbers.data()) % 64, 0u);
      EXPECT_EQ(numbers.back(), 0);
    }
  }
}

}  // namespace
}  // namespace genmi
