// Thin costs, of many sources and few targets, held with rows and columns exchanged.
//
// Rows of costs are padded for the kernels, and each row is a call of one: 256,000 rows of one number are 32 times as
// much work as one row of 256,000. The exchanged problem has the same optimum, and u and v exchanged.
#pragma once

#include <cstddef>
#include <vector>

#include "genmi/matrix.h"
#include "genmi/transport.h"

namespace genmi::transport {

// Whether costs of so many rows and columns are solved sooner with both exchanged.
bool is_thin(std::size_t rows, std::size_t columns);

std::vector<double> transposed(MatrixView<double> matrix);

// Makes the result of the exchanged problem that of the caller's, whose masses are `scale` times as large. The plan
// is out of order afterwards.
void turn(double scale, Result& result);

}  // namespace genmi::transport
