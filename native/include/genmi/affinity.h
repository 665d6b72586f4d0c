// An affinity is an N x N kernel or distance between the samples: all that geometry-aware objectives know of the data.
// It is immutable, lies in native memory, and is shared by any number of objectives and threads.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "genmi/context.h"
#include "genmi/rows.h"
#include "genmi/status.h"

namespace genmi {

namespace affinity {
class CentredProduct;
}

enum class Kind { kKernel, kDistance };
enum class Storage { kDense, kFeatures };
enum class Precision { kFloat32, kFloat64 };

class Affinity {
 public:
  virtual ~Affinity() = default;

  std::size_t size() const { return size_; }
  Kind kind() const { return kind_; }
  // A metric; the triangle inequality may fail by the rounding of entries.
  bool metric() const { return metric_; }
  // metric() as a hint for optimal transport: true, or no hint.
  std::optional<bool> metric_like() const { return metric_ ? std::optional(true) : std::nullopt; }
  virtual Storage storage() const = 0;
  virtual Precision precision() const = 0;
  virtual std::size_t bytes() const = 0;

  // out[j] = A(i, columns[j]).
  virtual void entries(std::size_t i, Rows columns, double* out) const = 0;
  // out = A(rows, columns), rows.count x columns.count. Equal to entries() row by row; much faster for many rows where
  // entries are evaluated from features.
  // A cancelled job leaves `out` undone.
  virtual void block(Rows rows, Rows columns, double* out, const Job* job = nullptr) const;

  // About how many multiplications an entry takes.
  virtual double entry_operations() const { return 1; }

  // About how long `count` entries take one by one, overhead included. It decides whether threads are worth their cost.
  double entry_nanoseconds(std::size_t count) const { return static_cast<double>(count) * (entry_operations() + 8); }

  // out = A(rows, rows), rows.count x rows.count.
  virtual void submatrix(Rows rows, const Context& context, double* out) const = 0;
  // A(rows, rows) rounded to float32. Rows are aligned to 64 bytes and `stride` numbers apart, a multiple of 16.
  virtual void submatrix(Rows rows, const Context& context, float* out, std::size_t stride) const = 0;

  // The affinity's products with whole matrices: native/affinity/centred_product.h.
  virtual const affinity::CentredProduct& products() const = 0;

 protected:
  Affinity(std::size_t size, Kind kind, bool metric) : size_(size), kind_(kind), metric_(metric) {}

 private:
  std::size_t size_;
  Kind kind_;
  bool metric_;
};

using AffinityPtr = std::shared_ptr<const Affinity>;

// The error for entries that overflow: features far apart, or a large power.
Status not_finite();

}  // namespace genmi
