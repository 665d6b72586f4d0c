// The instruction sets that vector kernels are compiled for, and which of them runs here.
//
// Each is chosen by our own look at CPUID: a compiler's own (__builtin_cpu_supports) is always false under zig, with
// which prebuilt binaries are made, and would silently leave the machine's best unused.
#pragma once

#include <optional>
#include <string_view>

namespace genmi::simd {

// From the least to the best. The baseline is what every processor has that this was compiled for: SSE2 on x86-64, and
// on 64-bit Arm NEON, which is all there is.
enum class Isa { kBaseline, kAvx2, kAvx512 };
inline constexpr Isa kAllIsas[] = {Isa::kBaseline, Isa::kAvx2, Isa::kAvx512};

// Whether this processor and its operating system can run it.
bool is_supported(Isa isa);

// The best that is supported.
Isa best_isa();

// The one that an environment begins with, and a Context that names none has: the best, or a lesser one that the
// environment variable GENMI_ISA names. Transport kernels give identical bits on every instruction set; others differ
// by rounding, where a product and a sum are fused.
Isa default_isa();
// For tests, which have no environment.
void set_default_isa(Isa isa);

// What GENMI_ISA names if that does not run here, or null. The best is in use then; who loads this is to say so.
const char* refused_isa();

// "baseline" (on 64-bit Arm "neon"), "avx2" or "avx512".
const char* name_of(Isa isa);

// The one of this name, supported or not; the baseline is "baseline" everywhere.
std::optional<Isa> isa_named(std::string_view name);

}  // namespace genmi::simd
