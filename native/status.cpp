#include "genmi/status.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace genmi {

namespace {
// JavaScript writes 10^e without an exponent for these e.
constexpr int kLeastFixed = -6, kLargestFixed = 20;
}  // namespace

std::string format(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (value == 0) return "0";
  // The fewest digits that read back as this number. std::to_chars finds them too, by 130 KB of tables.
  char text[40];
  int decimals = 0;
  do std::snprintf(text, sizeof text, "%.*e", decimals, value);
  while (std::strtod(text, nullptr) != value && ++decimals < std::numeric_limits<double>::max_digits10);
  char* const e = std::strchr(text, 'e');
  const int exponent = std::atoi(e + 1);
  if (exponent < kLeastFixed || exponent > kLargestFixed) std::snprintf(e, text + sizeof text - e, "e%+d", exponent);
  else std::snprintf(text, sizeof text, "%.*f", std::max(decimals - exponent, 0), value);
  return text;
}

std::string quote(const std::string& name) { return std::string(1, '\'').append(name).append(1, '\''); }

std::string explain(const std::string& argument, const std::string& expected, const std::string& received,
                    const std::string& remedy) {
  std::string text = argument + ": expected " + expected + ", received " + received;
  return remedy.empty() ? text : text + "; " + remedy;
}

}  // namespace genmi
