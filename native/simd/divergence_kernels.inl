// The vector kernels of predictions and f-divergences: see divergence_kernels.h.
#include "simd/math.inl"
//
#include "simd/panels.inl"
//
#include "simd/divergences.inl"

namespace genmi::simd {
namespace {

// Samples of a panel that fill a vector, one in each lane. Their next column is kPanel numbers further on.
template <class T>
struct Strip {
  using V = Vector<T>;
  const DivergencePass<T>& pass;
  std::size_t first;  // the index of its first sample's first column
  std::size_t lane;   // its first sample's lane in the panel
  V weight;           // 1; 0 in lanes beyond the last sample

  V tau(std::size_t k) const { return load_vector(pass.tau + first + k * kPanel); }
  V pi(std::size_t k) const { return spread(pass.columns.pi[k]); }
  // tau - pi, exact where they are nearly equal.
  V difference(std::size_t k) const { return (tau(k) - pi(k)) - pass.columns.rest[k]; }
  V log_ratio(std::size_t k) const {
    if (pass.log_tau != nullptr)
      return (load_vector(pass.log_tau + first + k * kPanel) - pass.columns.log[k]) - pass.columns.log_rest[k];
    const T inverse = pass.columns.inverse[k];
    return math::log_of_sum<T>(tau(k) * inverse, difference(k) * inverse);
  }
  template <class F>
  V log_ratio_for(std::size_t k) const {
    if constexpr (F::kLogarithm) return log_ratio(k);
    else return V{};
  }

  void add_gradient(std::size_t k, V by_log_tau) const {
    T* to = pass.log_gradient + first + k * kPanel;
    const V before = pass.overwrite ? V{} : load_vector(to);
    store_vector<T>(multiply_add(by_log_tau, spread(pass.share), before), to);
  }
  // Adds to the sums that scratch holds for every column and lane.
  void add_by_proportion(std::size_t k, V by_log_pi) const {
    T* to = pass.scratch + k * kPanel + lane;
    store_vector<T>(multiply_add(by_log_pi, weight, load_vector(to)), to);
  }
  // Scratch memory for column k: row 1, 2 or 3 of four (row 0 has the sums of add_by_proportion).
  T* row(std::size_t which, std::size_t k) const { return pass.scratch + (which * pass.k + k) * kPanel; }
};

template <class T>
constexpr T kOnesThenZeros[2 * kPanel] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

// Calls visit(strip), which returns the samples' values, for all strips.
template <class T, class Visit>
inline void sum_over_strips(DivergencePass<T>& result, double scale, Visit visit) {
  const DivergencePass<T> pass = result;  // a copy for registers: stores could alias `result`
  const std::size_t k = pass.k;
  if (pass.log_gradient != nullptr)
    for (std::size_t at = 0; at < k * kPanel; at += kLanes<T>) store_vector<T>(Vector<T>{}, pass.scratch + at);
  Bundle<double> value = all(0.0);
  for (std::size_t panel = 0; panel < panels_of(pass.rows); ++panel) {
    const T* weights = kOnesThenZeros<T> + kPanel - lesser(pass.rows - panel * kPanel, kPanel);
    alignas(128) T values[kPanel];
    for (std::size_t lane = 0; lane < kPanel; lane += kLanes<T>) {
      const Strip<T> strip{pass, panel * k * kPanel + lane, lane, load_vector(weights + lane)};
      store_vector<T>(visit(strip) * strip.weight, values + lane);
    }
    value = value + load_as_double(values);
  }
  result.value = scale * reduce(value, sum_of);
  if (pass.log_gradient == nullptr) return;
  for (std::size_t column = 0; column < k; ++column)
    result.by_proportion[column] += scale * reduce(load_as_double(pass.scratch + column * kPanel), sum_of);
}

template <class F>
inline F make_divergence(double order) {
  F f{};
  if constexpr (requires { f.a; }) f.a = static_cast<decltype(f.a)>(order);
  return f;
}

// sum_k F(tau_k, pi_k)
template <class T, class F, bool kGradient>
void one_vs_all(DivergencePass<T>& pass) {
  const F f = make_divergence<F>(static_cast<double>(pass.order));
  sum_over_strips(pass, 1, [&](const Strip<T>& strip) {
    Vector<T> value{};
    for (std::size_t k = 0; k < strip.pass.k; ++k) {
      const Halves<T> halves = f(strip.tau(k), strip.pi(k), strip.difference(k), strip.template log_ratio_for<F>(k));
      if constexpr (requires { f.value(strip.difference(k)); }) value += f.value(strip.difference(k));
      else value += halves.by_p + halves.by_q;
      if constexpr (kGradient) {
        strip.add_gradient(k, halves.by_p);
        strip.add_by_proportion(k, halves.by_q);
      }
    }
    return value;
  });
}

// sum_ab F(tau_a pi_b, tau_b pi_a), pair by pair: O(K^2) a sample. Each pair is taken once and counts twice.
template <class T, class F, bool kGradient>
void sum_over_pairs(DivergencePass<T>& pass) {
  static_assert(F::kSymmetric, "F(p, q) != F(q, p): one-vs-one needs an order and terms");
  const F f = make_divergence<F>(static_cast<double>(pass.order));
  sum_over_strips(pass, 2, [&](const Strip<T>& strip) {
    Vector<T> value{};
    for (std::size_t k = 0; k < strip.pass.k; ++k) {
      store_vector<T>(Vector<T>{}, strip.row(1, k));
      store_vector<T>(Vector<T>{}, strip.row(2, k));
    }
    for (std::size_t a = 0; a < strip.pass.k; ++a) {
      const Vector<T> tau_a = strip.tau(a);
      Vector<T> by_tau_a{}, by_pi_a{};
      for (std::size_t b = 0; b < a; ++b) {
        const Vector<T> p = tau_a * strip.pi(b), q = strip.tau(b) * strip.pi(a);
        const Halves<T> halves = f(p, q, p - q, Vector<T>{});
        value += halves.by_p + halves.by_q;
        if constexpr (kGradient) {
          by_tau_a += halves.by_p;
          by_pi_a += halves.by_q;
          store_vector<T>(load_vector(strip.row(1, b)) + halves.by_q, strip.row(1, b));
          store_vector<T>(load_vector(strip.row(2, b)) + halves.by_p, strip.row(2, b));
        }
      }
      if constexpr (kGradient) {
        store_vector<T>(load_vector(strip.row(1, a)) + by_tau_a, strip.row(1, a));
        store_vector<T>(load_vector(strip.row(2, a)) + by_pi_a, strip.row(2, a));
      }
    }
    for (std::size_t k = 0; kGradient && k < strip.pass.k; ++k) {
      strip.add_gradient(k, load_vector(strip.row(1, k)) * 2);
      strip.add_by_proportion(k, load_vector(strip.row(2, k)));
    }
    return value;
  });
}

// The same sum in O(K), for divergences of the alpha family. u and v are a cluster's terms, U and V their sums;
// A = sum tau + (a - 1) U is the sum of tau t^(a-1), and B = sum pi + (1 - a) V is the sum of pi t^(1-a). The sum over
// pairs is (A B - sum tau sum pi) / (a (a - 1)). The code expands the product, because this difference cancels for
// tau = pi and for a = 1.
template <class T, class F, bool kGradient>
void sum_separately(DivergencePass<T>& pass) {
  const F f = make_divergence<F>(static_cast<double>(pass.order));
  const T order = f.order(), inverse_order = 1 / order, total = pass.columns.total;
  constexpr T kScale = static_cast<T>(F::kOneVsOneScale);
  sum_over_strips(pass, static_cast<double>(kScale), [&](const Strip<T>& strip) {
    Vector<T> sum_u{}, sum_v{}, surplus{};  // surplus: sum (tau - pi)
    for (std::size_t k = 0; k < strip.pass.k; ++k) {
      const Vector<T> d = strip.difference(k);
      const Halves<T> terms = f.terms(strip.tau(k), strip.pi(k), d, strip.template log_ratio_for<F>(k));
      sum_u += terms.by_p;
      sum_v += terms.by_q;
      surplus += d;
      if constexpr (kGradient) {
        store_vector<T>(terms.by_p, strip.row(1, k));
        store_vector<T>(terms.by_q, strip.row(2, k));
      }
    }
    const Vector<T> mass = surplus + total;
    if constexpr (kGradient) {
      const Vector<T> whole_u = mass + sum_u * (order - 1), whole_v = total + sum_v * (1 - order);
      for (std::size_t k = 0; k < strip.pass.k; ++k) {
        const Vector<T> tau = strip.tau(k), pi = strip.pi(k);
        const Vector<T> ahead = load_vector(strip.row(1, k)) * whole_v - tau * sum_v;
        const Vector<T> behind = load_vector(strip.row(2, k)) * whole_u - pi * sum_u;
        if constexpr (F::kSelfDual) {
          strip.add_gradient(k, ahead * (2 * kScale));
          strip.add_by_proportion(k, behind * -2);
          continue;
        }
        const Vector<T> linear = strip.difference(k) * total - pi * surplus;
        strip.add_gradient(k, (ahead + (linear - behind * (1 - order)) * inverse_order) * kScale);
        strip.add_by_proportion(k, (ahead * (1 - order) - linear) * inverse_order - behind);
      }
    }
    return (sum_u * total - mass * sum_v + sum_u * sum_v * (1 - order)) * inverse_order;
  });
}

}  // namespace
}  // namespace genmi::simd

#include "simd/total_variation.inl"

namespace genmi::simd {
namespace {

// -tau log tau
template <class T, bool kGradient>
void entropy(DivergencePass<T>& pass) {
  sum_over_strips(pass, 1, [&](const Strip<T>& strip) {
    Vector<T> value{};
    for (std::size_t k = 0; k < strip.pass.k; ++k) {
      const Vector<T> tau = strip.tau(k);
      const Vector<T> log_tau = strip.pass.log_tau != nullptr
                                    ? load_vector(strip.pass.log_tau + strip.first + k * kPanel)
                                    : math::log<T>(tau);
      value -= tau * log_tau;
      if constexpr (kGradient) strip.add_gradient(k, -tau * (log_tau + 1));
    }
    return value;
  });
}

template <class T, auto kWithGradient, auto kValueOnly>
void choose(DivergencePass<T>& pass) {
  return pass.log_gradient != nullptr ? kWithGradient(pass) : kValueOnly(pass);
}

template <class T, template <class> class F>
constexpr DivergenceFunctions<T> functions_of() {
  constexpr auto ova = choose<T, one_vs_all<T, F<T>, true>, one_vs_all<T, F<T>, false>>;
  if constexpr (requires(F<T> f) { f.order(); })
    return {ova, choose<T, sum_separately<T, F<T>, true>, sum_separately<T, F<T>, false>>};
  else if constexpr (requires(F<T> f) { f.kSign; })
    return {ova, choose<T, sum_of_variations<T, true>, sum_of_variations<T, false>>};
  else return {ova, choose<T, sum_over_pairs<T, F<T>, true>, sum_over_pairs<T, F<T>, false>>};
}

template <template <class> class F>
constexpr DivergenceEntry entry(const char* name) {
  constexpr bool separates = requires(F<double> f) { f.order(); };
  return {name,       F<float>::kFiniteOneVsAll, F<float>::kFiniteOneVsOne,
          !separates, functions_of<float, F>(),  functions_of<double, F>()};
}

template <class T, Vector<T> (*kFunction)(Vector<T>)>
void for_each(const T* x, std::size_t count, T* out) {
  for (std::size_t at = 0; at < count; at += kLanes<T>) store_vector<T>(kFunction(load_vector(x + at)), out + at);
}

template <class T>
constexpr PanelKernels<T> kPanelKernels = {
    .read_probabilities = read_probabilities<T>,
    .read_logits = read_logits<T>,
    .clip = clip<T>,
    .add_columns = add_columns<T>,
    .entropy = choose<T, entropy<T, true>, entropy<T, false>>,
    .gradient_of_probabilities =
        choose_gradient<T, gradient_of_probabilities<T, true>, gradient_of_probabilities<T, false>>,
    .gradient_of_logits = choose_gradient<T, gradient_of_logits<T, true>, gradient_of_logits<T, false>>,
    .are_within = are_within<T>,
    .exp = for_each<T, math::exp<T>>,
    .log = for_each<T, math::log<T>>,
    .expm1 = for_each<T, math::expm1<T>>,
    .log1p = for_each<T, math::log1p<T>>,
};

constexpr DivergenceEntry kDivergences[] = {
    entry<KullbackLeibler>("kl"), entry<ReverseKullbackLeibler>("reverse-kl"),
    entry<TotalVariation>("tv"),  entry<Hellinger>("hellinger"),
    entry<Pearson>("pearson"),    entry<Neyman>("neyman"),
    entry<JensenShannon>("js"),   entry<Jeffreys>("jeffreys"),
    entry<LeCam>("lecam"),        entry<SymmetricChiSquared>("symmetric-chi2"),
    entry<Alpha>("alpha"),
};

constexpr DivergenceKernels kDivergenceKernels = {
    .in_single = kPanelKernels<float>,
    .in_double = kPanelKernels<double>,
    .all = kDivergences,
    .count = sizeof kDivergences / sizeof *kDivergences,
};

}  // namespace
}  // namespace genmi::simd
