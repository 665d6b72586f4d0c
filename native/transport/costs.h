// Costs makes a cost matrix ready for the solvers.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "genmi/aligned_vector.h"
#include "genmi/matrix.h"
#include "genmi/transport.h"

namespace genmi::simd {
struct TransportKernels;
}

namespace genmi::transport {

struct CostBlock;
class CoarseCosts;

// Costs between n1 sources and n2 targets in the form that solvers read, prepared once and shared by all solvers.
class Costs {
 public:
  // Properties of square costs that are known already and need not be checked.
  struct Known {
    // Whether the triangle inequality holds for most triangles, so that mass common to both measures at a point need
    // not move. A hint for speed: the optimum is the same.
    std::optional<bool> metric_like = {};
    bool symmetric = false;
  };

  // Borrows the matrix: at least one number, all from -1e300 to 1e300 (else kOutOfRange). Cost: a few passes over it.
  // A matrix of many rows and few columns is copied, and held with both exchanged: see is_turned().
  Status prepare(MatrixView<double> matrix, Known known);
  Status prepare(MatrixView<double> matrix) { return prepare(matrix, {}); }

  // Symmetric costs >= 0 between `points` points with a zero diagonal, kept in float32. fill writes them in rows that
  // are `stride` numbers apart.
  using FillRows = std::function<void(float* rows, std::size_t stride)>;
  Status prepare(std::size_t points, const FillRows& fill, std::optional<bool> metric_like);

  // Sets the vector kernels that read these costs; the default is those of simd::default_isa().
  void use(const simd::TransportKernels& kernels) { kernels_ = &kernels; }

  std::size_t sources() const { return is_turned() ? columns() : rows(); }
  std::size_t targets() const { return is_turned() ? rows() : columns(); }
  // Bytes of memory, the 16-bit costs included once they have been made. From any thread.
  std::size_t bytes() const;

  // Whether rows are the targets. Rows are the sources otherwise.
  bool is_turned() const { return turned_ != nullptr; }
  std::size_t rows() const { return matrix_.rows; }
  std::size_t columns() const { return matrix_.columns; }
  // (costs - shift()) * scale(). The scale is a power of two that keeps float32 in range. The shift is the least cost
  // if that is negative or exceeds half of the largest other cost; else 0.
  CostBlock block() const;
  // The costs of block() in 16 bits, made at the first call; from any thread.
  const CoarseCosts& coarse() const;
  double scale() const { return scale_; }
  double shift() const { return shift_; }
  double largest() const { return largest_; }                 // the largest magnitude of the caller's costs
  double largest_in_block() const { return span_ * scale_; }  // the largest cost of block(), where all are >= 0
  // The caller's costs, in rows; null where they came as float32.
  const double* caller_rows() const { return matrix_.data; }
  // One of the caller's costs, in either precision.
  double operator()(std::size_t row, std::size_t column) const {
    const std::size_t at = row * matrix_.columns + column;
    if (matrix_.data != nullptr) return matrix_.data[at];
    return scaled_.empty() ? static_cast<double>(rounded_[row * row_stride_ + column]) : scaled_[at] / scale_;
  }
  bool has_zero_diagonal() const { return zero_diagonal_; }
  bool is_metric_like() const { return metric_like_; }
  bool is_symmetric() const { return symmetric_; }

 private:
  struct MadeOnce;

  void round();
  void pad();

  const simd::TransportKernels* kernels_ = nullptr;
  MatrixView<double> matrix_;                          // without data where the costs came as float32
  std::shared_ptr<const std::vector<double>> turned_;  // the numbers of the matrix, where rows are the targets
  double scale_ = 1, shift_ = 0;
  double largest_ = 0;            // max |cost|
  double span_ = 0;               // max (cost - shift)
  std::vector<double> scaled_;    // the costs of block(); empty where they equal the caller's
  AlignedVector<float> rounded_;  // the same in float32, in padded rows
  std::size_t row_stride_ = 0;    // from one row of rounded_ to the next
  bool rounding_is_exact_ = false, zero_diagonal_ = false, metric_like_ = false, symmetric_ = false;
  std::shared_ptr<MadeOnce> coarse_;
};

}  // namespace genmi::transport
