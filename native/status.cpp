#include "genmi/status.h"

#include <charconv>
#include <cmath>

namespace genmi {

std::string format(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string quote(const std::string& name) { return std::string(1, '\'').append(name).append(1, '\''); }

std::string explain(const std::string& argument, const std::string& expected, const std::string& received,
                    const std::string& remedy) {
  std::string text = argument + ": expected " + expected + ", received " + received;
  return remedy.empty() ? text : text + "; " + remedy;
}

}  // namespace genmi
