// Affinities from a matrix that the caller computed.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "affinity/dense_affinity.h"
#include "affinity/landmarks.h"
#include "genmi/affinity.h"

namespace genmi {
namespace {

// How far from symmetric a matrix may be, relative to its largest entry: what rounding does to the usual
// |x|^2 + |y|^2 - 2 <x, y>, square root included.
template <class T>
constexpr double kSymmetryTolerance = sizeof(T) == 4 ? 1e-3 : 1e-7;

std::string at(std::size_t row, std::size_t column) {
  return " at row " + std::to_string(row) + ", column " + std::to_string(column);
}

template <class T>
Status check_entries(MatrixView<T> matrix, Kind kind, double& largest) {
  const T least = kind == Kind::kDistance ? 0 : std::numeric_limits<T>::lowest();
  T most = 0;
  for (std::size_t i = 0; i < matrix.rows; ++i) {
    const T* row = matrix.row(i);
    bool valid = true;
    for (std::size_t j = 0; j < matrix.columns; ++j) {
      valid &= row[j] >= least && row[j] <= std::numeric_limits<T>::max();
      most = std::max(most, std::abs(row[j]));
    }
    if (valid) continue;
    const std::size_t j =
        static_cast<std::size_t>(std::find_if(row, row + matrix.columns,
                                              [least](T value) { return !(value >= least && std::isfinite(value)); }) -
                                 row);
    return {Code::kOutOfRange, explain("matrix", kind == Kind::kDistance ? "finite distances >= 0" : "finite numbers",
                                       format(static_cast<double>(row[j])) + at(i, j))};
  }
  largest = static_cast<double>(most);
  return Status::ok();
}

// Calls visit(i, j) for all j <= i, in tiles, so that an entry's mirror image is near it too; until it returns false.
template <class Visit>
bool for_each_pair(std::size_t n, const Visit& visit) {
  constexpr std::size_t kTile = 64;
  for (std::size_t top = 0; top < n; top += kTile)
    for (std::size_t left = 0; left <= top; left += kTile)
      for (std::size_t i = top; i < std::min(n, top + kTile); ++i)
        for (std::size_t j = left; j <= std::min(i, left + kTile - 1); ++j)
          if (!visit(i, j)) return false;
  return true;
}

template <class T>
Status check_symmetry(MatrixView<T> matrix, Kind kind, double tolerance) {
  Status status = Status::ok();
  for_each_pair(matrix.rows, [&](std::size_t i, std::size_t j) {
    const double upper = static_cast<double>(matrix(j, i)), lower = static_cast<double>(matrix(i, j));
    if (std::abs(upper - lower) > tolerance)
      status = {Code::kOutOfRange, explain("matrix", "a symmetric matrix",
                                           format(lower) + at(i, j) + " but " + format(upper) + " at its mirror image",
                                           "symmetrise it first: (A + A') / 2")};
    else if (i == j && kind == Kind::kDistance && lower > tolerance)
      status = {Code::kOutOfRange, explain("matrix", "distances with a zero diagonal", format(lower) + at(i, i),
                                           "is it a kernel? then pass 'kernel'")};
    return static_cast<bool>(status);
  });
  return status;
}

// Twice the half, so that the largest numbers do not overflow; the diagonal of a distance is 0.
template <class T>
double entry_of(MatrixView<T> matrix, Kind kind, std::size_t i, std::size_t j) {
  if (i == j && kind == Kind::kDistance) return 0;
  return static_cast<double>(matrix(i, j)) / 2 + static_cast<double>(matrix(j, i)) / 2;
}

template <class S, class T>
Status symmetrised(MatrixView<T> matrix, Kind kind, bool metric, AffinityPtr& out) {
  const std::size_t n = matrix.rows;
  std::vector<double> offsets;
  if (sizeof(S) == sizeof(float) && kind == Kind::kKernel) {
    const std::vector<std::int32_t> some = affinity::evenly_spread(n, affinity::kLandmarks);
    offsets.assign(n, 0.0);
    for (std::size_t i = 0; i < n; ++i)
      for (const std::int32_t landmark : some)
        offsets[i] += entry_of(matrix, kind, i, static_cast<std::size_t>(landmark)) / static_cast<double>(some.size());
    affinity::centre_on_landmarks(some, offsets);
  }
  affinity::PaddedMatrix<S> entries(n);
  const bool finite = for_each_pair(n, [&](std::size_t i, std::size_t j) {
    const double removed = offsets.empty() ? 0 : offsets[i] + offsets[j];
    const S stored = static_cast<S>(entry_of(matrix, kind, i, j) - removed);
    entries.row(i)[j] = entries.row(j)[i] = stored;
    return std::isfinite(stored);
  });
  if (!finite) return not_finite();
  out = std::make_shared<affinity::DenseAffinity<S>>(kind, metric, std::move(entries), std::move(offsets));
  return Status::ok();
}

}  // namespace

Status precomputed_affinity(AnyMatrix matrix, Kind kind, bool metric, Precision precision, AffinityPtr& out) {
  return std::visit(
      [&]<class T>(const MatrixView<T>& view) -> Status {
        if (view.rows != view.columns || view.rows == 0)
          return {Code::kOutOfRange, explain("matrix", "a square N x N matrix",
                                             std::to_string(view.rows) + " x " + std::to_string(view.columns))};
        double largest = 0;
        if (Status status = check_entries(view, kind, largest); !status) return status;
        if (Status status = check_symmetry(view, kind, largest * kSymmetryTolerance<T>); !status) return status;
        const auto make = precision == Precision::kFloat32 ? &symmetrised<float, T> : &symmetrised<double, T>;
        return make(view, kind, metric && kind == Kind::kDistance, out);
      },
      matrix);
}

}  // namespace genmi
