#include "transport/turned.h"

#include <algorithm>
#include <utility>

#include "simd/kernels.h"

namespace genmi::transport {
namespace {

constexpr std::size_t kMostColumns = simd::kPadding / 2;  // padding makes rows of these at least twice as long
constexpr std::size_t kRowsPerColumn = 16;
constexpr std::size_t kLeastRows = 256;  // fewer take no time either way

}  // namespace

bool is_thin(std::size_t rows, std::size_t columns) {
  return columns <= kMostColumns && rows >= kLeastRows && rows >= kRowsPerColumn * columns;
}

// In tiles of rows, which stay in the cache.
std::vector<double> transposed(MatrixView<double> matrix) {
  constexpr std::size_t kTile = 64;
  std::vector<double> entries(matrix.rows * matrix.columns);
  for (std::size_t i0 = 0; i0 < matrix.rows; i0 += kTile)
    for (std::size_t j = 0; j < matrix.columns; ++j)
      for (std::size_t i = i0; i < std::min(i0 + kTile, matrix.rows); ++i) entries[j * matrix.rows + i] = matrix(i, j);
  return entries;
}

void turn(double scale, Result& result) {
  std::swap(result.u, result.v);
  result.cost *= scale;
  result.certificate.gap *= scale;
  for (PlanEntry& entry : result.plan) entry = {entry.target, entry.source, scale * entry.mass};
}

}  // namespace genmi::transport
