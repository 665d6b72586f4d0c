// The samples that a network learns from or predicts: rows of features in the caller's numbers.
#pragma once

#include <cstddef>
#include <variant>

#include "genmi/context.h"
#include "genmi/matrix.h"
#include "genmi/rows.h"
#include "genmi/status.h"

namespace genmi::networks {

class Samples {
 public:
  using Numbers = std::variant<MatrixView<float>, MatrixView<double>, Bytes>;

  explicit Samples(Numbers numbers) : numbers_(numbers) {}

  const Numbers& numbers() const { return numbers_; }
  std::size_t rows() const;
  std::size_t columns() const;
  // Writes the features of some samples to out, rows.count x columns().
  template <class T>
  void gather(Rows rows, T* out) const;
  template <class T>
  void gather(Rows rows, const Context& context, T* out) const;
  // kOutOfRange, with the place, for a feature that is not finite in the precision of T.
  template <class T>
  Status check(const Context& context) const;

 private:
  Numbers numbers_;
};

}  // namespace genmi::networks
