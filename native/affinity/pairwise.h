// A measure over the features of samples, made ready for the vector kernels.
#pragma once

#include <cstddef>
#include <vector>

#include "affinity/sample_features.h"
#include "affinity/scaled_reduction.h"
#include "genmi/affinity.h"
#include "genmi/aligned_vector.h"
#include "genmi/matrix.h"
#include "simd/kernels.h"

namespace genmi::affinity {

// Tiles of the triangle that is evaluated have this many rows and columns.
template <class T>
inline constexpr std::size_t kTileSize = 6 * simd::kFeaturePanel<T>;

// About how long a feature of a pair takes.
inline constexpr double kNanosecondsPerTerm = 0.1;

// Some samples as the kernels read them, and the parts of entries that a sample knows by itself. Filled up with zeros
// to a whole panel.
template <class T>
struct PackedSamples {
  const simd::Kernels* kernels = nullptr;  // that they are to be evaluated with
  std::size_t count = 0;
  AlignedVector<T> panels;
  AlignedVector<T> own, least;  // see simd::OwnParts
  std::vector<T> doubt;         // a reduction below the sum of two of these is not trusted; none: all are
  AlignedVector<double> inner;  // inside the power or tanh
  AlignedVector<double> added;  // to every entry
  std::vector<std::size_t> samples;

  std::size_t padded() const {
    return (count + simd::kFeaturePanel<T> - 1) / simd::kFeaturePanel<T> * simd::kFeaturePanel<T>;
  }
};

// A pair of a tile whose reduction is not trusted: rows + i and columns + j of it.
struct DoubtedPair {
  std::size_t i, j;
};

// A(i, j) = core(i, j) + offsets()[i] + offsets()[j]: evaluated in the precision of T, the core keeps its digits for
// what varies between samples; constant and large parts are in the offsets, in float64.
//
// Entries are as exact between two samples as if there were no others. With a unit u of 2^-24 for float32 and 2^-53
// for float64, they are right to
//   64 u of itself             every distance except cosine (45 u is the most that was seen, 1 u is typical), near
//                              duplicates, data far from the origin and outliers included
//   64 u (u + sqrt(itself))    the cosine distance
//   64 u (1 + |entry|)         kernels with values in [-1, 1]
//   256 u |x| |y|, 256 u degree (|gamma| |x| |y| + |coef0|)^degree, and so on: other kernels, where the length of a
//   sample
//                              that is shorter than most counts as theirs
// Vector kernels evaluate tiles of ordinary pairs. A pair whose squares could overflow or vanish beside others is
// evaluated once more by reduce_scaled.
template <class T>
class Pairwise {
 public:
  // A cancelled job leaves numbers without a meaning, which may be read.
  Pairwise(AnyMatrix features, const Measure& measure, const Coefficients& coefficients, const Context& context);

  std::size_t size() const { return features_.size; }
  std::size_t columns() const { return features_.columns; }
  const T* sample(std::size_t i) const { return features_.row(i); }
  const Measure& measure() const { return *measure_; }
  const std::vector<double>& offsets() const { return offsets_; }
  std::size_t bytes() const;

  // gamma = 1 / (factor r), for a reduction r in the units of reduced_pairs.
  void set_gamma_of(double factor, double r, const Context& context);

  PackedSamples<T> pack(Rows rows, const Context& context) const;
  // Replaces `into` by samples [begin, end) of rows. Uses the kernels of the context that made this object.
  void pack(Rows rows, std::size_t begin, std::size_t end, PackedSamples<T>& into) const;

  // tile = core plus the added parts, for rows from row on and columns from column on, both multiples of 8 (columns: of
  // a panel).
  void evaluate(const PackedSamples<T>& rows, std::size_t row, const PackedSamples<T>& columns, std::size_t column,
                const simd::Tile<T>& tile) const;
  // The reductions of all pairs i > j of rows, row by row, in units of the features' power of two.
  std::vector<double> reduced_pairs(Rows rows, const Context& context) const;

  // All entries between the packed samples, in S, whose rows are stride apart, aligned to 64 bytes and wide enough for
  // whole panels: whether all are finite. Reports `tiles` parts of progress.
  template <class S>
  bool fill(const PackedSamples<T>& samples, const Context& context, Progress& progress, S* out,
            std::size_t stride) const;
  static std::size_t tiles(std::size_t count);

  // kOutOfRange with a pair of samples whose entry is no finite number of `precision`. Evaluates all pairs, O(N^2 d),
  // where bounds of the features do not prove that there is none.
  Status check_range(Precision precision, const Context& context) const;
  // The same for entries of which one is known not to be finite.
  Status explain_range(Precision precision, const Context& context) const;

 private:
  void evaluate_in_parts(const PackedSamples<T>& samples, std::size_t row, std::size_t column,
                         const simd::Tile<T>& tile, const Context& context) const;
  void derive(const Context& context);
  void derive_inner(const Context& context);
  void derive_differences();
  double typical_reduction() const;
  void prepare(const simd::Kernels& kernels, Rows rows, std::size_t begin, std::size_t end,
               PackedSamples<T>& into) const;
  void pack_panel(std::size_t panel, PackedSamples<T>& into) const;
  void find_doubts(const Context& context);
  double least_trusted(std::size_t i) const;
  void collect_doubts(const PackedSamples<T>& rows, std::size_t row, const PackedSamples<T>& columns,
                      std::size_t column, const simd::Tile<T>& tile, std::vector<DoubtedPair>& doubts) const;
  void evaluate_again(const PackedSamples<T>& rows, std::size_t row, const PackedSamples<T>& columns,
                      std::size_t column, const std::vector<DoubtedPair>& doubts, const simd::Tile<T>& tile) const;
  Scaled exact_reduction(std::size_t a, std::size_t b) const;
  double exact_entry(std::size_t a, std::size_t b) const;
  double largest_exponent() const;
  bool has_negative() const;
  Status refusal(std::size_t a, std::size_t b, Precision precision) const;
  void find_parts(const Context& context);
  double doubted_share(const std::vector<double>& least) const;
  bool has_parts() const { return !own_.empty(); }
  bool has_doubts() const { return !doubt_.empty(); }
  void finish(const simd::PairwiseKernels<T>& kernels, const simd::Finish<T>& finish, const simd::Tile<T>& tile) const;

  const simd::Kernels* kernels_;
  const Measure* measure_;
  Coefficients coefficients_;
  SampleFeatures<T> features_;
  simd::Finish<T> finish_{};
  T shift_ = 0;                      // is taken out of reductions before they are rounded
  std::vector<double> own_, least_;  // see simd::OwnParts, without the shift; none: differences are added up
  std::vector<T> doubt_;             // see PackedSamples, without the shift
  Scaled gamma_;                     // for reductions in units of the features' power of two
  std::vector<double> inner_;
  std::vector<double> added_;
  std::vector<double> offsets_;
  bool has_zeros_ = false;  // samples without a direction
};

}  // namespace genmi::affinity
