// Affinities from a matrix that the caller computed.
#include "genmi/precomputed.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "affinity/dense_affinity.h"
#include "affinity/landmarks.h"
#include "genmi/affinity.h"

namespace genmi {
namespace {

// Rounding may move an entry by this share of the largest entry: the rounding of the usual |x|^2 + |y|^2 - 2 <x, y>,
// square root included. Within this tolerance entries need not be symmetric, distances may be negative, and their
// diagonal need not be 0.
template <class T>
constexpr double kTolerance = sizeof(T) == 4 ? 1e-3 : 1e-7;

std::string at(std::size_t row, std::size_t column) {
  return " at row " + std::to_string(row) + ", column " + std::to_string(column);
}

// Copies the matrix, so that each entry is read once: another thread may write to the caller's memory meanwhile.
template <class W, class T>
affinity::PaddedMatrix<W> copy_of(MatrixView<T> matrix, const Context& context) {
  affinity::PaddedMatrix<W> copy(matrix.rows);
  for (std::size_t i = 0; i < matrix.rows && !context.cancelled(); ++i)
    std::copy_n(matrix.row(i), matrix.columns, copy.row(i));
  return copy;
}

template <class W>
Status check_entries(const affinity::PaddedMatrix<W>& matrix, Kind kind, double tolerance, const Context& context,
                     double& allowed) {
  const std::size_t n = matrix.size();
  W largest = 0, smallest = 0;
  bool finite = true;
  for (std::size_t i = 0; i < n && !context.cancelled(); ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const W entry = matrix.row(i)[j];
      finite &= std::abs(entry) <= std::numeric_limits<W>::max();
      largest = std::max(largest, entry);
      smallest = std::min(smallest, entry);
    }
  allowed = tolerance * static_cast<double>(std::max(largest, -smallest));
  if (finite && (kind == Kind::kKernel || static_cast<double>(smallest) >= -allowed)) return Status::ok();
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const double entry = static_cast<double>(matrix.row(i)[j]);
      if (std::isfinite(entry) && (kind == Kind::kKernel || entry >= -allowed || !finite)) continue;
      if (kind == Kind::kKernel)
        return {Code::kOutOfRange, explain("matrix", "finite numbers", format(entry) + at(i, j))};
      return {Code::kOutOfRange,
              explain("matrix", "finite distances >= 0", format(entry) + at(i, j),
                      "costs of either sign are for transport: pass them to TransportSolver or emd")};
    }
  return Status::ok();
}

// Calls visit(i, j) for all j <= i, until it returns false or the job is cancelled. It goes tile by tile: the mirror
// images of a tile's entries are near each other too.
template <class Visit>
bool for_each_pair(std::size_t n, const Context& context, const Visit& visit) {
  constexpr std::size_t kTile = 64;
  for (std::size_t top = 0; top < n; top += kTile)
    for (std::size_t left = 0; left <= top && !context.cancelled(); left += kTile)
      for (std::size_t i = top; i < std::min(n, top + kTile); ++i)
        for (std::size_t j = left; j <= std::min(i, left + kTile - 1); ++j)
          if (!visit(i, j)) return false;
  return true;
}

template <class W>
Status check_symmetry(const affinity::PaddedMatrix<W>& matrix, Kind kind, double allowed, const Context& context) {
  Status status = Status::ok();
  for_each_pair(matrix.size(), context, [&](std::size_t i, std::size_t j) {
    const double lower = static_cast<double>(matrix.row(i)[j]), upper = static_cast<double>(matrix.row(j)[i]);
    if (std::abs(upper - lower) > allowed)
      status = {Code::kOutOfRange, explain("matrix", "a symmetric matrix",
                                           format(lower) + at(i, j) + " but " + format(upper) + " at its mirror image",
                                           "symmetrise it first: (A + A') / 2")};
    else if (i == j && kind == Kind::kDistance && lower > allowed)
      status = {Code::kOutOfRange, explain("matrix", "distances with a zero diagonal", format(lower) + at(i, i),
                                           "is it a kernel? then pass 'kernel'")};
    return static_cast<bool>(status);
  });
  return status;
}

// Replaces both halves by their mean. The diagonal and negative entries of a distance become 0.
template <class W>
void symmetrise(affinity::PaddedMatrix<W>& matrix, Kind kind, const Context& context) {
  for_each_pair(matrix.size(), context, [&](std::size_t i, std::size_t j) {
    // Each is halved first, because the sum of two large numbers would overflow.
    const double mean = static_cast<double>(matrix.row(i)[j]) / 2 + static_cast<double>(matrix.row(j)[i]) / 2;
    const double entry = kind == Kind::kKernel ? mean : i == j ? 0 : std::max(0.0, mean);
    matrix.row(i)[j] = matrix.row(j)[i] = static_cast<W>(entry);
    return true;
  });
}

// The float64 offsets of a kernel stored in float32, from means over landmarks; none where they are not worth taking.
template <class W>
std::vector<double> offsets_of(const affinity::PaddedMatrix<W>& matrix) {
  const std::size_t n = matrix.size();
  std::vector<std::int32_t> some = affinity::evenly_spread(n, affinity::kLandmarks);
  const auto entry = [&](std::size_t i, std::int32_t j) { return static_cast<double>(matrix.row(i)[j]); };
  const auto between = [&] {
    std::vector<double> entries;
    for (const std::int32_t i : some)
      for (const std::int32_t j : some) entries.push_back(entry(static_cast<std::size_t>(i), j));
    return entries;
  };
  std::vector<std::int32_t> ordinary;
  for (const std::size_t k : affinity::ordinary_landmarks(between(), some.size())) ordinary.push_back(some[k]);
  some = std::move(ordinary);
  std::vector<double> offsets(n, 0.0), of_landmarks;
  for (std::size_t i = 0; i < n; ++i)
    for (const std::int32_t landmark : some) offsets[i] += entry(i, landmark) / static_cast<double>(some.size());
  affinity::centre_on_landmarks(some, offsets);
  for (const std::int32_t landmark : some) of_landmarks.push_back(offsets[static_cast<std::size_t>(landmark)]);
  if (!affinity::are_worth_taking(between(), of_landmarks)) offsets.clear();
  return offsets;
}

// to = from less its offsets; both may be one matrix. Returns whether all entries are finite.
template <class S, class W>
bool store(const affinity::PaddedMatrix<W>& from, const std::vector<double>& offsets, const Context& context,
           affinity::PaddedMatrix<S>& to) {
  bool finite = true;
  for (std::size_t i = 0; i < from.size() && !context.cancelled(); ++i)
    for (std::size_t j = 0; j < from.size(); ++j) {
      const double removed = offsets.empty() ? 0 : offsets[i] + offsets[j];
      to.row(i)[j] = static_cast<S>(static_cast<double>(from.row(i)[j]) - removed);
      finite = finite && std::isfinite(to.row(i)[j]);
    }
  return finite;
}

// S: the precision in which entries are stored. W: the precision in which they are read, which holds every number of T
// and S.
template <class S, class W, class T>
Status make(MatrixView<T> view, Kind kind, bool metric, const Context& context, AffinityPtr& out) {
  affinity::PaddedMatrix<W> matrix = copy_of<W>(view, context);
  double allowed = 0;
  if (Status status = check_entries(matrix, kind, kTolerance<T>, context, allowed); !status) return status;
  if (Status status = check_symmetry(matrix, kind, allowed, context); !status) return status;
  symmetrise(matrix, kind, context);
  std::vector<double> offsets;
  if (sizeof(S) == sizeof(float) && kind == Kind::kKernel) offsets = offsets_of(matrix);
  if constexpr (std::is_same_v<S, W>) {
    if (!offsets.empty() && !store(matrix, offsets, context, matrix)) return not_finite();
    out = std::make_shared<affinity::DenseAffinity<S>>(kind, metric, std::move(matrix), std::move(offsets));
  } else {
    affinity::PaddedMatrix<S> entries(matrix.size());
    if (!store(matrix, offsets, context, entries)) return not_finite();
    out = std::make_shared<affinity::DenseAffinity<S>>(kind, metric, std::move(entries), std::move(offsets));
  }
  return Status::ok();
}

}  // namespace

Status precomputed_affinity(AnyMatrix matrix, Kind kind, bool metric, Precision precision, const Context& context,
                            AffinityPtr& out) {
  const Status status = std::visit(
      [&]<class T>(const MatrixView<T>& view) -> Status {
        if (view.rows != view.columns || view.rows == 0)
          return {Code::kOutOfRange, explain("matrix", "a square N x N matrix",
                                             std::to_string(view.rows) + " x " + std::to_string(view.columns))};
        const bool is_metric = metric && kind == Kind::kDistance;
        return precision == Precision::kFloat32 ? make<float, T>(view, kind, is_metric, context, out)
                                                : make<double, double>(view, kind, is_metric, context, out);
      },
      matrix);
  return context.cancelled() ? aborted() : status;  // a cancelled job has read some of the entries only
}

}  // namespace genmi
