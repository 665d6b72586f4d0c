// How much work a test does. Under sanitizers and emulators all work takes ten times as long.
#pragma once

namespace genmi::test {

#if defined(GENMI_EMULATED) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
inline constexpr bool kExhaustive = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kExhaustive = false;
#else
inline constexpr bool kExhaustive = true;
#endif
#else
inline constexpr bool kExhaustive = true;
#endif

}  // namespace genmi::test
