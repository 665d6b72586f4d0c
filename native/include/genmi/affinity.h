// What the geometry-aware objectives know of the data: an N x N kernel or distance between the samples, immutable, in
// native memory, shared by any number of objectives and threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "genmi/context.h"
#include "genmi/matrix.h"
#include "genmi/status.h"

namespace genmi {

// The samples of a mini-batch, as indices into the affinity; index == nullptr: the first count samples.
struct Rows {
  const std::int32_t* index = nullptr;
  std::size_t count = 0;

  std::size_t operator[](std::size_t i) const { return index == nullptr ? i : static_cast<std::size_t>(index[i]); }
};

enum class Kind { kKernel, kDistance };
enum class Storage { kDense, kFeatures };
enum class Precision { kFloat32, kFloat64 };

class Affinity {
 public:
  virtual ~Affinity() = default;

  std::size_t size() const { return size_; }
  Kind kind() const { return kind_; }
  // A distance with the triangle inequality, but for the rounding of its entries.
  bool metric() const { return metric_; }
  // The same as what optimal transport wants to hear: yes, or nothing known.
  std::optional<bool> metric_like() const { return metric_ ? std::optional(true) : std::nullopt; }
  virtual Storage storage() const = 0;
  virtual Precision precision() const = 0;
  virtual std::size_t bytes() const = 0;

  // out[j] = A(i, columns[j]).
  virtual void entries(std::size_t i, Rows columns, double* out) const = 0;
  // out = A(rows, columns), rows.count x columns.count: the same entries, and for many rows at a time much faster where
  // they have to be evaluated.
  virtual void block(Rows rows, Rows columns, double* out) const;

  // About how many multiplications an entry, and centred_product of n samples and k columns, take.
  virtual double entry_operations() const { return 1; }
  virtual double product_operations(double n, double k) const { return n * n * (entry_operations() + k); }
  // About how many bytes the latter takes meanwhile: for the entries, where those are not large.
  virtual double product_bytes(double n) const {
    const double entries =
        n * n * static_cast<double>(precision() == Precision::kFloat32 ? sizeof(float) : sizeof(double));
    return std::min(entries, static_cast<double>(kLargestFactor));
  }

  // About how long so many entries take one by one, with what surrounds each: what decides whether threads are worth
  // it.
  double entry_nanoseconds(std::size_t count) const { return static_cast<double>(count) * (entry_operations() + 8); }

  // out = A(rows, rows), rows.count x rows.count.
  virtual void submatrix(Rows rows, const Context& context, double* out) const = 0;
  // The same rounded to float32, in rows of 64-byte alignment and `stride` numbers, a multiple of 16.
  virtual void submatrix(Rows rows, const Context& context, float* out, std::size_t stride) const = 0;

  // out = A(rows, rows) V up to a constant per column, for V whose k columns sum to zero: all that the maximum mean
  // discrepancy asks of a kernel, and what stays exact when the kernel has a large constant part. Both are in panels
  // (simd/panels.h), and it is fastest in the affinity's own precision.
  virtual void centred_product(Rows rows, const float* v, std::size_t k, const Context& context, float* out) const;
  virtual void centred_product(Rows rows, const double* v, std::size_t k, const Context& context, double* out) const;

 protected:
  Affinity(std::size_t size, Kind kind, bool metric) : size_(size), kind_(kind), metric_(metric) {}

  // Entries of so many bytes are gathered, or evaluated, as a whole for a product; of larger ones a few rows at a time.
  static constexpr std::size_t kLargestFactor = std::size_t{1} << 24;

 private:
  std::size_t size_;
  Kind kind_;
  bool metric_;
};

using AffinityPtr = std::shared_ptr<const Affinity>;

// An affinity that its owner may dispose of while objectives still refer to it. Who is computing keeps it alive.
class SharedAffinity {
 public:
  explicit SharedAffinity(AffinityPtr affinity)
      : size_(affinity->size()), kind_(affinity->kind()), affinity_(std::move(affinity)) {}

  std::size_t size() const { return size_; }
  Kind kind() const { return kind_; }
  // kDisposed when it is gone.
  Status open(AffinityPtr& out) const;
  void dispose();

 private:
  const std::size_t size_;
  const Kind kind_;
  mutable std::mutex mutex_;
  AffinityPtr affinity_;
};

using SharedAffinityPtr = std::shared_ptr<const SharedAffinity>;
// Features far apart, or a large power, have entries that no number can hold.
Status not_finite();

// Whether n samples can be these rows of an affinity over size samples: as many, each in range; without rows, all of
// them. size 0: there is no affinity, and any range will do.
Status check_rows(Rows rows, std::size_t n, std::size_t size);

using AnyMatrix = std::variant<MatrixView<float>, MatrixView<double>>;

// A kernel or distance by name (native/affinity/measures.h lists them) over features.
struct MeasureOptions {
  Kind kind = Kind::kKernel;
  std::string name;
  std::optional<double> gamma;   // default: the measure's own, 1 / columns for most
  bool median_gamma = false;     // gamma from the median of the pairwise differences
  std::optional<double> degree;  // default 3
  std::optional<double> coef0;   // default 1
};

// features: N x d, finite. kDense: N^2 entries, O(N^2 d) once; kFeatures: N d, entries evaluated when asked for.
Status measure_affinity(AnyMatrix features, const MeasureOptions& options, Storage storage, Precision precision,
                        const Context& context, AffinityPtr& out);

// matrix: N x N, finite, symmetric up to rounding; distances >= 0 with a zero diagonal.
Status precomputed_affinity(AnyMatrix matrix, Kind kind, bool metric, Precision precision, AffinityPtr& out);

}  // namespace genmi
