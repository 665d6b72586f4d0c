// Distances to near samples, exact, without a matrix of all distances.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "genmi/context.h"
#include "genmi/matrix.h"
#include "genmi/status.h"

namespace genmi {

using NumbersOrBytes = std::variant<MatrixView<float>, MatrixView<double>, MatrixView<std::uint8_t>>;

// Writes the Euclidean distance of each of N samples to its k-th nearest other sample, 1 <= k < N: 0 where k others are
// equal to it. Entries are as exact as those of a distance in the precision of x, bytes in float32.
// Cost: N^2 d / 2; about N^2 54, and d for each pair that remains, where projections tell most pairs apart
// (affinity/principal_projections.h). Memory: a copy of x, N k numbers with the samples they belong to, and at most
// 192 N float32 numbers for projections. The same bits for any number of threads. Errors: kOutOfRange
// for N <= k, for numbers that are not finite, and for distances that overflow; kAborted.
Status kth_neighbor_distances(NumbersOrBytes x, std::size_t k, const Context& context, std::span<double> out);

}  // namespace genmi
