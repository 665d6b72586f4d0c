// The functions that turn reductions into affinities: see kernels.inl, which includes this once per instruction set.

namespace genmi::simd {
namespace {

// exp(x) = power (1 + rest) with a power of two and |rest| < 0.42, where the power is a normal number. math::exp is for
// any x, but takes 1.5 to 1.9 times as long.
template <class T>
struct Exponential {
  Vector<T> power, rest;
};
template <class T>
inline Exponential<T> split_exponential(Vector<T> x) {
  using F = FormatOf<T>;
  const Vector<T> shifted = multiply_add(x, spread(T(1.4426950408889634)), spread(F::kRounder));
  const Vector<T> n = shifted - F::kRounder;
  const Vector<T> rest = multiply_add(n, spread(-F::kLn2Low), multiply_add(n, spread(-F::kLn2High), x));
  const Integers<T> power = (math::bits<T>(shifted) << F::kMantissa) + F::kOne;
  return {reinterpret_cast<Vector<T>>(power), math::exponential_series<T>(rest)};
}

template <class T>
constexpr T kLowestExponent = T(1 - FormatOf<T>::kBias) * T(0.69314718055994530942);

// exp(x) for x <= 700 (80 in float32), to 2 units in the last place (test/native/math_test.cpp; in float32 for all x);
// 0 where exp(x) is below the normal numbers.
template <class T>
inline Vector<T> exponential(Vector<T> x) {
  const Vector<T> lowest = spread(kLowestExponent<T>);
  const Exponential<T> e = split_exponential<T>(x < lowest ? lowest : x);
  return x < lowest ? Vector<T>{} : multiply_add(e.power, e.rest, e.power);
}
// exp(x) - 1, to 3 units in its last place.
template <class T>
inline Vector<T> exponential_less_one(Vector<T> x) {
  const Vector<T> lowest = spread(kLowestExponent<T>);
  const Exponential<T> e = split_exponential<T>(x < lowest ? lowest : x);
  return multiply_add(e.power, e.rest, e.power - T{1});
}

// entry = value(entry) + rows[i] + columns[j] for all entries of a tile.
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
              ScaledExponentialLessOne<T>{finish.subtract, static_cast<T>(-finish.gamma), static_cast<T>(finish.scale),
                                          finish.zero, finish.at_zero});
}

using Doubles = Vector<double>;

inline Doubles load_doubles(const double* from) { return load_vector(from); }
inline void store_doubles(Doubles vector, double* to) { store_vector(vector, to); }

// entry = value(gamma entry + inner_rows[i] + inner_columns[j]) + rows[i] + columns[j], in float64.
template <class T, class Value>
inline void finish_inner(const Tile<T>& tile, const Finish<T>& finish, Value value) {
  for (std::size_t i = 0; i < tile.rows; ++i)
    for (std::size_t j = 0; j < tile.columns; j += kLanes<double>) {
      T* entry = tile.entries + i * tile.stride + j;
      const Doubles inside = load_vector(finish.inner_columns + j) + finish.inner_rows[i];
      const Doubles outside = load_vector(finish.columns + j) + finish.rows[i];
      store_doubles(value(load_doubles(entry) * finish.gamma + inside) + outside, entry);
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
