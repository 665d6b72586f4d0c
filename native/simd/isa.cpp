#include "simd/isa.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(_M_X64)
#include <intrin.h>
#endif

namespace genmi::simd {
namespace {

#if defined(__aarch64__)
constexpr const char* kBaselineName = "neon";
#else
constexpr const char* kBaselineName = "baseline";
#endif

#if defined(__x86_64__) || defined(_M_X64)

constexpr bool has_bits(std::uint64_t value, std::uint64_t bits) { return (value & bits) == bits; }

constexpr std::uint64_t bit(int position) { return std::uint64_t{1} << position; }

struct CpuId {
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

CpuId cpuid(std::uint32_t leaf) {
  CpuId id;
#if defined(_M_X64) && !defined(__clang__)
  int registers[4];
  __cpuid(registers, 0);
  if (static_cast<std::uint32_t>(registers[0]) < leaf) return id;
  __cpuidex(registers, static_cast<int>(leaf), 0);
  id = {static_cast<std::uint32_t>(registers[0]), static_cast<std::uint32_t>(registers[1]),
        static_cast<std::uint32_t>(registers[2]), static_cast<std::uint32_t>(registers[3])};
#else
  __get_cpuid_count(leaf, 0, &id.eax, &id.ebx, &id.ecx, &id.edx);
#endif
  return id;
}

// The register states that the operating system saves. macOS turns that of AVX-512 on at its first use: such Macs get
// AVX2.
std::uint64_t saved_state() {
#if defined(_M_X64) && !defined(__clang__)
  return _xgetbv(0);
#else
  std::uint32_t low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<std::uint64_t>(high) << 32) | low;
#endif
}

Isa detect() {
  constexpr std::uint64_t kFma = bit(12), kOsSavesState = bit(27), kAvx = bit(28);                        // leaf 1, ecx
  constexpr std::uint64_t kAvx2 = bit(5), kAvx512 = bit(16) | bit(17) | bit(28) | bit(30) | bit(31);      // leaf 7, ebx
  constexpr std::uint64_t kYmmSaved = bit(1) | bit(2), kZmmSaved = kYmmSaved | bit(5) | bit(6) | bit(7);  // XCR0
  const CpuId basic = cpuid(1), extended = cpuid(7);
  if (!has_bits(basic.ecx, kFma | kOsSavesState | kAvx) || !has_bits(extended.ebx, kAvx2)) return Isa::kBaseline;
  const std::uint64_t saved = saved_state();
  if (!has_bits(saved, kYmmSaved)) return Isa::kBaseline;
  return has_bits(extended.ebx, kAvx512) && has_bits(saved, kZmmSaved) ? Isa::kAvx512 : Isa::kAvx2;
}

#else

Isa detect() { return Isa::kBaseline; }

#endif

// The name in GENMI_ISA; null where it is unset, empty or "auto".
const char* wanted_isa() {
  const char* name = std::getenv("GENMI_ISA");
  return name == nullptr || name[0] == '\0' || name == std::string_view("auto") ? nullptr : name;
}

bool is_refused(const char* name) {
  const std::optional<Isa> isa = isa_named(name);
  return !isa || !is_supported(*isa);
}

Isa choose() {
  const char* name = wanted_isa();
  return name == nullptr || is_refused(name) ? best_isa() : *isa_named(name);
}

std::atomic<Isa>& by_default() {
  static std::atomic<Isa> isa{choose()};
  return isa;
}

}  // namespace

Isa best_isa() {
  static const Isa best = detect();
  return best;
}

bool is_supported(Isa isa) { return isa <= best_isa(); }

Isa default_isa() { return by_default().load(std::memory_order_relaxed); }

void set_default_isa(Isa isa) { by_default().store(isa, std::memory_order_relaxed); }

const char* refused_isa() {
  const char* name = wanted_isa();
  return name != nullptr && is_refused(name) ? name : nullptr;
}

const char* name_of(Isa isa) {
  switch (isa) {
    case Isa::kAvx512: return "avx512";
    case Isa::kAvx2: return "avx2";
    case Isa::kBaseline: break;
  }
  return kBaselineName;
}

std::optional<Isa> isa_named(std::string_view name) {
  if (name == "baseline") return Isa::kBaseline;
  for (const Isa isa : kAllIsas)
    if (name == name_of(isa)) return isa;
  return std::nullopt;
}

}  // namespace genmi::simd
