// The vector kernels of neighbourhood graphs: see kernels.inl, which includes this once per instruction set.

namespace genmi::simd {
namespace {

// A SourceSet in registers.
struct Sources {
  typedef unsigned long long Vector __attribute__((vector_size(GENMI_VECTOR_BYTES), may_alias));
  static constexpr std::size_t kVectors = sizeof(SourceSet) / GENMI_VECTOR_BYTES;
  Vector vectors[kVectors];
};

inline Sources load(const SourceSet& from) {
  Sources sources;
  for (std::size_t k = 0; k < Sources::kVectors; ++k)
    sources.vectors[k] = reinterpret_cast<const Sources::Vector*>(&from)[k];
  return sources;
}

inline void store(const Sources& sources, SourceSet& to) {
  for (std::size_t k = 0; k < Sources::kVectors; ++k) reinterpret_cast<Sources::Vector*>(&to)[k] = sources.vectors[k];
}

template <class Operation>
inline Sources combine(const Sources& a, const Sources& b, Operation operation) {
  Sources result;
  for (std::size_t k = 0; k < Sources::kVectors; ++k) result.vectors[k] = operation(a.vectors[k], b.vectors[k]);
  return result;
}

inline Sources operator|(const Sources& a, const Sources& b) {
  return combine(a, b, [](auto x, auto y) { return x | y; });
}
inline Sources operator&(const Sources& a, const Sources& b) {
  return combine(a, b, [](auto x, auto y) { return x & y; });
}
inline Sources without(const Sources& a, const Sources& b) {
  return combine(a, b, [](auto x, auto y) { return x & ~y; });
}

inline bool is_empty(Sources sources) {
  for (std::size_t half = Sources::kVectors / 2; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k) sources.vectors[k] |= sources.vectors[k + half];
  return !any_bit(sources.vectors[0]);
}

inline std::size_t degree(const HopSearch& search, std::size_t node) {
  return search.offsets[node + 1] - search.offsets[node];
}

// Records that the sources `come` have reached a node at this level, and that `left` are still to come.
inline void settle(HopSearch& search, std::size_t node, const Sources& come, const Sources& left) {
  store(left, search.remaining[node]);
  for (std::size_t level = search.level, plane = 0; level != 0; level >>= 1, ++plane)
    if ((level & 1) != 0) store(load(search.planes[plane][node]) | come, search.planes[plane][node]);
  search.frontier_edges += degree(search, node);
  if (!is_empty(left)) return;
  search.unfinished_edges -= degree(search, node);
  --search.unfinished_nodes;
}

// Counts edges, and asks once for about a millisecond's worth of them whether the search is to stop.
class Patience {
 public:
  explicit Patience(const HopSearch& search) : search_(search) {}
  bool is_over(std::size_t edges) {
    edges_ += edges;
    if (edges_ < kEdges || search_.stops == nullptr) return false;
    edges_ = 0;
    return search_.stops(search_.job);
  }

 private:
  static constexpr std::size_t kEdges = std::size_t{1} << 18;
  const HopSearch& search_;
  std::size_t edges_ = 0;
};

void push(HopSearch& search) {
  Patience patience(search);
  NodeList& reached = search.reached;
  reached.count = 0;
  search.frontier_edges = 0;
  for (std::size_t i = 0; i < search.frontier.count; ++i) {
    const auto node = static_cast<std::size_t>(search.frontier.nodes[i]);
    if (patience.is_over(search.offsets[node + 1] - search.offsets[node])) return;
    const Sources come = load(search.current[node]);
    for (std::size_t e = search.offsets[node]; e < search.offsets[node + 1]; ++e) {
      const std::int32_t neighbor = search.neighbors[e];
      const Sources fresh = come & load(search.remaining[neighbor]);
      if (is_empty(fresh)) continue;
      const Sources before = load(search.next[neighbor]);
      if (is_empty(before)) reached.nodes[reached.count++] = neighbor;
      store(before | fresh, search.next[neighbor]);
    }
  }
  for (std::size_t i = 0; i < reached.count; ++i) {
    const auto node = static_cast<std::size_t>(reached.nodes[i]);
    const Sources come = load(search.next[node]);
    settle(search, node, come, without(load(search.remaining[node]), come));
  }
}

// The wanted sources that are at none of the neighbours.
inline Sources look_for(Sources wanted, const SourceSet* current, const std::int32_t* neighbor,
                        const std::int32_t* end) {
  for (; end - neighbor >= 4; neighbor += 4) {
    const Sources pair = load(current[neighbor[0]]) | load(current[neighbor[1]]);
    const Sources other = load(current[neighbor[2]]) | load(current[neighbor[3]]);
    wanted = without(wanted, pair | other);
    if (is_empty(wanted)) return wanted;
  }
  for (; neighbor != end; ++neighbor) wanted = without(wanted, load(current[*neighbor]));
  return wanted;
}

void pull(HopSearch& search) {
  NodeList &reached = search.reached, &unfinished = search.unfinished;
  const std::size_t count = unfinished.count;
  Patience patience(search);
  reached.count = unfinished.count = 0;
  search.frontier_edges = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto node = static_cast<std::size_t>(unfinished.nodes[i]);
    const Sources wanted = load(search.remaining[node]);
    if (is_empty(wanted)) continue;
    if (patience.is_over(search.offsets[node + 1] - search.offsets[node])) return;
    unfinished.nodes[unfinished.count++] = unfinished.nodes[i];
    const Sources left = look_for(wanted, search.current, search.neighbors + search.offsets[node],
                                  search.neighbors + search.offsets[node + 1]);
    const Sources come = without(wanted, left);
    if (is_empty(come)) continue;
    store(come, search.next[node]);
    reached.nodes[reached.count++] = unfinished.nodes[i];
    settle(search, node, come, left);
  }
}

// Hops of several sources in a register, one in each lane.
struct Hops {
  typedef std::uint16_t Vector __attribute__((vector_size(GENMI_VECTOR_BYTES)));
  typedef std::uint16_t InMemory __attribute__((vector_size(GENMI_VECTOR_BYTES), aligned(2), may_alias));
  static constexpr std::size_t kLanes = GENMI_VECTOR_BYTES / 2;
};

// The lowest bits, one in each lane, as 0 or 1.
inline Hops::Vector spread(std::uint64_t bits) {
#if defined(__x86_64__) && GENMI_VECTOR_BYTES == 64
  return Hops::Vector(_mm512_maskz_set1_epi16(static_cast<__mmask32>(bits), 1));
#else
  Hops::Vector lane_bits;
  for (std::size_t lane = 0; lane < Hops::kLanes; ++lane) lane_bits[lane] = static_cast<std::uint16_t>(1u << lane);
  const Hops::Vector all = static_cast<std::uint16_t>(bits) - Hops::Vector{};
  return Hops::Vector{} - Hops::Vector((all & lane_bits) == lane_bits);
#endif
}

void expand_hops(const SourceSet* const* planes, std::size_t plane_count, std::size_t node,
                 const SourceSet& unreachable, std::uint16_t* hops, std::size_t count) {
  constexpr std::size_t kPerWord = 64 / Hops::kLanes;
  for (std::size_t word = 0; word < count / 64; ++word) {
    Hops::Vector lanes[kPerWord] = {};
    for (std::size_t plane = plane_count; plane-- > 0;) {
      const std::uint64_t bits = planes[plane][node].words[word];
      for (std::size_t k = 0; k < kPerWord; ++k) lanes[k] = lanes[k] + lanes[k] + spread(bits >> k * Hops::kLanes);
    }
    const std::uint64_t none = unreachable.words[word];
    for (std::size_t k = 0; none != 0 && k < kPerWord; ++k)
      lanes[k] |= Hops::Vector{} - spread(none >> k * Hops::kLanes);
    for (std::size_t k = 0; k < kPerWord; ++k)
      *reinterpret_cast<Hops::InMemory*>(hops + word * 64 + k * Hops::kLanes) = lanes[k];
  }
}

// The lanes of a comparison: all bits or none.
struct Lanes {
  typedef long long Vector __attribute__((vector_size(GENMI_VECTOR_BYTES)));
};

template <class T>
void strided_minima(const T* values, std::size_t count, double* minima) {
  constexpr std::size_t kLanes = Bundle<T>::kLanes, kBundles = kMinima / kLanes;
  Bundle<T> bundles[kBundles];
  for (Bundle<T>& bundle : bundles) bundle = all(static_cast<T>(__builtin_inf()));
  std::size_t i = 0;
  for (; i + kMinima <= count; i += kMinima)
    for (std::size_t k = 0; k < kBundles; ++k) bundles[k] = least(load(values + i + k * kLanes), bundles[k]);
  T lanes[kMinima];
  for (std::size_t k = 0; k < kBundles; ++k) store(bundles[k], lanes + k * kLanes);
  for (; i < count; ++i) lanes[i % kMinima] = least_of(values[i], lanes[i % kMinima]);
  for (std::size_t lane = 0; lane < kMinima; ++lane) minima[lane] = static_cast<double>(lanes[lane]);
}

template <class T>
std::size_t find_below(const T* values, std::size_t count, double bound, std::int32_t* found) {
  const Bundle<double> bounds = all(bound);
  std::size_t used = 0, i = 0;
  const auto look_at = [&](std::size_t end) {
    for (std::size_t j = i; j < end; ++j) {
      found[used] = static_cast<std::int32_t>(j);
      used += static_cast<double>(values[j]) < bound ? 1 : 0;
    }
  };
  for (; i + Bundle<double>::kLanes <= count; i += Bundle<double>::kLanes) {
    const Bundle<double> bundle = load_as_double(values + i);
#if defined(__x86_64__) && GENMI_VECTOR_BYTES == 64
    for (std::size_t k = 0; k < Bundle<double>::kVectors; ++k) {  // used <= i + 8 k: there is room for all eight
      const __mmask8 below = _mm512_cmp_pd_mask(__m512d(bundle.vectors[k]), __m512d(bounds.vectors[k]), _CMP_LT_OQ);
      const __m256i positions =
          _mm256_add_epi32(_mm256_set1_epi32(static_cast<int>(i + 8 * k)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(found + used), _mm256_maskz_compress_epi32(below, positions));
      used += static_cast<std::size_t>(__builtin_popcount(below));
    }
#else
    Lanes::Vector below{};
    for (std::size_t k = 0; k < Bundle<double>::kVectors; ++k) below |= bundle.vectors[k] < bounds.vectors[k];
    if (any_bit(below)) look_at(i + Bundle<double>::kLanes);
#endif
  }
  look_at(count);
  return used;
}

template <class T>
std::size_t tally(const T* values, std::size_t count, double low, double high, Tally& tally, double* between) {
  const Bundle<double> lows = all(low), highs = all(high);
  std::size_t used = 0, i = 0;
  const auto look_at = [&](std::size_t end) {  // counts and copies the values that are not below low
    for (std::size_t j = i; j < end; ++j) {
      const auto value = static_cast<double>(values[j]);
      between[used] = value;
      used += (value > low ? 1u : 0u) & (value < high ? 1u : 0u);
      tally.at_low += value == low ? 1 : 0;
      tally.at_high += (value == high ? 1u : 0u) & (value != low ? 1u : 0u);
    }
  };
#if defined(__x86_64__) && GENMI_VECTOR_BYTES == 64
  std::size_t below = 0, at_low = 0, at_high = 0;
  const auto lanes_in = [](__mmask8 mask) { return static_cast<std::size_t>(__builtin_popcount(mask)); };
  for (; i + Bundle<double>::kLanes <= count; i += Bundle<double>::kLanes) {
    const Bundle<double> bundle = load_as_double(values + i);
    for (std::size_t k = 0; k < Bundle<double>::kVectors; ++k) {  // used <= i + 8 k: there is room for all eight
      const __m512d value = __m512d(bundle.vectors[k]), least = __m512d(lows.vectors[k]),
                    most = __m512d(highs.vectors[k]);
      const __mmask8 above = _mm512_cmp_pd_mask(value, least, _CMP_GT_OQ);
      const __mmask8 inside = _mm512_mask_cmp_pd_mask(above, value, most, _CMP_LT_OQ);
      _mm512_storeu_pd(between + used, _mm512_maskz_compress_pd(inside, value));
      used += lanes_in(inside);
      below += lanes_in(_mm512_cmp_pd_mask(value, least, _CMP_LT_OQ));
      at_low += lanes_in(_mm512_cmp_pd_mask(value, least, _CMP_EQ_OQ));
      at_high += lanes_in(_mm512_mask_cmp_pd_mask(above, value, most, _CMP_EQ_OQ));
    }
  }
  tally.below += below, tally.at_low += at_low, tally.at_high += at_high;
#else
  Lanes::Vector below{};
  for (; i + Bundle<double>::kLanes <= count; i += Bundle<double>::kLanes) {
    const Bundle<double> bundle = load_as_double(values + i);
    Lanes::Vector met{};
    for (std::size_t k = 0; k < Bundle<double>::kVectors; ++k) {
      below -= bundle.vectors[k] < lows.vectors[k];
      met |= (bundle.vectors[k] >= lows.vectors[k]) & (bundle.vectors[k] <= highs.vectors[k]);
    }
    if (any_bit(met)) look_at(i + Bundle<double>::kLanes);
  }
  for (std::size_t lane = 0; lane < GENMI_VECTOR_BYTES / sizeof(double); ++lane)
    tally.below += static_cast<std::size_t>(below[lane]);
#endif
  look_at(count);
  for (; i < count; ++i) tally.below += static_cast<double>(values[i]) < low ? 1 : 0;
  return used;
}

constexpr GraphKernels kGraphKernels = {
    .push = push,
    .pull = pull,
    .expand = expand_hops,
    .strided_minima_single = strided_minima<float>,
    .strided_minima_double = strided_minima<double>,
    .find_below_single = find_below<float>,
    .find_below_double = find_below<double>,
    .tally_single = tally<float>,
    .tally_double = tally<double>,
};

}  // namespace
}  // namespace genmi::simd
