// The vector kernels of products with predictions: see kernels.inl, which includes this once per instruction set.

namespace genmi::simd {
namespace {

// 4 x 6 sums and their factors fill 32 registers; 4 x 3 sums and their factors fill 16.
#if GENMI_VECTOR_BYTES == 64 || defined(__aarch64__)
constexpr std::size_t kWidth = 6;
#else
constexpr std::size_t kWidth = 3;
#endif

// CountIndices<kCount>::Type is Indices<0, ..., kCount - 1>.
template <std::size_t... kIndex>
struct Indices {};
template <std::size_t kCount, std::size_t... kIndex>
struct CountIndices : CountIndices<kCount - 1, kCount - 1, kIndex...> {};
template <std::size_t... kIndex>
struct CountIndices<0, kIndex...> {
  using Type = Indices<kIndex...>;
};

// Lanes of a and of b in turn, from half kHalf of each group of 16 bytes: shuffles within 16 bytes are fast.
template <class T, std::size_t kHalf, class V, std::size_t... kLane>
inline V interleave(V a, V b, Indices<kLane...>) {
  constexpr std::size_t kGroup = 16 / sizeof(T), kCount = sizeof...(kLane);
  return __builtin_shufflevector(
      a, b, (kLane / kGroup * kGroup + kHalf * kGroup / 2 + kLane % kGroup / 2 + kLane % 2 * kCount)...);
}
// Within each group of four lanes: half kHalf of a's lanes, then the same half of b's.
template <std::size_t kHalf, class V, std::size_t... kLane>
inline V concatenate(V a, V b, Indices<kLane...>) {
  constexpr std::size_t kCount = sizeof...(kLane);
  return __builtin_shufflevector(a, b, (kLane / 4 * 4 + kHalf * 2 + kLane % 2 + kLane % 4 / 2 * kCount)...);
}

// add_halves: the lower half of a vector plus the upper one. add_groups: the sum of a vector's groups of 16 bytes.
template <class V, std::size_t... kLane>
inline auto add_halves(V vector, Indices<kLane...>) {
  return __builtin_shufflevector(vector, vector, kLane...) +
         __builtin_shufflevector(vector, vector, (kLane + sizeof...(kLane))...);
}
template <class T, class V>
inline auto add_groups(V vector) {
  if constexpr (sizeof(V) == 16) return vector;
  else return add_groups<T>(add_halves(vector, typename CountIndices<sizeof(V) / sizeof(T) / 2>::Type()));
}

// out[r] += the sum of the lanes of vectors[r].
template <class T, class V>
inline void add_sums(const V (&vectors)[kProductRows], T* out) {
  typedef T Group __attribute__((vector_size(16), aligned(sizeof(T)), may_alias));
  constexpr typename CountIndices<sizeof(V) / sizeof(T)>::Type lanes;
  const auto add = [&](V a, V b) { return interleave<T, 0>(a, b, lanes) + interleave<T, 1>(a, b, lanes); };
  const V first = add(vectors[0], vectors[1]), second = add(vectors[2], vectors[3]);
  if constexpr (sizeof(T) == 4) {
    const V all_four = concatenate<0>(first, second, lanes) + concatenate<1>(first, second, lanes);
    *reinterpret_cast<Group*>(out) += add_groups<T>(all_four);
  } else {
    *reinterpret_cast<Group*>(out) += add_groups<T>(first);
    *reinterpret_cast<Group*>(out + 2) += add_groups<T>(second);
  }
}

// Lanes run along the panels. Each lane has a sum of its own until the end.
template <class T, std::size_t kColumns>
void multiply_some(const T* const* rows, std::size_t row_step, Panels<const T> columns, std::size_t count,
                   const T* const* ahead, T* out) {
  Vector<T> sums[kColumns][kProductRows];
#pragma GCC unroll 6
  for (auto& of_column : sums)
#pragma GCC unroll 4
    for (auto& sum : of_column) sum = Vector<T>{};
  for (std::size_t p = 0; p < count; ++p) {
    for (std::size_t lane = 0; lane < kPanel; lane += kLanes<T>) {
      Vector<T> row[kProductRows];
      for (std::size_t r = 0; r < kProductRows; ++r) {
        row[r] = load_vector(rows[r] + p * row_step + lane);
        if (lane * sizeof(T) % 64 == 0) __builtin_prefetch(ahead[r] + p * kPanel + lane);
      }
      for (std::size_t c = 0; c < kColumns; ++c) {
        const auto column = load_vector(columns.data + p * columns.step + c * kPanel + lane);
        for (std::size_t r = 0; r < kProductRows; ++r) sums[c][r] = multiply_add(row[r], column, sums[c][r]);
      }
    }
  }
#pragma GCC unroll 6
  for (std::size_t c = 0; c < kColumns; ++c) add_sums(sums[c], out + c * kPanel);
}

// Adds the products with all rows to kVectors vectors of kColumns columns of the result. Rows may lie anywhere in
// memory: their vectors of the next pass are prefetched.
template <class T, std::size_t kColumns, std::size_t kVectors>
inline void add_some(const T* const* rows, std::size_t row_count, const std::size_t (&from)[kVectors],
                     Panels<const T> columns, T* const (&out)[kVectors]) {
  Vector<T> sums[kColumns][kVectors] = {};
  for (std::size_t first = 0; first < row_count; first += kPanel, columns.data += columns.step) {
    const std::size_t count = row_count - first < kPanel ? row_count - first : kPanel;
    for (std::size_t lane = 0; lane < count; ++lane) {
      const T* const from_row = rows[first + lane];
      Vector<T> factor[kColumns];
      for (std::size_t c = 0; c < kColumns; ++c) factor[c] = columns.data[c * kPanel + lane] - Vector<T>{};
      // One vector of a row at a time: beside 12 sums and 3 factors, 16 registers have room for no other.
      for (std::size_t v = 0; v < kVectors; ++v) {
        const Vector<T> row = load_vector(from_row + from[v]);
        if (v * sizeof(row) % 64 == 0) __builtin_prefetch(from_row + from[v] + kVectors * kLanes<T>);
        for (std::size_t c = 0; c < kColumns; ++c) sums[c][v] = multiply_add(factor[c], row, sums[c][v]);
      }
    }
  }
  for (std::size_t c = 0; c < kColumns; ++c)
    for (std::size_t v = 0; v < kVectors; ++v)
      store_vector<T>(load_vector(out[v] + c * kPanel) + sums[c][v], out[v] + c * kPanel);
}

template <class T, std::size_t kColumns, std::size_t kVectors>
inline std::size_t add_vectors(const T* const* rows, std::size_t row_step, std::size_t row_count,
                               Panels<const T> columns, std::size_t first, std::size_t end, Panels<T> out) {
  constexpr std::size_t kPerPanel = kPanel / kLanes<T>;
  for (; first + kVectors <= end; first += kVectors) {
    std::size_t from[kVectors];
    T* to[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t panel = (first + v) / kPerPanel, lane = (first + v) % kPerPanel * kLanes<T>;
      from[v] = panel * row_step + lane;
      to[v] = out.data + panel * out.step + lane;
    }
    add_some<T, kColumns, kVectors>(rows, row_count, from, columns, to);
  }
  return first;
}

template <class T, std::size_t kColumns>
void add_group(const T* const* rows, std::size_t row_step, std::size_t row_count, Panels<const T> columns,
               std::size_t count, Panels<T> out) {
  const std::size_t end = count * (kPanel / kLanes<T>);
  const std::size_t next = add_vectors<T, kColumns, 4>(rows, row_step, row_count, columns, 0, end, out);
  add_vectors<T, kColumns, 1>(rows, row_step, row_count, columns, next, end, out);
}

template <class T, std::size_t kColumns = kWidth>
void multiply_rows(const T* const* rows, std::size_t row_step, Panels<const T> columns, std::size_t width,
                   std::size_t count, const T* const* ahead, T* out) {
  if constexpr (kColumns > 1)
    if (width < kColumns) return multiply_rows<T, kColumns - 1>(rows, row_step, columns, width, count, ahead, out);
  multiply_some<T, kColumns>(rows, row_step, columns, count, ahead, out);
}

template <class T, std::size_t kColumns = kWidth>
void add_rows(const T* const* rows, std::size_t row_step, std::size_t row_count, Panels<const T> columns,
              std::size_t width, std::size_t count, Panels<T> out) {
  if constexpr (kColumns > 1)
    if (width < kColumns) return add_rows<T, kColumns - 1>(rows, row_step, row_count, columns, width, count, out);
  add_group<T, kColumns>(rows, row_step, row_count, columns, count, out);
}

template <class T>
double dot(Panels<const T> a, Panels<const T> b, std::size_t count) {
  static_assert(Bundle<double>::kLanes == kPanel);
  Bundle<double> sums = all(0.0);
  for (std::size_t p = 0; p < count; ++p)
    sums = multiply_add(load_as_double(a.data + p * a.step), load_as_double(b.data + p * b.step), sums);
  return reduce(sums, [](auto x, auto y) { return x + y; });
}

template <class T>
constexpr ProductKernels<T> kProductKernels = {
    .width = kWidth,
    .multiply_rows = multiply_rows<T>,
    .add_rows = add_rows<T>,
    .dot = dot<T>,
};

}  // namespace
}  // namespace genmi::simd
