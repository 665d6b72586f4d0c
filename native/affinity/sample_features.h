// The features of all samples, in the form that is most exact and safe to compare them in.
#pragma once

#include <cstddef>
#include <vector>

#include "affinity/measures.h"
#include "genmi/affinity.h"
#include "genmi/aligned_vector.h"
#include "genmi/matrix.h"

namespace genmi::affinity {

// A sample x is unit * (row + centre), or that divided by its length where the measure normalises.
template <class T>
struct SampleFeatures {
  std::size_t size = 0, columns = 0;
  std::size_t stride = 0;  // from row to row: those of the linear kernel are filled up with zeros, to be multiplied
  AlignedVector<T> rows;
  std::vector<double> centre;  // not where the measure normalises
  double unit = 1;             // a power of two, so that squares of float32 features neither overflow nor vanish

  // Features whose origin does not matter (or can be put back in later) lose about their mean, in float64: where that
  // is exact, and for inner products in any case. Differences stay what they were.
  // What a cancelled job has left undone is 0.
  SampleFeatures(AnyMatrix features, const Measure& measure, const Context& context);

  const T* row(std::size_t i) const { return rows.data() + i * stride; }

 private:
  template <class U>
  void centre_and_copy(MatrixView<U> features, const Measure& measure, const Context& context);
  template <class U>
  void normalise(MatrixView<U> features, const Context& context);
  void rescale();
};

}  // namespace genmi::affinity
