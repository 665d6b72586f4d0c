// Elementary functions of vectors, in float32 and float64: see kernels.inl. Error bounds: divergence_kernels.h.
//
// Each function reduces its argument to a short interval and sums a series there (Cody, Waite, "Software Manual for the
// Elementary Functions", 1980). The logarithm is log(1 + f) = 2 artanh(f / (2 + f)), summed so that f is added last.

namespace genmi::simd {
namespace {

template <class T>
struct FormatOf;
template <>
struct FormatOf<float> {
  typedef int Integers __attribute__((vector_size(GENMI_VECTOR_BYTES)));
  typedef unsigned Naturals __attribute__((vector_size(GENMI_VECTOR_BYTES)));
  static constexpr int kMantissa = 23, kBias = 127, kTerms = 7, kLogarithmTerms = 4;
  static constexpr int kOne = 0x3f800000, kRootOfHalf = 0x3f3504f3;  // the bits of 1 and sqrt(1/2)
  static constexpr float kRounder = 12582912.f;  // 1.5 * 2^23: adding it leaves an integer in the low bits
  static constexpr float kLn2High = 0x1.63p-1f, kLn2Low = -0x1.bd0106p-13f;
  static constexpr float kLeast = -104, kGreatest = 89;  // beyond these, exp is 0 or infinite
  static constexpr float kSmallestNormal = 0x1p-126f, kToNormal = 0x1p24f;
  static constexpr float kToNormalExponent = 24;
};
template <>
struct FormatOf<double> {
  typedef long long Integers __attribute__((vector_size(GENMI_VECTOR_BYTES)));
  typedef unsigned long long Naturals __attribute__((vector_size(GENMI_VECTOR_BYTES)));
  static constexpr int kMantissa = 52, kBias = 1023, kTerms = 13, kLogarithmTerms = 10;
  static constexpr long long kOne = 0x3ff0000000000000, kRootOfHalf = 0x3fe6a09e667f3bcd;
  static constexpr double kRounder = 6755399441055744.;
  static constexpr double kLn2High = 0x1.62e42feep-1, kLn2Low = 0x1.a39ef35793c76p-33;
  static constexpr double kLeast = -746, kGreatest = 710;
  static constexpr double kSmallestNormal = 0x1p-1022, kToNormal = 0x1p54;
  static constexpr double kToNormalExponent = 54;
};
template <class T>
using Integers = typename FormatOf<T>::Integers;
template <class T>
using Naturals = typename FormatOf<T>::Naturals;

namespace math {

template <class T>
inline Integers<T> bits(Vector<T> x) {
  return reinterpret_cast<Integers<T>>(x);
}

template <class T>
inline Vector<T> square_root(Vector<T> x) {
#if defined(__x86_64__) && GENMI_VECTOR_BYTES == 64
  if constexpr (sizeof(T) == 4) return Vector<T>(_mm512_maskz_sqrt_ps(__mmask16(-1), __m512(x)));
  else return Vector<T>(_mm512_maskz_sqrt_pd(__mmask8(-1), __m512d(x)));
#elif defined(__x86_64__) && GENMI_VECTOR_BYTES == 32
  if constexpr (sizeof(T) == 4) return Vector<T>(_mm256_sqrt_ps(__m256(x)));
  else return Vector<T>(_mm256_sqrt_pd(__m256d(x)));
#elif defined(__x86_64__)
  if constexpr (sizeof(T) == 4) return Vector<T>(_mm_sqrt_ps(__m128(x)));
  else return Vector<T>(_mm_sqrt_pd(__m128d(x)));
#elif defined(__aarch64__)
  if constexpr (sizeof(T) == 4) return Vector<T>(vsqrtq_f32(float32x4_t(x)));
  else return Vector<T>(vsqrtq_f64(float64x2_t(x)));
#else
  for (std::size_t lane = 0; lane < sizeof(x) / sizeof(T); ++lane)
    x[lane] = static_cast<T>(__builtin_sqrt(static_cast<double>(x[lane])));
  return x;
#endif
}

template <class T>
inline Vector<T> absolute(Vector<T> x) {
  return reinterpret_cast<Vector<T>>(bits<T>(x) & ~bits<T>(spread(T(-0.0))));
}

// positive >> places. The shift is unsigned, because AVX2 has no signed one for 64 bits.
template <class T>
inline Integers<T> shift_right(Integers<T> positive, int places) {
  return reinterpret_cast<Integers<T>>(reinterpret_cast<Naturals<T>>(positive) >> places);
}

// sum_i coefficient(kFrom + i) x^i over kCount terms, where powers are x, x^2, x^4, ... By Estrin's scheme: the two
// halves of a sum do not wait for each other.
template <class T, class Coefficients, int kFrom, int kCount>
inline Vector<T> polynomial(const Vector<T>* powers) {
  if constexpr (kCount == 1) {
    return spread(Coefficients::template of<T, kFrom>());
  } else {
    constexpr int kPower = kCount > 8 ? 3 : kCount > 4 ? 2 : kCount > 2 ? 1 : 0, kLow = 1 << kPower;
    return multiply_add(polynomial<T, Coefficients, kFrom + kLow, kCount - kLow>(powers), powers[kPower],
                        polynomial<T, Coefficients, kFrom, kLow>(powers));
  }
}
template <class T, class Coefficients, int kFrom, int kCount>
inline Vector<T> polynomial(Vector<T> x) {
  const Vector<T> second = x * x, fourth = second * second, powers[] = {x, second, fourth, fourth * fourth};
  return polynomial<T, Coefficients, kFrom, kCount>(powers);
}

struct InverseFactorials {
  template <class T, int kTerm>
  static constexpr T of() {
    double factorial = 1;
    for (int n = 2; n <= kTerm; ++n) factorial *= n;
    return static_cast<T>(1 / factorial);
  }
};
struct ArtanhCoefficients {
  template <class T, int kTerm>
  static constexpr T of() {
    return T(2) / T(2 * kTerm + 1);
  }
};

// exp(r) - 1 for |r| <= ln 2 / 2.
template <class T>
inline Vector<T> exponential_series(Vector<T> r) {
  constexpr int kFirst = 2, kCount = FormatOf<T>::kTerms - kFirst + 1;
  return multiply_add(polynomial<T, InverseFactorials, kFirst, kCount>(r), r * r, r);
}

// x = power ln 2 + rest, with shifted = power + kRounder.
template <class T>
struct Reduced {
  Vector<T> rest, power, shifted;
};
template <class T>
inline Reduced<T> reduce_exponent(Vector<T> x) {
  using F = FormatOf<T>;
  x = larger(spread(F::kLeast), smaller(spread(F::kGreatest), x));
  const Vector<T> shifted = multiply_add(x, spread(T(1.4426950408889634)), spread(F::kRounder));
  const Vector<T> power = shifted - F::kRounder;
  const Vector<T> high = multiply_add(power, spread(-F::kLn2High), x);
  return {multiply_add(power, spread(-F::kLn2Low), high), power, shifted};
}

// (1 + series) 2^power.
template <class T>
inline Vector<T> scale_by_power(Vector<T> series, const Reduced<T>& reduced) {
#if defined(__x86_64__) && GENMI_VECTOR_BYTES == 64
  const Vector<T> sum = series + 1;
  if constexpr (sizeof(T) == 4)
    return Vector<T>(_mm512_maskz_scalef_ps(__mmask16(-1), __m512(sum), __m512(reduced.power)));
  else return Vector<T>(_mm512_maskz_scalef_pd(__mmask8(-1), __m512d(sum), __m512d(reduced.power)));
#else
  // In two factors, since 2^power is no number at either end of the range.
  using F = FormatOf<T>;
  const Vector<T> number = reduced.shifted == reduced.shifted ? reduced.shifted : spread(F::kRounder);
  const Integers<T> power = bits<T>(number) - bits<T>(spread(F::kRounder));
  constexpr int kEven = 2048;  // makes the number positive that is halved
  const Integers<T> half = shift_right<T>(power + kEven, 1) - kEven / 2, rest = power - half;
  const Vector<T> first = reinterpret_cast<Vector<T>>((half + F::kBias) << F::kMantissa);
  const Vector<T> second = reinterpret_cast<Vector<T>>((rest + F::kBias) << F::kMantissa);
  return multiply_add(series, first, first) * second;
#endif
}

template <class T>
inline Vector<T> exp(Vector<T> x) {
  const Reduced<T> reduced = reduce_exponent<T>(x);
  return scale_by_power<T>(exponential_series<T>(reduced.rest), reduced);
}

// exp(x) - 1.
template <class T>
inline Vector<T> expm1(Vector<T> x) {
  const Reduced<T> reduced = reduce_exponent<T>(x);
  const Vector<T> series = exponential_series<T>(reduced.rest);
  return reduced.power == 0 ? series : scale_by_power<T>(series, reduced) - 1;
}

// log(1 + f) + exponent log 2, for 1 + f in [sqrt(1/2), sqrt 2).
template <class T>
inline Vector<T> log_reduced(Vector<T> f, Vector<T> exponent) {
  using F = FormatOf<T>;
  const Vector<T> s = f / (f + 2), z = s * s;
  const Vector<T> series = polynomial<T, ArtanhCoefficients, 1, F::kLogarithmTerms>(z);
  const Vector<T> half_square = f * f * T(0.5);
  const Vector<T> tail = multiply_add(s, multiply_add(series, z, half_square), exponent * F::kLn2Low);
  return multiply_add(exponent, spread(F::kLn2High), f - (half_square - tail));
}

// log(1 + d), where `one_plus` is 1 + d rounded, a positive normal number. Near d = 0 the result is as accurate as d,
// which the rounded sum is not.
template <class T>
inline Vector<T> log_of_sum(Vector<T> one_plus, Vector<T> d) {
  using F = FormatOf<T>;
  // Unsigned numbers, since the sum below may overflow for NaN.
  const auto natural = reinterpret_cast<Naturals<T>>(one_plus);
  const Naturals<T> biased = (natural + (F::kOne - F::kRootOfHalf)) >> F::kMantissa;
  const auto mantissa = reinterpret_cast<Vector<T>>(natural - ((biased - F::kBias) << F::kMantissa));
  const auto exponent = reinterpret_cast<Integers<T>>(biased) - F::kBias;
  const Vector<T> exponents = reinterpret_cast<Vector<T>>(bits<T>(spread(F::kRounder)) + exponent) - F::kRounder;
  const Vector<T> f = absolute<T>(d) < T(0.25) ? d : mantissa - 1;
  return log_reduced<T>(f, exponents);
}

// log(x) for any x, with the C library's answers where there is no logarithm.
template <class T>
inline Vector<T> log(Vector<T> x) {
  using F = FormatOf<T>;
  const auto small = x < F::kSmallestNormal;
  const Vector<T> normal = log_of_sum<T>(small ? x * F::kToNormal : x, spread(T(1)));
  const Vector<T> log = small ? normal - F::kToNormalExponent * T(0.69314718055994530942) : normal;
  const Vector<T> infinity = spread(T(__builtin_inf())), none = spread(T(__builtin_nan("")));
  const Vector<T> finite = x > 0 ? log : x == 0 ? -infinity : none;
  return x == infinity ? infinity : finite;
}

template <class T>
inline Vector<T> log1p(Vector<T> x) {  // x > -1, finite
  return log_of_sum<T>(x + 1, x);
}

}  // namespace math
}  // namespace
}  // namespace genmi::simd
