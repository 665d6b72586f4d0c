// How samples come into panels, and tiles into matrices: see kernels.inl, which includes this once per instruction set.

namespace genmi::simd {
namespace {

// Lanes of low and high, taken in turn: from their first halves, and from their second.
template <class V>
inline V interleave_first(V low, V high) {
  constexpr std::size_t kCount = sizeof(V) / sizeof(low[0]);
  if constexpr (kCount == 2) return __builtin_shufflevector(low, high, 0, 2);
  else if constexpr (kCount == 4) return __builtin_shufflevector(low, high, 0, 4, 1, 5);
  else if constexpr (kCount == 8) return __builtin_shufflevector(low, high, 0, 8, 1, 9, 2, 10, 3, 11);
  else return __builtin_shufflevector(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
template <class V>
inline V interleave_second(V low, V high) {
  constexpr std::size_t kCount = sizeof(V) / sizeof(low[0]);
  if constexpr (kCount == 2) return __builtin_shufflevector(low, high, 1, 3);
  else if constexpr (kCount == 4) return __builtin_shufflevector(low, high, 2, 6, 3, 7);
  else if constexpr (kCount == 8) return __builtin_shufflevector(low, high, 4, 12, 5, 13, 6, 14, 7, 15);
  else return __builtin_shufflevector(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// A perfect shuffle of all rows, as often as it takes: row i becomes column i.
template <class T>
inline void transpose(VectorType<T>* rows) {
  constexpr std::size_t kCount = kLanesOf<T>;
  for (std::size_t done = 1; done < kCount; done *= 2) {
    VectorType<T> shuffled[kCount];
    for (std::size_t i = 0; i < kCount / 2; ++i) {
      shuffled[2 * i] = interleave_first(rows[i], rows[i + kCount / 2]);
      shuffled[2 * i + 1] = interleave_second(rows[i], rows[i + kCount / 2]);
    }
    for (std::size_t i = 0; i < kCount; ++i) rows[i] = shuffled[i];
  }
}

template <class T>
void pack(const T* const* samples, std::size_t features, T* panel) {
  constexpr std::size_t kCount = kLanesOf<T>;
  for (std::size_t lane = 0; lane < kFeaturePanel<T>; lane += kCount) {
    std::size_t f = 0;
    for (; f + kCount <= features; f += kCount) {
      VectorType<T> rows[kCount];
      for (std::size_t i = 0; i < kCount; ++i)
        rows[i] = samples[lane + i] != nullptr ? vector_at(samples[lane + i] + f) : VectorType<T>{};
      transpose<T>(rows);
      for (std::size_t i = 0; i < kCount; ++i) put(rows[i], panel + (f + i) * kFeaturePanel<T> + lane);
    }
    for (; f < features; ++f)
      for (std::size_t i = 0; i < kCount; ++i)
        panel[f * kFeaturePanel<T> + lane + i] = samples[lane + i] != nullptr ? samples[lane + i][f] : 0;
  }
}

template <class T>
inline void put_past_caches(VectorType<T> vector, T* to) {
#if defined(__x86_64__) && GENMI_VECTOR_BYTES == 64
  _mm512_stream_si512(reinterpret_cast<__m512i*>(to), __m512i(vector));
#elif defined(__x86_64__) && GENMI_VECTOR_BYTES == 32
  _mm256_stream_si256(reinterpret_cast<__m256i*>(to), __m256i(vector));
#elif defined(__x86_64__)
  _mm_stream_si128(reinterpret_cast<__m128i*>(to), __m128i(vector));
#else
  put(vector, to);
#endif
}

// What was written past the caches is seen by other threads after this.
inline void fence() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

template <class T, bool kStream>
inline void write(VectorType<T> vector, T* to) {
  if constexpr (kStream) put_past_caches(vector, to);
  else put(vector, to);
}

template <class T, bool kStream>
bool store_rows(const Tile<T>& tile, T* out, std::size_t stride) {
  VectorType<T> wrong{};  // NaN where an entry is not finite
  for (std::size_t i = 0; i < tile.rows; ++i)
    for (std::size_t j = 0; j < tile.columns; j += kLanesOf<T>) {
      const VectorType<T> entries = vector_at(tile.entries + i * tile.stride + j);
      wrong += entries - entries;
      write<T, kStream>(entries, out + i * stride + j);
    }
  if constexpr (kStream) fence();
  return !any<T>(wrong != VectorType<T>{});
}

template <class T, bool kStream>
void store_columns(const Tile<T>& tile, T* out, std::size_t stride) {
  constexpr std::size_t kCount = kLanesOf<T>;
  for (std::size_t j = 0; j < tile.columns; j += kCount) {
    const std::size_t count = tile.columns - j < kCount ? tile.columns - j : kCount;
    for (std::size_t i = 0; i < tile.rows; i += kCount) {
      VectorType<T> block[kCount];
      for (std::size_t k = 0; k < kCount; ++k) block[k] = vector_at(tile.entries + (i + k) * tile.stride + j);
      transpose<T>(block);
      if (count == kCount)
        for (std::size_t k = 0; k < kCount; ++k) write<T, kStream>(block[k], out + (j + k) * stride + i);
      else
        for (std::size_t k = 0; k < count; ++k) write<T, kStream>(block[k], out + (j + k) * stride + i);
    }
  }
  if constexpr (kStream) fence();
}

template <class T>
bool store_tile(const Tile<T>& tile, T* out, std::size_t stride, bool stream) {
  return stream ? store_rows<T, true>(tile, out, stride) : store_rows<T, false>(tile, out, stride);
}
template <class T>
void mirror_tile(const Tile<T>& tile, T* out, std::size_t stride, bool stream) {
  stream ? store_columns<T, true>(tile, out, stride) : store_columns<T, false>(tile, out, stride);
}

void narrow_tile(const Tile<double>& tile, const Tile<float>& narrowed) {
  for (std::size_t i = 0; i < tile.rows; ++i)
    for (std::size_t j = 0; j < tile.columns; j += kLanesOf<double>)
      store_narrow(vector_at(tile.entries + i * tile.stride + j), narrowed.entries + i * narrowed.stride + j);
}

}  // namespace
}  // namespace genmi::simd
