// The features of all samples, moved and rescaled so that comparisons lose no digits and do not overflow.
#pragma once

#include <cstddef>
#include <vector>

#include "affinity/measures.h"
#include "genmi/affinity.h"
#include "genmi/aligned_vector.h"
#include "genmi/matrix.h"

namespace genmi::affinity {

// A sample is x = 2^exponent (row + centre). Where the measure normalises, row = x / |x|.
template <class T>
struct SampleFeatures {
  std::size_t size = 0, columns = 0;
  std::size_t stride = 0;  // from row to row: rows of the linear kernel are filled up with zeros, to be multiplied
  AlignedVector<T> rows;
  std::vector<double> centre;   // empty where the measure normalises
  int exponent = 0;             // so that squares of ordinary samples neither overflow nor vanish
  std::vector<double> reach;    // the largest magnitude in each row
  double smallest = 0;          // the smallest magnitude in all rows except 0; 0 where all are 0
  AlignedVector<double> given;  // the features as given, where rows of less precision differ; else empty

  // Moves and rescales features as far as the invariances of the measure allow, by a centre and a power of two.
  // Neither rounds: the centre of a feature is a number that all samples can lose exactly, or 0. Two kinds lose any
  // centre: inner products, which can put it back, and float64 features that become float32, which are kept as given.
  // The centre is near the mean of all samples except outliers, so these do not cost the others digits.
  // Features that a cancelled job has not read are 0.
  SampleFeatures(AnyMatrix features, const Measure& measure, const Context& context);

  const T* row(std::size_t i) const { return rows.data() + i * stride; }
  // Sample i in float64, divided by 2^read_exponent(). centred: less the centre, unless features are kept as given.
  void read(std::size_t i, bool centred, double* out) const;
  // Whether a feature of sample i, less the centre, has left the range of normal numbers of T.
  bool has_lost_digits(std::size_t i) const;
  int read_exponent() const { return given.empty() ? exponent : 0; }
  std::size_t bytes() const { return rows.size() * sizeof(T) + (given.size() + reach.size()) * sizeof(double); }

 private:
  template <class U>
  void centre_and_copy(MatrixView<U> features, const Measure& measure, const Context& context);
  template <class U>
  void find_centre(MatrixView<U> features, const Measure& measure, const Context& context);
  template <class U>
  void copy(MatrixView<U> features, const Context& context);
  template <class U>
  void choose_exponent(MatrixView<U> features, const Measure& measure, const Context& context);
  template <class U>
  void keep_given(MatrixView<U> features, const Measure& measure, const Context& context);
  template <class U>
  void normalise(MatrixView<U> features, const Context& context);
};

}  // namespace genmi::affinity
