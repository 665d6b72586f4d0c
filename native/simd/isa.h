// The instruction sets that vector kernels are compiled for, and the choice among those that run here.
//
// The choice reads CPUID itself. The compiler's __builtin_cpu_supports is always false under zig, which makes the
// prebuilt binaries, and would silently leave the best instruction set unused.
#pragma once

#include <optional>
#include <string_view>

namespace genmi::simd {

// From the least to the best. Every processor that the program is compiled for has the baseline: SSE2 on x86-64. On
// 64-bit Arm it is NEON, and there is no other.
enum class Isa { kBaseline, kAvx2, kAvx512 };
inline constexpr Isa kAllIsas[] = {Isa::kBaseline, Isa::kAvx2, Isa::kAvx512};

// Whether this processor and its operating system can run an instruction set.
bool is_supported(Isa isa);

// The best supported instruction set.
Isa best_isa();

// The instruction set of a new environment, and of a Context that names none: the best, or a lesser one that the
// environment variable GENMI_ISA names. Transport kernels give the same bits on every instruction set. Other kernels
// differ by rounding where a product and a sum are fused.
Isa default_isa();
// For tests, which have no environment.
void set_default_isa(Isa isa);

// The name in GENMI_ISA if that does not run here; else null. The best is used in its place, and the addon must report
// the name.
const char* refused_isa();

// "baseline" (on 64-bit Arm "neon"), "avx2" or "avx512".
const char* name_of(Isa isa);

// The instruction set with this name, supported or not. "baseline" names the baseline on every processor.
std::optional<Isa> isa_named(std::string_view name);

}  // namespace genmi::simd
