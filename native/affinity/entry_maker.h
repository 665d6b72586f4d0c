// All entries of a measure, made elsewhere than by the CPU's vector kernels.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "affinity/measures.h"
#include "genmi/affinity.h"
#include "genmi/context.h"
#include "genmi/measured.h"
#include "genmi/status.h"

namespace genmi::affinity {

// Entry (i, j) is f(r) + added[i] + added[j], for the reduction r of rows i and j.
template <class T>
struct PairEntries {
  std::size_t n, d;
  const T* rows;
  std::size_t stride;  // numbers from row to row
  Reduction reduction;
  bool over_total;  // whether r is the reduction divided by kTotal
  Finish finish;    // of f: scale (r - subtract), scale sqrt(r), exp(-gamma r), g^degree, tanh(g)
  bool less_one;    // f is scale (exp(-gamma (r - subtract)) - 1) instead, and at_zero where r = 0
  double scale, gamma, degree, subtract, at_zero;
  double most;                       // a larger r counts as this
  std::vector<double> added, inner;  // g = gamma r + inner[i] + inner[j]
};

// Takes rows first, ..., first + count - 1 of the entries, count x n numbers.
template <class T>
using TakeRows = std::function<void(std::size_t first, std::size_t count, const T* entries)>;

class EntryMaker {
 public:
  // Makes all entries, a few rows at a time. Where `made` is false, rows that were taken mean nothing. kAborted for a
  // cancelled job.
  virtual Status make(const PairEntries<float>& pairs, const Context& context, const TakeRows<float>& take,
                      bool& made) const = 0;
  virtual Status make(const PairEntries<double>& pairs, const Context& context, const TakeRows<double>& take,
                      bool& made) const = 0;

 protected:
  ~EntryMaker() = default;
};

// As measure_affinity() of genmi/measured.h. Stored entries are those of `maker` where it makes them, and where no pair
// of samples needs to be evaluated by itself.
Status measure_affinity_by(const EntryMaker* maker, AnyMatrix features, const MeasureOptions& options, Storage storage,
                           Precision precision, const Context& context, AffinityPtr& out);

}  // namespace genmi::affinity
