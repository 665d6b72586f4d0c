#include "simd/isa.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace genmi::simd {
namespace {

void set_environment(const char* name, const char* value) {
#ifdef _WIN32
  _putenv_s(name, value);
#else
  setenv(name, value, 1);
#endif
}

TEST(Isas, AreFoundByTheirNames) {
  for (const Isa isa : kAllIsas) EXPECT_EQ(isa_named(name_of(isa)), isa);
  EXPECT_EQ(isa_named("baseline"), Isa::kBaseline);
  EXPECT_EQ(isa_named("auto"), std::nullopt);
  EXPECT_EQ(isa_named(""), std::nullopt);
}

TEST(Isas, AreSupportedUpToTheBest) {
  EXPECT_TRUE(is_supported(Isa::kBaseline));
  EXPECT_TRUE(is_supported(default_isa()));
  for (const Isa isa : kAllIsas) EXPECT_EQ(is_supported(isa), isa <= best_isa()) << name_of(isa);
}

TEST(Isas, OfTheEnvironmentAreRefusedUnlessTheyRunHere) {
  const char* before = std::getenv("GENMI_ISA");
  const std::string kept = before == nullptr ? "" : before;
  for (const char* name : {"avx999", "AVX2", "none"}) {
    set_environment("GENMI_ISA", name);
    EXPECT_STREQ(refused_isa(), name);
  }
  for (const char* name : {"", "auto", "baseline", name_of(best_isa())}) {
    set_environment("GENMI_ISA", name);
    EXPECT_EQ(refused_isa(), nullptr) << name;
  }
  set_environment("GENMI_ISA", kept.c_str());
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
