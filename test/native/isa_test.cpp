#include "simd/isa.h"

#include <gtest/gtest.h>

namespace genmi::simd {
namespace {

TEST(Isas, AreFoundByTheirNames) {
  for (const Isa isa : kAllIsas) EXPECT_EQ(isa_named(name_of(isa)), isa);
  EXPECT_EQ(isa_named("baseline"), Isa::kBaseline);
  EXPECT_EQ(isa_named("auto"), std::nullopt);
  EXPECT_EQ(isa_named(""), std::nullopt);
}

TEST(Isas, AreSupportedUpToTheBest) {
  EXPECT_TRUE(is_supported(Isa::kBaseline));
  EXPECT_TRUE(is_supported(active_isa()));
  for (const Isa isa : kAllIsas) EXPECT_EQ(is_supported(isa), isa <= best_isa()) << name_of(isa);
}

TEST(Isas, AreThoseOfTheProcessor) {
#if defined(__aarch64__)
  EXPECT_STREQ(name_of(best_isa()), "neon");
  EXPECT_FALSE(is_supported(Isa::kAvx2));
  EXPECT_FALSE(is_supported(Isa::kAvx512));
#else
  EXPECT_STREQ(name_of(Isa::kBaseline), "baseline");
  EXPECT_EQ(isa_named("neon"), std::nullopt);
#endif
}

}  // namespace
}  // namespace genmi::simd
