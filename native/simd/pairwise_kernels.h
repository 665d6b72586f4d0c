// The vector kernels of pairwise affinities.
//
// Samples come packed in panels of kFeaturePanel: panel[f * kFeaturePanel + lane] is feature f of the sample in that
// lane, so that a register holds one feature of several samples. A tile is a small matrix of entries, rows x columns,
// with rows `stride` numbers apart. It stays in a cache while one kernel after the other works on it.
//
// A reduction adds the features up in order, kChunk at a time. So an entry depends on its two samples alone: neither on
// its place in a tile, nor on which of the two samples is the row.
#pragma once

#include <cstddef>

namespace genmi::simd {

// Reductions over the features of two samples. A term 0 / 0 counts as 0.
enum class Reduction {
  kInner,             // sum x y
  kSquaredEuclidean,  // sum (x - y)^2
  kManhattan,         // sum |x - y|
  kChebyshev,         // max |x - y|
  kChiSquared,        // sum (x - y)^2 / (x + y), for x, y >= 0
  kCanberra,          // sum |x - y| / (|x| + |y|)
  kTotal,             // sum |x + y|
  kLesser,            // -2 sum min(x, y)
};
inline constexpr std::size_t kReductions = 8;

template <class T>
inline constexpr std::size_t kFeaturePanel = 64 / sizeof(T);
// Kernels take the rows of a tile in groups of at most this many.
inline constexpr std::size_t kRowGroup = 8;
// kChunk terms are added in registers before their sum is added to a tile, kSegment terms in a tile before tiles are
// joined. So partial sums, and their rounding, stay small.
inline constexpr std::size_t kChunk = 64, kSegment = kChunk * kChunk;

template <class T>
struct Tile {
  T* entries;
  std::size_t stride;
  std::size_t rows, columns;  // multiples of kRowGroup and of kFeaturePanel, unless a kernel says otherwise
};

template <class T>
struct PanelPair {
  const T *rows, *columns;  // the panels of the tile's rows and of its columns
  std::size_t features;     // of a panel
  std::size_t begin, end;   // the features that are reduced; all for add_squares and add_sums
};

// The parts of each sample in sum (x - y)^2 = |x|^2 + |y|^2 - 2 <x, y>, or in sum |x - y| = sum x + sum y -
// 2 sum min(x, y). A result below least_of_rows[i] + least_of_columns[j] would be mostly rounding.
template <class T>
struct OwnParts {
  const T *rows, *columns;                    // |x|^2 or sum x of each sample, minus half of the shift
  const T *least_of_rows, *least_of_columns;  // parts of the least trusted sum, minus nearly half of the shift
  T shift;                                    // subtracted from every sum
};

// A finish f makes f(r) + rows[i] + columns[j] of a reduction r: in float64 for powers and tanh, else in the tile's
// precision.
template <class T>
struct Finish {
  const double *rows, *columns;  // added to every entry
  double scale = 1;              // affine: scale r; root: scale sqrt(r)
  double gamma = 1;
  double degree = 1;
  const double *inner_rows = nullptr,
               *inner_columns = nullptr;  // power, tanh: of gamma r + inner_rows[i] + inner_columns[j]
  T subtract = 0;                         // affine, exponential_less_one: subtracted from r first
  T zero = 0;                             // exponential_less_one: r - subtract between equal samples,
  T at_zero = 0;                          // and the value there
};

template <class T>
struct PairwiseKernels {
  // Packs kFeaturePanel samples into a panel; a null sample becomes zeros.
  void (*pack)(const T* const* samples, std::size_t features, T* panel);
  // The largest magnitude of some numbers, and the smallest one except 0: infinity where all are 0.
  void (*magnitudes)(const T* numbers, std::size_t count, T* largest, T* smallest);
  // tile = the reduction of every pair over at most kSegment features; for kSquaredEuclidean by differences.
  void (*reduce[kReductions])(const PanelPair<T>& panels, const Tile<T>& tile);
  // tile = the reduction of tile and part over the features of both, where error holds the rounding of earlier calls.
  void (*join[kReductions])(const Tile<T>& part, T* error, const Tile<T>& tile);
  // tile /= divisors, 0 / 0 = 0.
  void (*divide)(const Tile<T>& divisors, const Tile<T>& tile);
  // From a tile of inner products: sum (x - y)^2 - shift. From a tile of -2 sum min(x, y): sum |x - y| - shift. Sums
  // below the trusted least are added up again from differences, so that equal samples have distance 0.
  void (*add_squares)(const PanelPair<T>& panels, const OwnParts<T>& parts, const Tile<T>& tile);
  void (*add_sums)(const PanelPair<T>& panels, const OwnParts<T>& parts, const Tile<T>& tile);

  void (*affine)(const Tile<T>& tile, const Finish<T>& finish);       // scale r
  void (*root)(const Tile<T>& tile, const Finish<T>& finish);         // scale sqrt(r)
  void (*exponential)(const Tile<T>& tile, const Finish<T>& finish);  // exp(-gamma r)
  // scale (exp(-gamma r) - 1): exp(-gamma (r + shift)) without its constant part, for scale = exp(-gamma shift).
  void (*exponential_less_one)(const Tile<T>& tile, const Finish<T>& finish);
  void (*power)(const Tile<T>& tile, const Finish<T>& finish);  // g^degree, for an integer degree >= 0
  void (*tanh)(const Tile<T>& tile, const Finish<T>& finish);   // tanh(g)

  // store: out[i][j] = tile[i][j], for any number of rows. Returns whether all numbers of the tile are finite.
  // mirror: out[j][i] = tile[i][j], for any number of columns and a multiple of kFeaturePanel rows.
  // out and its rows are aligned to 64 bytes; `stream` writes past the caches.
  bool (*store)(const Tile<T>& tile, T* out, std::size_t stride, bool stream);
  void (*mirror)(const Tile<T>& tile, T* out, std::size_t stride, bool stream);
};

// Rounds the entries of a tile to float32.
using Narrow = void (*)(const Tile<double>& tile, const Tile<float>& narrowed);

}  // namespace genmi::simd
