// The limits of the machine. Compiled for the processor that runs it, unlike genmi.
#pragma once

#include <cstddef>

#include "genmi/context.h"

namespace genmi::bench {

// Bytes a second that the machine reads from a buffer of this many bytes.
double read_limit(std::size_t bytes, double budget, const Context& context);

// Operations a second of independent fused multiply-adds, each counted as two.
template <class T>
double multiply_add_peak(double budget, const Context& context);

}  // namespace genmi::bench
