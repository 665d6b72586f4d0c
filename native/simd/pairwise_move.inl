// Packs samples into panels, measures them, and copies tiles into matrices: see kernels.inl, which includes this once
// per instruction set.

namespace genmi::simd {
namespace {

template <class T>
void pack(const T* const* samples, std::size_t features, T* panel) {
  constexpr std::size_t kCount = kLanes<T>;
  for (std::size_t lane = 0; lane < kFeaturePanel<T>; lane += kCount) {
    std::size_t f = 0;
    for (; f + kCount <= features; f += kCount) {
      Vector<T> rows[kCount];
      for (std::size_t i = 0; i < kCount; ++i)
        rows[i] = samples[lane + i] != nullptr ? load_vector(samples[lane + i] + f) : Vector<T>{};
      transpose<T>(rows);
      for (std::size_t i = 0; i < kCount; ++i) store_vector(rows[i], panel + (f + i) * kFeaturePanel<T> + lane);
    }
    for (; f < features; ++f)
      for (std::size_t i = 0; i < kCount; ++i)
        panel[f * kFeaturePanel<T> + lane + i] = samples[lane + i] != nullptr ? samples[lane + i][f] : 0;
  }
}

template <class T>
void magnitudes(const T* numbers, std::size_t count, T* largest, T* smallest) {
  constexpr std::size_t kCount = kLanes<T>;
  constexpr T kInfinity = T(__builtin_inf());
  constexpr auto larger_of = [](auto a, auto b) { return a > b ? a : b; };
  *largest = 0;
  *smallest = kInfinity;
  std::size_t k = 0;
  if (count >= kCount) {
    Vector<T> most{}, least = spread(kInfinity);
    for (; k + kCount <= count; k += kCount) {
      const Vector<T> sizes = magnitude<T>(load_vector(numbers + k));
      most = larger(sizes, most);
      least = smaller(sizes > 0 ? sizes : spread(kInfinity), least);
    }
    alignas(64) T mosts[kCount], leasts[kCount];
    store_vector(most, mosts);
    store_vector(least, leasts);
    *largest = fold<T, GENMI_VECTOR_BYTES>(mosts, larger_of);
    *smallest = fold<T, GENMI_VECTOR_BYTES>(leasts, least_of);
  }
  for (; k < count; ++k) {
    const T size = numbers[k] < 0 ? -numbers[k] : numbers[k];
    *largest = larger_of(size, *largest);
    if (size > 0) *smallest = least_of(size, *smallest);
  }
}

template <class T>
inline void put_past_caches(Vector<T> vector, T* to) {
#if defined(__x86_64__) && GENMI_VECTOR_BYTES == 64
  _mm512_stream_si512(reinterpret_cast<__m512i*>(to), __m512i(vector));
#elif defined(__x86_64__) && GENMI_VECTOR_BYTES == 32
  _mm256_stream_si256(reinterpret_cast<__m256i*>(to), __m256i(vector));
#elif defined(__x86_64__)
  _mm_stream_si128(reinterpret_cast<__m128i*>(to), __m128i(vector));
#else
  store_vector(vector, to);
#endif
}

// After this, other threads see the numbers that were written past the caches.
inline void fence() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

template <class T, bool kStream>
inline void write(Vector<T> vector, T* to) {
  if constexpr (kStream) put_past_caches(vector, to);
  else store_vector(vector, to);
}

template <class T, bool kStream>
bool store_rows(const Tile<T>& tile, T* out, std::size_t stride) {
  Vector<T> wrong{};  // NaN where an entry is not finite
  for (std::size_t i = 0; i < tile.rows; ++i)
    for (std::size_t j = 0; j < tile.columns; j += kLanes<T>) {
      const Vector<T> entries = load_vector(tile.entries + i * tile.stride + j);
      wrong += entries - entries;
      write<T, kStream>(entries, out + i * stride + j);
    }
  if constexpr (kStream) fence();
  return !any_bit(wrong != Vector<T>{});
}

template <class T, bool kStream>
void store_columns(const Tile<T>& tile, T* out, std::size_t stride) {
  constexpr std::size_t kCount = kLanes<T>;
  for (std::size_t j = 0; j < tile.columns; j += kCount) {
    const std::size_t count = tile.columns - j < kCount ? tile.columns - j : kCount;
    for (std::size_t i = 0; i < tile.rows; i += kCount) {
      Vector<T> block[kCount];
      for (std::size_t k = 0; k < kCount; ++k) block[k] = load_vector(tile.entries + (i + k) * tile.stride + j);
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
    for (std::size_t j = 0; j < tile.columns; j += kLanes<double>)
      store_doubles(load_vector(tile.entries + i * tile.stride + j), narrowed.entries + i * narrowed.stride + j);
}

}  // namespace
}  // namespace genmi::simd
