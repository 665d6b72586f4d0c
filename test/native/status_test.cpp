// Numbers in messages are written as JavaScript writes them.
#include "genmi/status.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>

namespace genmi {
namespace {

// Texts are those of JavaScript's String(number).
TEST(Format, WritesNumbersAsJavaScriptDoes) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::pair<double, const char*> cases[] = {
      {0.0, "0"},
      {-0.0, "0"},
      {1.0, "1"},
      {-1.5, "-1.5"},
      {0.1, "0.1"},
      {0.1 + 0.2, "0.30000000000000004"},
      {1.0 / 3.0, "0.3333333333333333"},
      {100000.0, "100000"},
      {123456.789, "123456.789"},
      {9007199254740991.0, "9007199254740991"},
      {1e20, "100000000000000000000"},
      {1e21, "1e+21"},
      {-1.25e100, "-1.25e+100"},
      {1e-6, "0.000001"},
      {1e-7, "1e-7"},
      {1.5e-7, "1.5e-7"},
      {-123e-20, "-1.23e-18"},
      {std::numeric_limits<double>::max(), "1.7976931348623157e+308"},
      {std::numeric_limits<double>::min(), "2.2250738585072014e-308"},
      {std::numeric_limits<double>::denorm_min(), "5e-324"},
      {static_cast<double>(0.1f), "0.10000000149011612"},
      {std::nan(""), "NaN"},
      {infinity, "Infinity"},
      {-infinity, "-Infinity"},
  };
  for (const auto& [value, text] : cases) EXPECT_EQ(format(value), text);
}

}  // namespace
}  // namespace genmi
