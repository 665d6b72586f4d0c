// The f-divergences. Each has a perspective function F(p, q) = q f(p / q) and is written as two halves, p F_p and
// q F_q: the derivatives with respect to log p and log q. Their sum is F, because F is homogeneous (Euler). The halves
// are finite where f is not.
//
// With t = p / q, the halves are q t f'(t) and q (f(t) - t f'(t)). A multiple of t - 1 added to f changes no objective,
// because p - q sums to 0 over a comparison. It is chosen so that f'(1) = 0: nothing cancels where p and q are nearly
// equal. A divergence receives p, q, d = p - q and l = log(p / q); d and l may be more accurate than p and q.
// Definitions: Csiszar 1967; the scale of each is that of the GEMINI paper's code where it has one.
//
// One-vs-one sums F(tau_a pi_b, tau_b pi_a) over all pairs of clusters. If F consists of products of powers, the sum
// separates: see sum_separately in divergence_kernels.inl. Such a divergence has an order a, and two terms
// p (t^(a-1) - 1) / (a - 1) and q (t^(1-a) - 1) / (1 - a) (for a = 1: p log t and q log t).

namespace genmi::simd {
namespace {

template <class T>
struct Halves {
  Vector<T> by_p, by_q;
};

// The defaults, which a divergence may replace.
struct Divergence {
  static constexpr bool kLogarithm = false;  // whether it uses l
  static constexpr int kOneVsOneScale = 1;
  static constexpr bool kSelfDual = false;   // whether the order is 1/2: F(p, q) = F(q, p)
  static constexpr bool kSymmetric = false;  // whether F(p, q) = F(q, p), for one without an order
  // Whether the derivatives with respect to log tau stay finite as a probability vanishes.
  static constexpr bool kFiniteOneVsAll = true, kFiniteOneVsOne = true;
};

// f(t) = t log t - t + 1
template <class T>
struct KullbackLeibler : Divergence {
  using V = Vector<T>;
  static constexpr bool kLogarithm = true;
  Halves<T> operator()(V p, V, V d, V l) const { return {p * l, -d}; }
  T order() const { return 1; }
  Halves<T> terms(V p, V q, V, V l) const { return {p * l, q * l}; }
};

// f(t) = |t - 1| / 2; subgradient 0 at t = 1
template <class T>
struct TotalVariation : Divergence {
  using V = Vector<T>;
  static constexpr bool kSign = true;  // one-vs-one: total_variation.inl
  Halves<T> operator()(V p, V q, V d, V) const {
    const V half_sign = d > 0 ? spread(T(0.5)) : d < 0 ? spread(T(-0.5)) : V{};
    return {half_sign * p, -half_sign * q};
  }
  // The sum of the halves, computed from d because d keeps its digits.
  V value(V d) const { return math::absolute<T>(d) * T(0.5); }
};

// f(t) = (1 - sqrt t)^2 / 2 = 1 - sqrt t + (t - 1) / 2
template <class T>
struct Hellinger : Divergence {
  using V = Vector<T>;
  static constexpr double kOneVsOneScale = 0.25;
  static constexpr bool kSelfDual = true;
  Halves<T> operator()(V p, V q, V d, V) const {
    const V root_p = math::square_root<T>(p), root_q = math::square_root<T>(q);
    const V half = d / ((root_p + root_q) * 2);
    return {root_p * half, -root_q * half};
  }
  T order() const { return T(0.5); }
  Halves<T> terms(V p, V q, V d, V) const {
    const V root_p = math::square_root<T>(p), root_q = math::square_root<T>(q);
    const V twice = d * 2 / (root_p + root_q);
    return {root_p * twice, root_q * twice};
  }
};

// f(t) = (t - 1)^2
template <class T>
struct Pearson : Divergence {
  using V = Vector<T>;
  static constexpr int kOneVsOneScale = 2;
  static constexpr bool kFiniteOneVsOne = false;
  Halves<T> operator()(V p, V q, V d, V) const {
    const V ratio = d / q;
    return {ratio * p * 2, -ratio * (p + q)};
  }
  T order() const { return 2; }
  Halves<T> terms(V p, V q, V d, V) const { return {p * (d / q), q * (d / p)}; }
};

// f(t) = (t - 1)^2 (t + 1) / t, which is Pearson's and Neyman's together
template <class T>
struct SymmetricChiSquared : Pearson<T> {
  using V = Vector<T>;
  static constexpr int kOneVsOneScale = 4;
  static constexpr bool kFiniteOneVsAll = false;
  Halves<T> operator()(V p, V q, V d, V l) const {
    const Halves<T> pearson = Pearson<T>::operator()(p, q, d, l), neyman = Pearson<T>::operator()(q, p, -d, -l);
    return {pearson.by_p + neyman.by_q, pearson.by_q + neyman.by_p};
  }
};

// f(t) = [t log t - (1 + t) log((1 + t) / 2)] / 2
template <class T>
struct JensenShannon : Divergence {
  using V = Vector<T>;
  static constexpr bool kSymmetric = true;
  Halves<T> operator()(V p, V q, V d, V) const { return {half(p, q, d), half(q, p, -d)}; }

  // a / 2 log(a / ((a + b) / 2)) with d = a - b; 0 where a < 1e-30 b.
  static V half(V a, V b, V d) {
    const V ratio = a > b * T(1e-30) ? d / (a * -2) : V{};
    return a * T(-0.5) * math::log1p<T>(ratio);
  }
};

// f(t) = (t - 1) log t
template <class T>
struct Jeffreys : KullbackLeibler<T> {
  using V = Vector<T>;
  static constexpr int kOneVsOneScale = 2;
  Halves<T> operator()(V p, V q, V d, V l) const { return {p * l + d, -d - q * l}; }
};

// f(t) = (t - 1)^2 / (2 (t + 1))
template <class T>
struct LeCam : Divergence {
  using V = Vector<T>;
  static constexpr bool kSymmetric = true;
  Halves<T> operator()(V p, V q, V d, V) const {
    const V sum = p + q, inverse = 1 / (sum > FormatOf<T>::kSmallestNormal ? sum : spread(T(1)));
    const V half = d * inverse * T(0.5);
    return {half * p * ((p + q * 3) * inverse), -half * q * ((q + p * 3) * inverse)};
  }
};

// f(t) = (t^a - a t + a - 1) / (a (a - 1)), a neither 0 nor 1
template <class T>
struct Alpha : Divergence {
  using V = Vector<T>;
  static constexpr bool kLogarithm = true;
  T a;
  Halves<T> operator()(V p, V q, V, V l) const { return {power_of_first(p, q, l, a - 1), -power(q, l, a)}; }
  // Exchanging the clusters exchanges a and 1 - a.
  T order() const { return a > T(0.5) ? a : 1 - a; }
  Halves<T> terms(V p, V q, V, V l) const { return {power_of_first(p, q, l, order() - 1), power(q, l, 1 - order())}; }

  // q (t^s - 1) / s
  static V power(V q, V l, T s) { return q * math::expm1<T>(l * s) / s; }
  // p (t^s - 1) / s, also where p vanishes and t^s overflows.
  static V power_of_first(V p, V q, V l, T s) {
    const V exponent = l * s;
    const V near = p * math::expm1<T>(exponent), far = q * math::exp<T>(l * (s + 1)) - p;
    return (math::absolute<T>(exponent) < 1 ? near : far) / s;
  }
};

// D(q, p) for a divergence D(p, q). One-vs-one, both are the same.
template <template <class> class Other, class T>
struct Reversed : Other<T> {
  using V = Vector<T>;
  Halves<T> operator()(V p, V q, V d, V l) const {
    const Halves<T> other = Other<T>::operator()(q, p, -d, -l);
    return {other.by_q, other.by_p};
  }
};
template <class T>
using ReverseKullbackLeibler = Reversed<KullbackLeibler, T>;
template <class T>
struct Neyman : Reversed<Pearson, T> {
  static constexpr bool kFiniteOneVsAll = false;
};

}  // namespace
}  // namespace genmi::simd
