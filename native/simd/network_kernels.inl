// The vector kernels of networks: see kernels.inl, which includes this once per instruction set.

namespace genmi::simd {
namespace {

struct Identity {
  template <class T>
  static Vector<T> value(Vector<T> x) {
    return x;
  }
  template <class T>
  static Vector<T> slope(Vector<T>) {
    return spread<T>(1);
  }
};

struct Relu {
  // NaN stays NaN: a step that is not finite must be seen.
  template <class T>
  static Vector<T> value(Vector<T> x) {
    return x < Vector<T>{} ? Vector<T>{} : x;
  }
  template <class T>
  static Vector<T> slope(Vector<T> y) {
    return y > Vector<T>{} ? spread<T>(1) : Vector<T>{};
  }
};

struct Tanh {
  // With e = exp(2 x) - 1: e / (e + 2), which has no cancellation near 0. It is 1 from `limit` on.
  template <class T>
  static Vector<T> value(Vector<T> x) {
    const Vector<T> limit = spread<T>(20), twice = x + x;
    const Vector<T> e = math::expm1<T>(twice > limit ? limit : twice < -limit ? -limit : twice);
    return e / (e + T(2));
  }
  template <class T>
  static Vector<T> slope(Vector<T> y) {
    return T(1) - y * y;
  }
};

template <class T, class Function>
void activate(const Tile<T>& tile, const T* bias) {
  for (std::size_t i = 0; i < tile.rows; ++i)
    for (std::size_t j = 0; j < tile.columns; j += kLanes<T>) {
      T* entry = tile.entries + i * tile.stride + j;
      store_vector(Function::template value<T>(load_vector(entry) + load_vector(bias + j)), entry);
    }
}

// Calls visit(first) for each whole vector of `count` numbers, and visit_last(first, count) for the rest.
template <class T, class Visit, class VisitLast>
inline void for_each_vector(std::size_t count, Visit visit, VisitLast visit_last) {
  std::size_t i = 0;
  for (; i + kLanes<T> <= count; i += kLanes<T>) visit(i);
  if (i < count) visit_last(i, count - i);
}

// A vector whose first `count` lanes are read from memory or written to it.
template <class T>
inline Vector<T> load_some(const T* from, std::size_t count) {
  Vector<T> vector{};
  __builtin_memcpy(&vector, from, count * sizeof(T));
  return vector;
}
template <class T>
inline void store_some(Vector<T> vector, T* to, std::size_t count) {
  __builtin_memcpy(to, &vector, count * sizeof(T));
}

template <class T, class Function>
void differentiate(const T* y, std::size_t count, T* gradient) {
  for_each_vector<T>(
      count,
      [&](std::size_t i) {
        store_vector<T>(load_vector(gradient + i) * Function::template slope<T>(load_vector(y + i)), gradient + i);
      },
      [&](std::size_t i, std::size_t left) {
        const Vector<T> slope = Function::template slope<T>(load_some(y + i, left));
        store_some<T>(load_some(gradient + i, left) * slope, gradient + i, left);
      });
}

// The rules of an update: w, m and v are a parameter and its moments, g its gradient.
struct Adam {
  static constexpr bool kFirst = true, kSecond = true;
  template <class T>
  static void update(const Step<T>& step, Vector<T> g, Vector<T>& w, Vector<T>& m, Vector<T>& v) {
    m = step.first * m + (T(1) - step.first) * g;
    v = step.second * v + (T(1) - step.second) * (g * g);
    w -= step.rate * m / (math::square_root<T>(v) + step.epsilon);
  }
};
struct Momentum {
  static constexpr bool kFirst = true, kSecond = false;
  template <class T>
  static void update(const Step<T>& step, Vector<T> g, Vector<T>& w, Vector<T>& m, Vector<T>&) {
    m = step.first * m - step.rate * g;
    w += step.first * m - step.rate * g;
  }
};
struct Rms {
  static constexpr bool kFirst = false, kSecond = true;
  template <class T>
  static void update(const Step<T>& step, Vector<T> g, Vector<T>& w, Vector<T>&, Vector<T>& v) {
    v = step.second * v + (T(1) - step.second) * (g * g);
    w -= step.rate * g / (math::square_root<T>(v) + step.epsilon);
  }
};

template <class T, class Rule>
void update(const Step<T>& step, const T* gradient, Moments<T> moments, std::size_t count, T* values) {
  const auto visit = [&](auto load, auto store, std::size_t i) {
    Vector<T> w = load(values + i), m{}, v{};
    if constexpr (Rule::kFirst) m = load(moments.first + i);
    if constexpr (Rule::kSecond) v = load(moments.second + i);
    Rule::template update<T>(step, step.scale * load(gradient + i) + step.decay * w, w, m, v);
    store(w, values + i);
    if constexpr (Rule::kFirst) store(m, moments.first + i);
    if constexpr (Rule::kSecond) store(v, moments.second + i);
  };
  for_each_vector<T>(
      count,
      [&](std::size_t i) {
        visit([](const T* from) { return load_vector(from); },
              [](Vector<T> vector, T* to) { store_vector<T>(vector, to); }, i);
      },
      [&](std::size_t i, std::size_t left) {
        visit([left](const T* from) { return load_some(from, left); },
              [left](Vector<T> vector, T* to) { store_some<T>(vector, to, left); }, i);
      });
}

template <class T>
constexpr NetworkKernels<T> kNetworkKernels = {
    .activate = {activate<T, Identity>, activate<T, Relu>, activate<T, Tanh>},
    .differentiate = {differentiate<T, Identity>, differentiate<T, Relu>, differentiate<T, Tanh>},
    .adam = update<T, Adam>,
    .momentum = update<T, Momentum>,
    .rms = update<T, Rms>,
};

}  // namespace
}  // namespace genmi::simd
