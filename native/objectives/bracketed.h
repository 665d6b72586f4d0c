// Pairs as messages write them.
#pragma once

#include <cstdint>
#include <string>

namespace genmi::objectives {

inline std::string bracketed(std::int64_t first, std::int64_t second) {
  return std::string(1, '[').append(std::to_string(first)).append(", ").append(std::to_string(second)).append(1, ']');
}

}  // namespace genmi::objectives
