// What pairwise affinities make of their reductions: see kernels.inl, which includes this once per instruction set.

namespace genmi::simd {
namespace {

template <class T>
struct ExponentialConstants;
template <>
struct ExponentialConstants<float> {
  static constexpr float kRounding = 12582912.f;  // 1.5 * 2^23: adding it leaves the integer in the low bits
  static constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  static constexpr float kLowest = -87.f;
  static constexpr int kTerms = 7, kMantissa = 23;
};
template <>
struct ExponentialConstants<double> {
  static constexpr double kRounding = 6755399441055744.;
  static constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10;
  static constexpr double kLowest = -708.;
  static constexpr int kTerms = 13, kMantissa = 52;
};

// exp(x) = power (1 + rest), with a power of two and |rest| < 0.42: a Taylor polynomial on [-ln 2 / 2, ln 2 / 2].
// (Cody, Waite, "Software Manual for the Elementary Functions", 1980.)
template <class T>
struct Exponential {
  Vector<T> power, rest;
};
template <class T>
inline Exponential<T> split_exponential(Vector<T> x) {
  using C = ExponentialConstants<T>;
  const Vector<T> shifted = multiply_add(x, spread<T>(static_cast<T>(1.44269504088896340736)), spread<T>(C::kRounding));
  const Vector<T> n = shifted - C::kRounding;
  const Vector<T> r =
      multiply_add(n, spread<T>(-C::kLn2Low), multiply_add(n, spread<T>(-C::kLn2High), x));
  double factorial = 1;
  for (int k = 2; k <= C::kTerms; ++k) factorial *= k;
  Vector<T> sum = spread<T>(static_cast<T>(1 / factorial));
  for (int k = C::kTerms; k > 2; --k) {
    factorial /= k;
    sum = multiply_add(sum, r, spread<T>(static_cast<T>(1 / factorial)));
  }
  const Integers<T> exponent = reinterpret_cast<Integers<T>>(shifted) << C::kMantissa;
  return {reinterpret_cast<Vector<T>>(exponent + reinterpret_cast<Integers<T>>(spread<T>(1))),
          multiply_add(sum, r * r, r)};
}

// exp(x) for x <= 700 (80 in float32), to 2 units in the last place; 0 where that is less than exp(-708) (exp(-87)).
template <class T>
inline Vector<T> exponential(Vector<T> x) {
  const Vector<T> lowest = spread<T>(ExponentialConstants<T>::kLowest);
  const Exponential<T> e = split_exponential<T>(x < lowest ? lowest : x);
  return x < lowest ? Vector<T>{} : multiply_add(e.power, e.rest, e.power);
}
// exp(x) - 1, to 3 units in its last place.
template <class T>
inline Vector<T> exponential_less_one(Vector<T> x) {
  const Vector<T> lowest = spread<T>(ExponentialConstants<T>::kLowest);
  const Exponential<T> e = split_exponential<T>(x < lowest ? lowest : x);
  return multiply_add(e.power, e.rest, e.power - T{1});
}

// Goes over a tile with value(r), and adds what every row and column adds.
template <class T, class Value>
inline void finish_tile(const Tile<T>& tile, const Finish<T>& finish, Value value) {
  constexpr std::size_t kWidth = 8 * kFeaturePanel<T>;
  alignas(64) T added[kWidth];
  for (std::size_t begin = 0; begin < tile.columns; begin += kWidth) {
    const std::size_t width = tile.columns - begin < kWidth ? tile.columns - begin : kWidth;
    for (std::size_t j = 0; j < width; ++j) added[j] = static_cast<T>(finish.columns[begin + j]);
    for (std::size_t i = 0; i < tile.rows; ++i) {
      T* entries = tile.entries + i * tile.stride + begin;
      const Vector<T> row = spread(static_cast<T>(finish.rows[i]));
      for (std::size_t j = 0; j < width; j += kLanes<T>)
        store_vector(value(load_vector(entries + j)) + (load_vector(added + j) + row), entries + j);
    }
  }
}

template <class T>
struct Scaled {
  T subtract, scale;
  Vector<T> operator()(Vector<T> r) const { return (r - subtract) * scale; }
};
template <class T>
void affine(const Tile<T>& tile, const Finish<T>& finish) {
  finish_tile(tile, finish, Scaled<T>{finish.subtract, static_cast<T>(finish.scale)});
}

template <class T>
struct ScaledRoot {
  T scale;
  Vector<T> operator()(Vector<T> r) const { return math::square_root<T>(r) * scale; }
};
template <class T>
void root(const Tile<T>& tile, const Finish<T>& finish) {
  finish_tile(tile, finish, ScaledRoot<T>{static_cast<T>(finish.scale)});
}

template <class T>
struct ScaledExponential {
  T factor;
  Vector<T> operator()(Vector<T> r) const { return exponential<T>(r * factor); }
};
template <class T>
void exponential_kernel(const Tile<T>& tile, const Finish<T>& finish) {
  finish_tile(tile, finish, ScaledExponential<T>{static_cast<T>(-finish.gamma)});
}

template <class T>
struct ScaledExponentialLessOne {
  T subtract, factor, scale, zero, at_zero;
  Vector<T> operator()(Vector<T> r) const {
    const Vector<T> left = r - subtract;
    const Vector<T> value = exponential_less_one<T>(left * factor) * scale;
    return left == zero ? spread<T>(at_zero) : value;
  }
};
template <class T>
void exponential_less_one_kernel(const Tile<T>& tile, const Finish<T>& finish) {
  finish_tile(tile, finish,
              ScaledExponentialLessOne<T>{finish.subtract, static_cast<T>(-finish.gamma),
                                          static_cast<T>(finish.scale), finish.zero, finish.at_zero});
}

using Doubles = Vector<double>;

inline Doubles load_wide(const double* from) { return load_vector(from); }
inline void store_narrow(Doubles vector, double* to) { store_vector(vector, to); }

// The same for functions of gamma r + rows + columns, in float64.
template <class T, class Value>
inline void finish_inner(const Tile<T>& tile, const Finish<T>& finish, Value value) {
  for (std::size_t i = 0; i < tile.rows; ++i)
    for (std::size_t j = 0; j < tile.columns; j += kLanes<double>) {
      T* entry = tile.entries + i * tile.stride + j;
      const Doubles inside = load_vector(finish.inner_columns + j) + finish.inner_rows[i];
      const Doubles outside = load_vector(finish.columns + j) + finish.rows[i];
      store_narrow(value(load_wide(entry) * finish.gamma + inside) + outside, entry);
    }
}

struct Power {
  unsigned long degree;
  Doubles operator()(Doubles base) const {
    Doubles result = spread<double>(1);
    for (unsigned long left = degree; left != 0; left /= 2) {
      if (left % 2 == 1) result *= base;
      base *= base;
    }
    return result;
  }
};
template <class T>
void power(const Tile<T>& tile, const Finish<T>& finish) {
  finish_inner(tile, finish, Power{static_cast<unsigned long>(finish.degree)});
}

struct HyperbolicTangent {
  Doubles operator()(Doubles x) const {
    const Doubles twice = x + x, limit = spread<double>(40);
    const Doubles e = exponential_less_one<double>(twice > limit ? limit : twice < -limit ? -limit : twice);
    return e / (e + 2.);
  }
};
template <class T>
void hyperbolic_tangent(const Tile<T>& tile, const Finish<T>& finish) {
  finish_inner(tile, finish, HyperbolicTangent{});
}

}  // namespace
}  // namespace genmi::simd
