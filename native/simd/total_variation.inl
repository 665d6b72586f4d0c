// Total variation one-vs-one, the sum over pairs of |tau_a pi_b - tau_b pi_a|, by ranks of the ratios tau / pi.
//
// P_a is the sum of pi_b over all b with a lower ratio than a, minus the sum over all b with a higher one; Q_a is the
// same of tau_b. The value is sum_a (tau_a - pi_a) P_a, the derivatives with respect to the logarithms are tau_a P_a
// and -pi_a Q_a. Each pair takes two masked sums, for several a at once in registers: no sort is as fast.

namespace genmi::simd {
namespace {

// The number of clusters whose sums fit into registers.
#if GENMI_VECTOR_BYTES == 64 || defined(__aarch64__)
constexpr std::size_t kAtOnce = 8;
#else
constexpr std::size_t kAtOnce = 4;
#endif

// Adds pi and tau to the sums where a > b, or a >= b.
template <class T, bool kOrEqual>
inline void add_below(Vector<T> a, Vector<T> b, Vector<T> pi, Vector<T> tau, Vector<T>& sum_pi, Vector<T>& sum_tau) {
#if defined(__x86_64__) && GENMI_VECTOR_BYTES == 64
  constexpr int kCompare = kOrEqual ? _CMP_GE_OQ : _CMP_GT_OQ;
  if constexpr (sizeof(T) == 4) {
    const __mmask16 mask = _mm512_cmp_ps_mask(__m512(a), __m512(b), kCompare);
    sum_pi = Vector<T>(_mm512_mask_add_ps(__m512(sum_pi), mask, __m512(sum_pi), __m512(pi)));
    sum_tau = Vector<T>(_mm512_mask_add_ps(__m512(sum_tau), mask, __m512(sum_tau), __m512(tau)));
  } else {
    const __mmask8 mask = _mm512_cmp_pd_mask(__m512d(a), __m512d(b), kCompare);
    sum_pi = Vector<T>(_mm512_mask_add_pd(__m512d(sum_pi), mask, __m512d(sum_pi), __m512d(pi)));
    sum_tau = Vector<T>(_mm512_mask_add_pd(__m512d(sum_tau), mask, __m512d(sum_tau), __m512d(tau)));
  }
#else
  const Integers<T> mask = reinterpret_cast<Integers<T>>(kOrEqual ? a >= b : a > b);
  sum_pi += reinterpret_cast<Vector<T>>(mask & math::bits<T>(pi));
  sum_tau += reinterpret_cast<Vector<T>>(mask & math::bits<T>(tau));
#endif
}

// Adds pi and tau to the sums where a > b, and subtracts them where a < b.
template <class T>
inline void add_signed(Vector<T> a, Vector<T> b, Vector<T> pi, Vector<T> tau, Vector<T>& sum_pi, Vector<T>& sum_tau) {
  const Integers<T> above = reinterpret_cast<Integers<T>>(a > b), below = reinterpret_cast<Integers<T>>(a < b);
  sum_pi += reinterpret_cast<Vector<T>>(above & math::bits<T>(pi));
  sum_pi -= reinterpret_cast<Vector<T>>(below & math::bits<T>(pi));
  sum_tau += reinterpret_cast<Vector<T>>(above & math::bits<T>(tau));
  sum_tau -= reinterpret_cast<Vector<T>>(below & math::bits<T>(tau));
}

// The lanes in which one of kCount numbers was equal to another number.
template <class T, std::size_t kCount>
struct Ties {
#if defined(__x86_64__) && GENMI_VECTOR_BYTES == 64
  unsigned short different[kCount];
  Ties() {
    for (auto& lanes : different) lanes = static_cast<unsigned short>(~(~0u << kLanes<T>));
  }
  void look(std::size_t j, Vector<T> a, Vector<T> b) {
    if constexpr (sizeof(T) == 4)
      different[j] = _mm512_mask_cmp_ps_mask(different[j], __m512(a), __m512(b), _CMP_NEQ_UQ);
    else
      different[j] = _mm512_mask_cmp_pd_mask(static_cast<__mmask8>(different[j]), __m512d(a), __m512d(b), _CMP_NEQ_UQ);
  }
  bool any() const {
    unsigned all_lanes = ~(~0u << kLanes<T>), lanes = all_lanes;
    for (const auto each : different) lanes &= each;
    return lanes != all_lanes;
  }
#else
  Integers<T> equal{};
  void look(std::size_t, Vector<T> a, Vector<T> b) { equal |= reinterpret_cast<Integers<T>>(a == b); }
  bool any() const {
    bool found = false;
    for (std::size_t lane = 0; lane < kLanes<T>; ++lane) found |= equal[lane] != 0;
    return found;
  }
#endif
};

template <class T>
struct Variation {
  const Strip<T>& strip;

  // A number that grows with t = tau / pi and has full precision near t = 1 and near t = 0: t - 1 for t >= 1/2,
  // -1 / (4 t) below.
  static Vector<T> rank(Vector<T> tau, Vector<T> pi, Vector<T> d) {
    const auto above_half = d * 2 >= -pi;
    return (above_half ? d : pi * T(-0.25)) / (above_half ? pi : tau);
  }

  T* rank_of(std::size_t k) const { return strip.row(1, k); }
  T* below_pi(std::size_t k) const { return strip.row(2, k); }
  T* below_tau(std::size_t k) const { return strip.row(3, k); }

  // The sums of pi_b and tau_b over all b ranked below, for kCount clusters from `first` on. With kOrEqual, the sums
  // over all b below or equal are added to them.
  template <bool kOrEqual, std::size_t kCount>
  void sum_below(std::size_t first, std::size_t clusters) const {
    Vector<T> own[kCount], sums_pi[kCount], sums_tau[kCount];
    for (std::size_t j = 0; j < kCount; ++j) {
      own[j] = load_vector(rank_of(first + j));
      sums_pi[j] = kOrEqual ? load_vector(below_pi(first + j)) : Vector<T>{};
      sums_tau[j] = kOrEqual ? load_vector(below_tau(first + j)) : Vector<T>{};
    }
    for (std::size_t b = 0; b < clusters; ++b) {
      const Vector<T> other = load_vector(rank_of(b)), pi = strip.pi(b), tau = strip.tau(b);
      for (std::size_t j = 0; j < kCount; ++j) add_below<T, kOrEqual>(own[j], other, pi, tau, sums_pi[j], sums_tau[j]);
    }
    for (std::size_t j = 0; j < kCount; ++j) {
      store_vector<T>(sums_pi[j], below_pi(first + j));
      store_vector<T>(sums_tau[j], below_tau(first + j));
    }
  }

  template <bool kOrEqual>
  void sum_all_below(std::size_t clusters) const {
    std::size_t a = 0;
    for (; a + kAtOnce <= clusters; a += kAtOnce) sum_below<kOrEqual, kAtOnce>(a, clusters);
    for (; a + 2 <= clusters; a += 2) sum_below<kOrEqual, 2>(a, clusters);
    if (a < clusters) sum_below<kOrEqual, 1>(a, clusters);
  }

  // P and Q summed directly. If one proportion is nearly the total, P and Q of its cluster are small, and a difference
  // of two large sums would lose their digits.
  void sum_differences(std::size_t clusters) const {
    for (std::size_t a = 0; a < clusters; ++a) {
      const Vector<T> own = load_vector(rank_of(a));
      Vector<T> sum_pi{}, sum_tau{};
      for (std::size_t b = 0; b < clusters; ++b)
        add_signed<T>(own, load_vector(rank_of(b)), strip.pi(b), strip.tau(b), sum_pi, sum_tau);
      store_vector<T>(sum_pi, below_pi(a));
      store_vector<T>(sum_tau, below_tau(a));
    }
  }

  // Whether any of kCount clusters from `first` on has the rank of another, or of a cluster before `first`.
  template <std::size_t kCount>
  bool has_ties(std::size_t first) const {
    Vector<T> own[kCount];
    Ties<T, kCount> ties;
    for (std::size_t j = 0; j < kCount; ++j) {
      own[j] = load_vector(rank_of(first + j));
      for (std::size_t i = 0; i < j; ++i) ties.look(j, own[i], own[j]);
    }
    for (std::size_t b = 0; b < first; ++b) {
      const Vector<T> other = load_vector(rank_of(b));
      for (std::size_t j = 0; j < kCount; ++j) ties.look(j, own[j], other);
    }
    return ties.any();
  }

  bool has_ties_among(std::size_t clusters) const {
    std::size_t a = 0;
    for (; a + kAtOnce <= clusters; a += kAtOnce)
      if (has_ties<kAtOnce>(a)) return true;
    for (; a < clusters; ++a)
      if (has_ties<1>(a)) return true;
    return false;
  }
};

// Whether one cluster has so much of the total that P and Q must be summed directly.
template <class T>
inline bool is_uneven(const DivergencePass<T>& pass) {
  bool uneven = false;
  for (std::size_t k = 0; k < pass.k; ++k) uneven |= pass.columns.pi[k] > pass.columns.total * T(0.875);
  return uneven;
}

template <class T, bool kGradient>
void sum_of_variations(DivergencePass<T>& pass) {
  const bool uneven = is_uneven(pass);
  sum_over_strips(pass, 1, [&](const Strip<T>& strip) {
    const std::size_t clusters = pass.k;
    const Variation<T> variation{strip};
    Vector<T> surplus{}, value{};
    for (std::size_t k = 0; k < clusters; ++k) {
      const Vector<T> d = strip.difference(k);
      store_vector<T>(Variation<T>::rank(strip.tau(k), strip.pi(k), d), variation.rank_of(k));
      surplus += d;
    }
    bool ties = false;
    if (uneven) {
      variation.sum_differences(clusters);
    } else {
      variation.template sum_all_below<false>(clusters);
      ties = variation.has_ties_among(clusters);
      if (ties) variation.template sum_all_below<true>(clusters);
    }
    const Vector<T> mass = surplus + pass.columns.total;
    for (std::size_t k = 0; k < clusters; ++k) {
      const Vector<T> tau = strip.tau(k), pi = strip.pi(k);
      Vector<T> less_pi = load_vector(variation.below_pi(k)), less_tau = load_vector(variation.below_tau(k));
      if (!uneven) {  // P = 2 (sum below) + (sum of ties) - total; with ties, both passes have added up the first two
        if (!ties) {
          less_pi = less_pi * 2 + pi;
          less_tau = less_tau * 2 + tau;
        }
        less_pi -= pass.columns.total;
        less_tau -= mass;
      }
      value += strip.difference(k) * less_pi;
      if constexpr (kGradient) {
        strip.add_gradient(k, tau * less_pi);
        strip.add_by_proportion(k, -pi * less_tau);
      }
    }
    return value;
  });
}

}  // namespace
}  // namespace genmi::simd
