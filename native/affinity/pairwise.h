// A measure over the features of samples, made ready for the vector kernels.
#pragma once

#include <cstddef>
#include <vector>

#include "affinity/sample_features.h"
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

// Some samples as the kernels read them, and what each brings to its entries beside its features. Filled up with zeros
// to a whole panel.
template <class T>
struct PackedSamples {
  const simd::Kernels* kernels = nullptr;  // that they are to be evaluated with
  std::size_t count = 0;
  AlignedVector<T> panels;
  AlignedVector<T> own, least;  // see simd::OwnParts
  AlignedVector<double> inner;  // inside the power or tanh
  AlignedVector<double> added;  // to every entry
  std::vector<std::size_t> samples;

  std::size_t padded() const {
    return (count + simd::kFeaturePanel<T> - 1) / simd::kFeaturePanel<T> * simd::kFeaturePanel<T>;
  }
};

// A(i, j) = core(i, j) + offsets()[i] + offsets()[j]: evaluated in the precision of T, the core keeps its digits for
// what varies between samples; constant and large parts are in the offsets, in float64. A distance is right to 64 units
// in the last place of T, of itself (45 is the most that was seen, in tight clusters; 1 is typical), near duplicates
// and data far from the origin included.
template <class T>
class Pairwise {
 public:
  // What a cancelled job has left undone makes no sense, but does no harm.
  Pairwise(AnyMatrix features, const Measure& measure, const Coefficients& coefficients, const Context& context);

  std::size_t size() const { return features_.size; }
  std::size_t columns() const { return features_.columns; }
  const T* sample(std::size_t i) const { return features_.row(i); }
  const Measure& measure() const { return *measure_; }
  const std::vector<double>& offsets() const { return offsets_; }
  std::size_t bytes() const;

  void set_gamma(double gamma, const Context& context);

  PackedSamples<T> pack(Rows rows, const Context& context) const;
  // Samples [begin, end) of rows, in place of what was in `into`; with the kernels of who made this.
  void pack(Rows rows, std::size_t begin, std::size_t end, PackedSamples<T>& into) const;

  // tile = core, and what is added, for rows from row on and columns from column on, both multiples of 8 (columns: of a
  // panel).
  void evaluate(const PackedSamples<T>& rows, std::size_t row, const PackedSamples<T>& columns, std::size_t column,
                const simd::Tile<T>& tile) const;
  // The reductions of all pairs i > j of rows, row by row.
  std::vector<double> reduced_pairs(Rows rows, const Context& context) const;

  // All entries between the packed samples, in S, whose rows are stride apart, aligned to 64 bytes and wide enough for
  // whole panels: whether all are finite. Reports `tiles` parts of progress.
  template <class S>
  bool fill(const PackedSamples<T>& samples, const Context& context, Progress& progress, S* out,
            std::size_t stride) const;
  static std::size_t tiles(std::size_t count);

 private:
  void derive(const Context& context);
  void derive_inner(double factor, const Context& context);
  void derive_differences(double factor);
  double typical_reduction() const;
  void prepare(const simd::Kernels& kernels, Rows rows, std::size_t begin, std::size_t end,
               PackedSamples<T>& into) const;
  void pack_panel(std::size_t panel, PackedSamples<T>& into) const;
  void find_parts(const Context& context);
  double doubted_share(const std::vector<double>& least) const;
  bool has_parts() const { return !own_.empty(); }
  void finish(const simd::PairwiseKernels<T>& kernels, const simd::Finish<T>& finish, const simd::Tile<T>& tile) const;

  const simd::Kernels* kernels_;
  const Measure* measure_;
  Coefficients coefficients_;
  SampleFeatures<T> features_;
  simd::Finish<T> finish_{};
  T shift_ = 0;                      // is taken out of reductions before they are rounded
  std::vector<double> own_, least_;  // see simd::OwnParts, without the shift; none: differences are added up
  std::vector<double> inner_;
  std::vector<double> added_;
  std::vector<double> offsets_;
  bool has_zeros_ = false;  // samples without a direction
};

}  // namespace genmi::affinity
