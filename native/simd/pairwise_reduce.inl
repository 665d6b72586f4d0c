// The sums over features of pairwise affinities: see kernels.inl, which includes this once per instruction set.

namespace genmi::simd {
namespace {

// Registers per panel.
constexpr std::size_t kPieces = 64 / GENMI_VECTOR_BYTES;

template <class T>
inline Vector<T> magnitude(Vector<T> x) {
#if defined(__aarch64__)  // one instruction together with the difference before it
  if constexpr (sizeof(T) == 4) return Vector<T>(vabsq_f32(float32x4_t(x)));
  else return Vector<T>(vabsq_f64(float64x2_t(x)));
#else
  return reinterpret_cast<Vector<T>>(reinterpret_cast<Integers<T>>(x) &
                                     ~reinterpret_cast<Integers<T>>(spread<T>(T{-0.0})));
#endif
}

// The term of a reduction for a pair of features, and the sum of two chunks.
struct Sum {
  template <class V>
  static V join(V a, V b) {
    return a + b;
  }
  // a + b with the rounding of the sum added to error, exactly (Knuth's two-sum).
  template <class V>
  static V join(V a, V b, V& error) {
    const V sum = a + b, added = sum - a;
    error += (a - (sum - added)) + (b - added);
    return sum;
  }
};
struct Inner : Sum {
  template <class T>
  static Vector<T> add(Vector<T> sum, Vector<T> x, Vector<T> y) {
    return multiply_add(x, y, sum);
  }
};
struct SquaredDifferences : Sum {
  template <class T>
  static Vector<T> add(Vector<T> sum, Vector<T> x, Vector<T> y) {
    const Vector<T> difference = x - y;
    return multiply_add(difference, difference, sum);
  }
};
// x - y, to the bit, on the processor's multiplying units: many processors have other units for the sums that follow.
template <class T>
inline Vector<T> subtract_beside_sums(Vector<T> x, Vector<T> y) {
#if GENMI_VECTOR_BYTES >= 32
  return multiply_add(x, spread<T>(1), -y);
#else
  return x - y;
#endif
}
struct Differences : Sum {
  template <class T>
  static Vector<T> add(Vector<T> sum, Vector<T> x, Vector<T> y) {
    return sum + magnitude<T>(subtract_beside_sums<T>(x, y));
  }
};
// Minima take half of the work of differences: one operation on comparing units and one on multiplying units.
struct Minima : Sum {
  template <class T>
  static Vector<T> add(Vector<T> sum, Vector<T> x, Vector<T> y) {
    return multiply_add(x < y ? x : y, spread<T>(-2), sum);
  }
};
struct ChiSquared : Sum {
  template <class T>
  static Vector<T> add(Vector<T> sum, Vector<T> x, Vector<T> y) {
    const Vector<T> difference = x - y, total = x + y;
    return sum + difference * (difference / (total > 0 ? total : spread<T>(1)));
  }
};
struct Canberra : Sum {
  template <class T>
  static Vector<T> add(Vector<T> sum, Vector<T> x, Vector<T> y) {
    const Vector<T> total = magnitude<T>(x) + magnitude<T>(y);
    return sum + magnitude<T>(x - y) / (total > 0 ? total : spread<T>(1));
  }
};
struct Totals : Sum {
  template <class T>
  static Vector<T> add(Vector<T> sum, Vector<T> x, Vector<T> y) {
    return sum + magnitude<T>(x + y);
  }
};
struct LargestDifference {
  template <class V>
  static V join(V a, V b) {
    return a > b ? a : b;
  }
  template <class V>
  static V join(V a, V b, V&) {
    return join(a, b);
  }
  template <class T>
  static Vector<T> add(Vector<T> largest, Vector<T> x, Vector<T> y) {
    return join(largest, magnitude<T>(x - y));
  }
};

// The block of a tile whose sums are in registers: kBlockRows rows times some vectors of its columns.
#if GENMI_VECTOR_BYTES == 64
constexpr std::size_t kBlockRows = 8;
#elif GENMI_VECTOR_BYTES == 32 || defined(__aarch64__)
constexpr std::size_t kBlockRows = 4;
#else
constexpr std::size_t kBlockRows = 2;
#endif

// Terms of one operation need no registers except for their factors: more sums fit.
template <class Term>
constexpr bool kIsOneOperation = false;
template <>
constexpr bool kIsOneOperation<Inner> = true;

// A wide block has three vectors of columns, from three panels that are reduced together; another one has a panel.
template <class Term>
constexpr bool kIsWide = GENMI_VECTOR_BYTES == 64 || (GENMI_VECTOR_BYTES == 32 && kIsOneOperation<Term>);
template <class Term>
constexpr std::size_t kGroupPanels = kIsWide<Term> ? 3 : 1;
template <class Term>
constexpr std::size_t kBlockVectors = kIsWide<Term> ? 3 : kPieces;

// Each step of the loop takes so many features. In a small block, counting them is a sixth of the instructions. These
// are the bound where two programs share a core.
constexpr std::size_t kUnrolled = GENMI_VECTOR_BYTES == 64 ? 1 : 2;

static_assert(kRowGroup % kBlockRows == 0 && kFeaturePanel<double> % kBlockRows == 0);

// Adds a chunk of features to a block of kBlockRows rows and kVectors vectors of a tile, from vector kFirst of the
// panels on. The first chunk overwrites it.
template <class T, class Term, std::size_t kVectors, std::size_t kFirst = 0>
inline void reduce_block(const T* rows, const T* columns, std::size_t panel_size, std::size_t count, bool first, T* out,
                         std::size_t stride) {
  constexpr std::size_t kCount = kLanes<T>;
  Vector<T> sums[kBlockRows][kVectors];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kBlockRows; ++r)
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] = Vector<T>{};
#pragma GCC unroll kUnrolled
  for (std::size_t f = 0; f < count; ++f) {
    Vector<T> y[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t panel = (kFirst + v) / kPieces, piece = (kFirst + v) % kPieces;
      y[v] = load_vector(columns + panel * panel_size + f * kFeaturePanel<T> + piece * kCount);
    }
    for (std::size_t r = 0; r < kBlockRows; ++r) {
      const Vector<T> x = spread(rows[f * kFeaturePanel<T> + r]);
      for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] = Term::template add<T>(sums[r][v], x, y[v]);
    }
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kBlockRows; ++r)
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      T* to = out + r * stride + (kFirst + v) * kCount;
      store_vector(first ? sums[r][v] : Term::join(load_vector(to), sums[r][v]), to);
    }
}

// Reduces all rows of a tile, block by block, with kPanels panels of its columns: blocks below each other first, whose
// columns stay in a cache.
template <class T, class Term, std::size_t kPanels, std::size_t kVectors, std::size_t kFirst = 0>
void reduce_panels(const PanelPair<T>& panels, const T* columns, std::size_t chunk, const Tile<T>& tile, T* out) {
  const std::size_t panel_size = panels.features * kFeaturePanel<T>;
  const std::size_t left = panels.end - chunk, count = left < kChunk ? left : kChunk;
  for (std::size_t i = 0; i < tile.rows; i += kBlockRows)
    reduce_block<T, Term, kVectors, kFirst>(
        panels.rows + i / kFeaturePanel<T> * panel_size + chunk * kFeaturePanel<T> + i % kFeaturePanel<T>,
        columns + chunk * kFeaturePanel<T>, panel_size, count, chunk == panels.begin, out + i * tile.stride,
        tile.stride);
  if constexpr (kFirst + kVectors < kPanels * kPieces)
    reduce_panels<T, Term, kPanels, kVectors, kFirst + kVectors>(panels, columns, chunk, tile, out);
}

template <class T, class Term>
void reduce_tile(const PanelPair<T>& panels, const Tile<T>& tile) {
  const std::size_t panel_size = panels.features * kFeaturePanel<T>, count = tile.columns / kFeaturePanel<T>;
  for (std::size_t chunk = panels.begin; chunk < panels.end; chunk += kChunk) {
    std::size_t p = 0;
    for (; p + kGroupPanels<Term> <= count; p += kGroupPanels<Term>)
      reduce_panels<T, Term, kGroupPanels<Term>, kBlockVectors<Term>>(panels, panels.columns + p * panel_size, chunk,
                                                                      tile, tile.entries + p * kFeaturePanel<T>);
    for (; p < count; ++p)
      reduce_panels<T, Term, 1, kPieces>(panels, panels.columns + p * panel_size, chunk, tile,
                                         tile.entries + p * kFeaturePanel<T>);
  }
}

template <class T, class Term>
void join_tile(const Tile<T>& part, T* error, const Tile<T>& tile) {
  for (std::size_t i = 0; i < tile.rows; ++i)
    for (std::size_t j = 0; j < tile.columns; j += kLanes<T>) {
      T* entry = tile.entries + i * tile.stride + j;
      T* lost = error + i * tile.stride + j;
      Vector<T> rounding = load_vector(lost);
      store_vector(Term::join(load_vector(entry), load_vector(part.entries + i * part.stride + j), rounding), entry);
      store_vector(rounding, lost);
    }
}

template <class T>
void divide_tile(const Tile<T>& divisors, const Tile<T>& tile) {
  for (std::size_t i = 0; i < tile.rows; ++i)
    for (std::size_t j = 0; j < tile.columns; j += kLanes<T>) {
      T* entry = tile.entries + i * tile.stride + j;
      const Vector<T> dividend = load_vector(entry), divisor = load_vector(divisors.entries + i * divisors.stride + j);
      store_vector(dividend != 0 ? dividend / divisor : Vector<T>{}, entry);
    }
}

// out = the reduction of kBlockRows rows and a panel of columns, over any number of features.
template <class T, class Term>
void reduce_segments(const T* rows, const T* columns, std::size_t features, T* out) {
  constexpr std::size_t kSize = kFeaturePanel<T>;
  alignas(64) T part[kBlockRows * kSize] = {}, error[kBlockRows * kSize] = {};
  const Tile<T> all{out, kSize, kBlockRows, kSize}, next{part, kSize, kBlockRows, kSize};
  for (std::size_t chunk = 0; chunk < features; chunk += kChunk) {
    const bool first = chunk % kSegment == 0;
    if (first && chunk > kSegment) join_tile<T, Term>(next, error, all);
    reduce_block<T, Term, kPieces>(rows + chunk * kSize, columns + chunk * kSize, 0,
                                   features - chunk < kChunk ? features - chunk : kChunk, first,
                                   chunk < kSegment ? out : part, kSize);
  }
  if (features <= kSegment) return;
  join_tile<T, Term>(next, error, all);
  for (std::size_t k = 0; k < kBlockRows * kSize; ++k) out[k] += error[k];
}

// For kBlockRows rows and a panel of columns: own parts + factor times the entries of the tile, or sums of differences.
template <class T, class Difference>
void add_parts_to_block(const T* rows, const T* columns, std::size_t features, const OwnParts<T>& parts, T factor,
                        T* out, std::size_t stride) {
  constexpr std::size_t kCount = kLanes<T>;
  Integers<T> doubted{};
  for (std::size_t c = 0; c < kFeaturePanel<T>; c += kCount) {
    const Vector<T> own = load_vector(parts.columns + c), least = load_vector(parts.least_of_columns + c);
    for (std::size_t r = 0; r < kBlockRows; ++r) {
      const Vector<T> difference = parts.rows[r] + own + factor * load_vector(out + r * stride + c);
      store_vector(difference, out + r * stride + c);
      doubted |= difference < parts.least_of_rows[r] + least;
    }
  }
  if (!any_bit(doubted)) return;
  alignas(64) T exact[kBlockRows * kFeaturePanel<T>] = {};
  reduce_segments<T, Difference>(rows, columns, features, exact);
  for (std::size_t c = 0; c < kFeaturePanel<T>; c += kCount)
    for (std::size_t r = 0; r < kBlockRows; ++r) {
      const Vector<T> least = parts.least_of_rows[r] + load_vector(parts.least_of_columns + c);
      const Vector<T> difference = load_vector(out + r * stride + c);
      const Vector<T> instead = load_vector(exact + r * kFeaturePanel<T> + c) - parts.shift;
      store_vector(difference < least ? instead : difference, out + r * stride + c);
    }
}

template <class T, class Difference>
void add_parts(const PanelPair<T>& panels, const OwnParts<T>& parts, T factor, const Tile<T>& tile) {
  const std::size_t panel_size = panels.features * kFeaturePanel<T>;
  for (std::size_t i = 0; i < tile.rows; i += kBlockRows)
    for (std::size_t j = 0; j < tile.columns; j += kFeaturePanel<T>)
      add_parts_to_block<T, Difference>(
          panels.rows + i / kFeaturePanel<T> * panel_size + i % kFeaturePanel<T>,
          panels.columns + j / kFeaturePanel<T> * panel_size, panels.features,
          {parts.rows + i, parts.columns + j, parts.least_of_rows + i, parts.least_of_columns + j, parts.shift}, factor,
          tile.entries + i * tile.stride + j, tile.stride);
}

template <class T>
void add_squares(const PanelPair<T>& panels, const OwnParts<T>& parts, const Tile<T>& tile) {
  add_parts<T, SquaredDifferences>(panels, parts, -2, tile);
}
template <class T>
void add_sums(const PanelPair<T>& panels, const OwnParts<T>& parts, const Tile<T>& tile) {
  add_parts<T, Differences>(panels, parts, 1, tile);
}

}  // namespace
}  // namespace genmi::simd
