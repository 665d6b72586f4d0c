// The vector types of all kernels, and their operations: see kernels.inl, which includes this once per instruction set.

namespace genmi::simd {
namespace {

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float Type __attribute__((vector_size(GENMI_VECTOR_BYTES)));
  typedef float InMemory __attribute__((vector_size(GENMI_VECTOR_BYTES), aligned(4), may_alias));
};
template <>
struct VectorOf<double> {
  typedef double Type __attribute__((vector_size(GENMI_VECTOR_BYTES)));
  typedef double InMemory __attribute__((vector_size(GENMI_VECTOR_BYTES), aligned(8), may_alias));
};

template <>
struct VectorOf<std::int16_t> {
  typedef std::int16_t Type __attribute__((vector_size(GENMI_VECTOR_BYTES)));
  typedef std::int16_t InMemory __attribute__((vector_size(GENMI_VECTOR_BYTES), aligned(2), may_alias));
};

template <class T>
using Vector = typename VectorOf<T>::Type;
template <class T>
inline constexpr std::size_t kLanes = GENMI_VECTOR_BYTES / sizeof(T);

template <class T>
inline Vector<T> spread(T value) {
  return value - Vector<T>{};
}
template <class T>
inline Vector<T> load_vector(const T* from) {
  return *reinterpret_cast<const typename VectorOf<T>::InMemory*>(from);
}
template <class T>
inline void store_vector(Vector<T> vector, T* to) {
  *reinterpret_cast<typename VectorOf<T>::InMemory*>(to) = vector;
}

// smaller is a < b ? a : b, larger is a > b ? a : b. Both are b where one is NaN. Each is one instruction that
// compilers do not find.
template <class V>
inline V smaller(V a, V b) {
#if defined(__x86_64__) && GENMI_VECTOR_BYTES == 64
  if constexpr (sizeof(a[0]) == 4) return V(_mm512_maskz_min_ps(__mmask16(-1), __m512(a), __m512(b)));
  else return V(_mm512_maskz_min_pd(__mmask8(-1), __m512d(a), __m512d(b)));
#elif defined(__x86_64__) && GENMI_VECTOR_BYTES == 32
  if constexpr (sizeof(a[0]) == 4) return V(_mm256_min_ps(__m256(a), __m256(b)));
  else return V(_mm256_min_pd(__m256d(a), __m256d(b)));
#elif defined(__x86_64__)
  if constexpr (sizeof(a[0]) == 4) return V(_mm_min_ps(__m128(a), __m128(b)));
  else return V(_mm_min_pd(__m128d(a), __m128d(b)));
#else
  return a < b ? a : b;
#endif
}
template <class V>
inline V larger(V a, V b) {
#if defined(__x86_64__) && GENMI_VECTOR_BYTES == 64
  if constexpr (sizeof(a[0]) == 4) return V(_mm512_maskz_max_ps(__mmask16(-1), __m512(a), __m512(b)));
  else return V(_mm512_maskz_max_pd(__mmask8(-1), __m512d(a), __m512d(b)));
#elif defined(__x86_64__) && GENMI_VECTOR_BYTES == 32
  if constexpr (sizeof(a[0]) == 4) return V(_mm256_max_ps(__m256(a), __m256(b)));
  else return V(_mm256_max_pd(__m256d(a), __m256d(b)));
#elif defined(__x86_64__)
  if constexpr (sizeof(a[0]) == 4) return V(_mm_max_ps(__m128(a), __m128(b)));
  else return V(_mm_max_pd(__m128d(a), __m128d(b)));
#else
  return a > b ? a : b;
#endif
}

// Whether any bit of a register or half a register is set, for example in the result of a comparison.
template <class V>
inline bool any_bit(V of) {
#if defined(__x86_64__) && GENMI_VECTOR_BYTES == 64
  if constexpr (sizeof(V) == 64) return _mm512_test_epi64_mask(__m512i(of), __m512i(of)) != 0;
#endif
#if defined(__x86_64__) && GENMI_VECTOR_BYTES >= 32
  if constexpr (sizeof(V) == 32) return _mm256_testz_si256(__m256i(of), __m256i(of)) == 0;
#endif
  long long words[sizeof(V) / sizeof(long long)], any = 0;
  __builtin_memcpy(words, &of, sizeof(V));
  for (const long long word : words) any |= word;
  return any != 0;
}

// Lanes of low and high in turn, from their first halves or from their second halves.
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

// Row i becomes column i: log2(kCount) perfect shuffles of all rows.
template <class T>
inline void transpose(Vector<T>* rows) {
  constexpr std::size_t kCount = kLanes<T>;
  for (std::size_t done = 1; done < kCount; done *= 2) {
    Vector<T> shuffled[kCount];
    for (std::size_t i = 0; i < kCount / 2; ++i) {
      shuffled[2 * i] = interleave_first(rows[i], rows[i + kCount / 2]);
      shuffled[2 * i + 1] = interleave_second(rows[i], rows[i + kCount / 2]);
    }
    for (std::size_t i = 0; i < kCount; ++i) rows[i] = shuffled[i];
  }
}

// Within each part of 16 bytes: chunks of `kChunk` lanes of a and b in turn, from the first halves of the parts or from
// the second halves.
template <std::size_t kChunk, bool kSecond, class V, std::size_t... kLane>
inline V interleave_parts(V a, V b, std::index_sequence<kLane...>) {
  constexpr std::size_t kPart = 16 / sizeof(a[0]), kChunks = kPart / kChunk;
  constexpr auto from = [](std::size_t lane) {
    const std::size_t chunk = lane % kPart / kChunk;
    return (chunk % 2) * sizeof...(kLane) + lane / kPart * kPart + (chunk / 2 + kSecond * kChunks / 2) * kChunk +
           lane % kChunk;
  };
  return __builtin_shufflevector(a, b, int(from(kLane))...);
}

// In each 16 bytes: lane j of row i becomes lane i of row j.
template <class T>
inline void transpose_parts(Vector<T>* rows) {
  constexpr std::make_index_sequence<kLanes<T>> kAll;
  if constexpr (sizeof(T) == 8) {
    const Vector<T> first = interleave_parts<1, false>(rows[0], rows[1], kAll);
    rows[1] = interleave_parts<1, true>(rows[0], rows[1], kAll);
    rows[0] = first;
  } else {
    const Vector<T> a = interleave_parts<1, false>(rows[0], rows[1], kAll);
    const Vector<T> b = interleave_parts<1, true>(rows[0], rows[1], kAll);
    const Vector<T> c = interleave_parts<1, false>(rows[2], rows[3], kAll);
    const Vector<T> d = interleave_parts<1, true>(rows[2], rows[3], kAll);
    rows[0] = interleave_parts<2, false>(a, c, kAll);
    rows[1] = interleave_parts<2, true>(a, c, kAll);
    rows[2] = interleave_parts<2, false>(b, d, kAll);
    rows[3] = interleave_parts<2, true>(b, d, kAll);
  }
}

// pick: the lanes kLane of low and high, counted through both. pick_from: as many lanes of one vector, from kFirst on.
template <class V, std::size_t... kLane>
inline auto pick(V low, V high, std::index_sequence<kLane...>) {
  return __builtin_shufflevector(low, high, int(kLane)...);
}
template <std::size_t kFirst, class V, std::size_t... kLane>
inline auto pick_from(V vector, std::index_sequence<kLane...>) {
  return __builtin_shufflevector(vector, vector, int(kFirst + kLane)...);
}

// A vector from or to parts of 16 bytes that are `stride` numbers apart in memory. Splits the vector in halves until a
// half is one part.
template <class T, std::size_t kBytes = GENMI_VECTOR_BYTES>
inline auto load_parts(const T* from, std::size_t stride) {
  if constexpr (kBytes == 16) {
    typedef T Part __attribute__((vector_size(16), aligned(alignof(T)), may_alias));
    typedef T Loaded __attribute__((vector_size(16)));
    return Loaded(*reinterpret_cast<const Part*>(from));
  } else {
    const auto low = load_parts<T, kBytes / 2>(from, stride);
    const auto high = load_parts<T, kBytes / 2>(from + kBytes / 32 * stride, stride);
    return pick(low, high, std::make_index_sequence<kBytes / sizeof(T)>());
  }
}
template <class T, class V>
inline void store_parts(V vector, T* to, std::size_t stride) {
  if constexpr (sizeof(V) == 16) {
    typedef T Part __attribute__((vector_size(16), aligned(alignof(T)), may_alias));
    *reinterpret_cast<Part*>(to) = vector;
  } else {
    constexpr std::size_t kHalf = sizeof(V) / 2 / sizeof(T);
    constexpr std::make_index_sequence<kHalf> kLanesOfHalf;
    store_parts<T>(pick_from<0>(vector, kLanesOfHalf), to, stride);
    store_parts<T>(pick_from<kHalf>(vector, kLanesOfHalf), to + sizeof(V) / 32 * stride, stride);
  }
}

// 128 bytes of numbers in as many registers as they need. A lane is the same number on every instruction set.
template <class T>
struct Bundle {
  using Vector = typename VectorOf<T>::Type;
  static constexpr std::size_t kLanes = 128 / sizeof(T);
  static constexpr std::size_t kPerVector = GENMI_VECTOR_BYTES / sizeof(T);
  static constexpr std::size_t kVectors = kLanes / kPerVector;
  Vector vectors[kVectors];
};

template <class T>
inline Bundle<T> all(T value) {
  Bundle<T> bundle;
  for (auto& vector : bundle.vectors) vector = value - typename Bundle<T>::Vector{};
  return bundle;
}

template <class T>
inline Bundle<T> load(const T* from) {
  Bundle<T> bundle;
  for (std::size_t k = 0; k < Bundle<T>::kVectors; ++k)
    bundle.vectors[k] = *reinterpret_cast<const typename VectorOf<T>::InMemory*>(from + k * Bundle<T>::kPerVector);
  return bundle;
}

template <class T>
inline void store(const Bundle<T>& bundle, T* to) {
  for (std::size_t k = 0; k < Bundle<T>::kVectors; ++k)
    *reinterpret_cast<typename VectorOf<T>::InMemory*>(to + k * Bundle<T>::kPerVector) = bundle.vectors[k];
}

template <class T, class Operation>
inline Bundle<T> zip(const Bundle<T>& a, const Bundle<T>& b, Operation operation) {
  Bundle<T> bundle;
  for (std::size_t k = 0; k < Bundle<T>::kVectors; ++k) bundle.vectors[k] = operation(a.vectors[k], b.vectors[k]);
  return bundle;
}

template <class T>
inline Bundle<T> operator+(const Bundle<T>& a, const Bundle<T>& b) {
  return zip(a, b, [](auto x, auto y) { return x + y; });
}
template <class T>
inline Bundle<T> operator-(const Bundle<T>& a, const Bundle<T>& b) {
  return zip(a, b, [](auto x, auto y) { return x - y; });
}
template <class T>
inline Bundle<T> operator*(const Bundle<T>& a, const Bundle<T>& b) {
  return zip(a, b, [](auto x, auto y) { return x * y; });
}
template <class T>
inline Bundle<T> least(const Bundle<T>& a, const Bundle<T>& b) {
  return zip(a, b, [](auto x, auto y) { return smaller(x, y); });
}
template <class T>
inline Bundle<T> greatest(const Bundle<T>& a, const Bundle<T>& b) {
  return zip(a, b, [](auto x, auto y) { return larger(x, y); });
}

// a b + c, rounded once where the instruction set has such an instruction. Nothing else is contracted.
template <class V>
inline V multiply_add(V a, V b, V c) {
#if defined(__x86_64__) && GENMI_VECTOR_BYTES == 64
  if constexpr (sizeof(a[0]) == 4) return V(_mm512_fmadd_ps(__m512(a), __m512(b), __m512(c)));
  else return V(_mm512_fmadd_pd(__m512d(a), __m512d(b), __m512d(c)));
#elif defined(__x86_64__) && GENMI_VECTOR_BYTES == 32
  if constexpr (sizeof(a[0]) == 4) return V(_mm256_fmadd_ps(__m256(a), __m256(b), __m256(c)));
  else return V(_mm256_fmadd_pd(__m256d(a), __m256d(b), __m256d(c)));
#elif defined(__aarch64__)
  if constexpr (sizeof(a[0]) == 4) return V(vfmaq_f32(float32x4_t(c), float32x4_t(a), float32x4_t(b)));
  else return V(vfmaq_f64(float64x2_t(c), float64x2_t(a), float64x2_t(b)));
#else
  return a * b + c;
#endif
}
template <class T>
inline Bundle<T> multiply_add(const Bundle<T>& a, const Bundle<T>& b, const Bundle<T>& c) {
  Bundle<T> bundle;
  for (std::size_t k = 0; k < Bundle<T>::kVectors; ++k)
    bundle.vectors[k] = multiply_add(a.vectors[k], b.vectors[k], c.vectors[k]);
  return bundle;
}

constexpr auto least_of = [](auto a, auto b) { return a < b ? a : b; };

// Combines all lanes into one: upper half with lower half, until one lane is left.
template <class T, std::size_t kBytes, class Operation>
inline T fold(const T* lanes, Operation operation) {
  if constexpr (kBytes == 2 * sizeof(T)) {
    return operation(lanes[0], lanes[1]);
  } else {
    typedef T Half __attribute__((vector_size(kBytes / 2)));
    constexpr std::size_t kHalf = kBytes / 2 / sizeof(T);
    alignas(64) T halves[kHalf];
    *reinterpret_cast<Half*>(halves) =
        operation(*reinterpret_cast<const Half*>(lanes), *reinterpret_cast<const Half*>(lanes + kHalf));
    return fold<T, kBytes / 2>(halves, operation);
  }
}

// Combines all lanes of a bundle into one, first across its registers.
template <class T, class Operation>
inline T reduce(Bundle<T> bundle, Operation operation) {
  for (std::size_t half = Bundle<T>::kVectors / 2; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k) bundle.vectors[k] = operation(bundle.vectors[k], bundle.vectors[k + half]);
  alignas(64) T lanes[Bundle<T>::kPerVector];
  *reinterpret_cast<typename VectorOf<T>::Type*>(lanes) = bundle.vectors[0];
  return fold<T, GENMI_VECTOR_BYTES>(lanes, operation);
}

// Half a vector of float32 as a vector of float64, and back. Intrinsics, because GCC 12 splits these conversions into
// several instructions for Arm and AVX-512. (AVX-512's forms with a full mask avoid a warning about undefined lanes.)
typedef float HalfFloats __attribute__((vector_size(GENMI_VECTOR_BYTES / 2), aligned(4), may_alias));
inline Vector<double> load_doubles(const float* from) {
#if defined(__aarch64__)
  return Vector<double>(vcvt_f64_f32(vld1_f32(from)));
#elif defined(__x86_64__) && GENMI_VECTOR_BYTES == 64
  return Vector<double>(_mm512_maskz_cvtps_pd(0xff, _mm256_loadu_ps(from)));
#else
  return __builtin_convertvector(*reinterpret_cast<const HalfFloats*>(from), Vector<double>);
#endif
}
inline void store_doubles(Vector<double> vector, float* to) {
#if defined(__aarch64__)
  vst1_f32(to, vcvt_f32_f64(float64x2_t(vector)));
#elif defined(__x86_64__) && GENMI_VECTOR_BYTES == 64
  _mm256_storeu_ps(to, _mm512_maskz_cvtpd_ps(0xff, __m512d(vector)));
#else
  *reinterpret_cast<HalfFloats*>(to) = __builtin_convertvector(vector, HalfFloats);
#endif
}

inline Bundle<double> load_as_double(const float* from) {
  Bundle<double> bundle;
  for (std::size_t k = 0; k < Bundle<double>::kVectors; ++k)
    bundle.vectors[k] = load_doubles(from + k * Bundle<double>::kPerVector);
  return bundle;
}
inline Bundle<double> load_as_double(const double* from) { return load(from); }

}  // namespace
}  // namespace genmi::simd
