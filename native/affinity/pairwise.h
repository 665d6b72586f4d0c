// A measure over the features of samples, made ready for the vector kernels.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "affinity/entry_maker.h"
#include "affinity/sample_features.h"
#include "affinity/scaled_reduction.h"
#include "genmi/affinity.h"
#include "genmi/aligned_vector.h"
#include "genmi/matrix.h"
#include "simd/kernels.h"

namespace genmi::affinity {

// The triangle of pairs is evaluated in tiles of this many rows and columns.
template <class T>
inline constexpr std::size_t kTileSize = 6 * simd::kFeaturePanel<T>;

// About the time for one feature of one pair.
inline constexpr double kNanosecondsPerTerm = 0.1;

// Samples in panels for the vector kernels, with the parts of entries that depend on a single sample. Zeros fill up the
// last panel.
template <class T>
struct PackedSamples {
  const simd::Kernels* kernels = nullptr;  // to evaluate them with
  std::size_t count = 0;
  AlignedVector<T> panels;
  AlignedVector<T> own, least;  // see simd::OwnParts
  std::vector<T> doubt;         // a reduction below doubt[i] + doubt[j] is not trusted; empty: all are
  AlignedVector<double> inner;  // added inside the power or tanh
  AlignedVector<double> added;  // added to every entry
  std::vector<std::size_t> samples;

  std::size_t padded() const {
    return (count + simd::kFeaturePanel<T> - 1) / simd::kFeaturePanel<T> * simd::kFeaturePanel<T>;
  }
};

// The pair of row i and column j of a tile, whose reduction is not trusted.
struct DoubtedPair {
  std::size_t i, j;
};

// A(i, j) = core(i, j) + offsets()[i] + offsets()[j]. The core is evaluated in the precision of T, whose digits go to
// the differences between samples. Constant and large parts are in the offsets, in float64.
//
// An entry is as exact as if its two samples were the only ones. For u = 2^-24 in float32 and 2^-53 in float64, the
// errors of entries are at most
//   64 u entry                 of every distance except cosine: near duplicates, data far from the origin, outliers
//                              (45 u is the most that was seen, 1 u is typical)
//   64 u (u + sqrt(entry))     of the cosine distance
//   64 u (1 + |entry|)         of kernels with values in [-1, 1]
//   256 u |x| |y|              of the linear kernel
//   256 u degree (|gamma| |x| |y| + |coef0|)^degree of the polynomial kernel; other kernels have such bounds too
// In the last two, a sample shorter than most counts as long as most.
// Vector kernels evaluate tiles of ordinary pairs. A pair whose squares could overflow or vanish beside others is
// evaluated once more by reduce_scaled.
template <class T>
class Pairwise {
 public:
  // A cancelled job leaves numbers without a meaning, yet safe to read.
  Pairwise(AnyMatrix features, const Measure& measure, const Coefficients& coefficients, const Context& context);

  std::size_t size() const { return features_.size; }
  std::size_t columns() const { return features_.columns; }
  // A sample less the centre, divided by 2^exponent().
  const T* sample(std::size_t i) const { return features_.row(i); }
  int exponent() const { return features_.exponent; }
  // The Euclidean distance of two samples, divided by 2^exponent() and made in float64. For pairs without doubts.
  double distance(std::size_t i, std::size_t j) const;
  // Whether some pairs are evaluated by themselves.
  bool has_doubts() const { return !doubt_.empty(); }
  const Measure& measure() const { return *measure_; }
  const std::vector<double>& offsets() const { return offsets_; }
  std::size_t bytes() const;

  // gamma = 1 / (factor r), for a reduction r in the units of reduced_pairs.
  void set_gamma_of(double factor, double r, const Context& context);

  PackedSamples<T> pack(Rows rows, const Context& context) const;
  // Replaces `into` by samples [begin, end) of rows. Uses the kernels of the context that made this object.
  void pack(Rows rows, std::size_t begin, std::size_t end, PackedSamples<T>& into) const;

  // What all entries are made of, with the added parts of the packed samples, all in order. None where some pairs are
  // evaluated by themselves, or where samples have more than simd::kSegment features. The diagonal of distances is 0,
  // whatever these parts make of it.
  std::optional<PairEntries<T>> parts(const PackedSamples<T>& all) const;

  // tile = core plus the added parts, for the rows from `row` on, a multiple of 8, and the columns from `column` on, a
  // multiple of a panel.
  void evaluate(const PackedSamples<T>& rows, std::size_t row, const PackedSamples<T>& columns, std::size_t column,
                const simd::Tile<T>& tile) const;
  // The same, with looks at the job where there are many features.
  void evaluate_in_parts(const PackedSamples<T>& rows, std::size_t row, const PackedSamples<T>& columns,
                         std::size_t column, const simd::Tile<T>& tile, const Context& context) const;
  // The reductions of all pairs i > j of rows, row by row, in units of the features' power of two.
  std::vector<double> reduced_pairs(Rows rows, const Context& context) const;

  // Writes all entries between the packed samples to out, and returns whether all are finite in S. Rows of out are
  // stride apart, aligned to 64 bytes and wide enough for whole panels. Reports tiles(count) parts of progress.
  template <class S>
  bool fill(const PackedSamples<T>& samples, const Context& context, Progress& progress, S* out,
            std::size_t stride) const;
  static std::size_t tiles(std::size_t count);

  // kOutOfRange if an entry is no finite number of `precision`, with the first such pair. Evaluates all pairs, O(N^2
  // d), unless bounds of the features prove that all entries are finite.
  Status check_range(Precision precision, const Context& context) const;
  // The same without such bounds, for entries of which one is known not to be finite.
  Status explain_range(Precision precision, const Context& context) const;

 private:
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
  void finish(const simd::PairwiseKernels<T>& kernels, const simd::Finish<T>& finish, const simd::Tile<T>& tile) const;

  const simd::Kernels* kernels_;
  const Measure* measure_;
  Coefficients coefficients_;
  SampleFeatures<T> features_;
  simd::Finish<T> finish_{};
  T shift_ = 0;                      // taken out of reductions before they are rounded
  std::vector<double> own_, least_;  // see simd::OwnParts, without the shift; empty: sums of differences
  std::vector<T> doubt_;             // see PackedSamples, without the shift
  Scaled gamma_;                     // for reductions in units of the features' power of two
  std::vector<double> inner_;
  std::vector<double> added_;
  std::vector<double> offsets_;
  bool has_zeros_ = false;  // whether some sample has no direction
};

}  // namespace genmi::affinity
