// The vector kernels of exact transport: see kernels.inl, which includes this once per instruction set.

namespace genmi::simd {
namespace {

constexpr float kLarge = 3.0e38f;

float row_minimum(const float* costs, const float* prices, std::size_t count) {
  Bundle<float> minimum = all(kLarge);
  for (std::size_t j = 0; j < count; j += Bundle<float>::kLanes)
    minimum = least(load(costs + j) - load(prices + j), minimum);
  return reduce(minimum, least_of);
}

std::size_t find_minimum(const float* costs, const float* prices, std::size_t count, float minimum) {
  for (std::size_t j = 0; j < count; j += Bundle<float>::kLanes) {
    if (reduce(load(costs + j) - load(prices + j), least_of) != minimum) continue;
    while (costs[j] - prices[j] != minimum) ++j;
    return j;
  }
  return 0;  // not reached: row_minimum has found the minimum in this row
}

template <class T>
double exact_minimum(const T* costs, const double* prices, std::size_t count) {
  Bundle<double> minimum = all(__builtin_inf());
  std::size_t j = 0;
  for (; j + Bundle<double>::kLanes <= count; j += Bundle<double>::kLanes)
    minimum = least(load_as_double(costs + j) - load(prices + j), minimum);
  double least_yet = reduce(minimum, least_of);
  for (; j < count; ++j) least_yet = least_of(least_yet, static_cast<double>(costs[j]) - prices[j]);
  return least_yet;
}

template <class T>
double exact_slack(const T* costs, const double* potentials, double own, std::size_t count) {
  const Bundle<double> owns = all(own);
  Bundle<double> minimum = all(__builtin_inf());
  std::size_t j = 0;
  for (; j + Bundle<double>::kLanes <= count; j += Bundle<double>::kLanes) {
    const Bundle<double> above = load(potentials + j) - owns;
    minimum = least(load_as_double(costs + j) - greatest(above, all(0.0) - above), minimum);
  }
  double least_yet = reduce(minimum, least_of);
  for (; j < count; ++j) {
    const double above = potentials[j] - own;
    least_yet = least_of(least_yet, static_cast<double>(costs[j]) - (above > 0 ? above : -above));
  }
  return least_yet;
}

template <class T>
void lower(const T* costs, double price, double* targets, std::size_t count) {
  const Bundle<double> prices = all(price);
  std::size_t j = 0;
  for (; j + Bundle<double>::kLanes <= count; j += Bundle<double>::kLanes)
    store(least(load_as_double(costs + j) - prices, load(targets + j)), targets + j);
  for (; j < count; ++j) targets[j] = least_of(targets[j], static_cast<double>(costs[j]) - price);
}

void coarse_minima(const std::int16_t* const* rows, const std::int16_t* prices, std::size_t count,
                   std::int16_t* minima) {
  using Shorts = Vector<std::int16_t>;
  Shorts least[kCoarseRows];
  for (Shorts& vector : least) vector = spread(std::int16_t{32767});
  for (std::size_t j = 0; j < count; j += kLanes<std::int16_t>) {
    const Shorts price = load_vector(prices + j);
    for (std::size_t r = 0; r < kCoarseRows; ++r) {
      const Shorts above = load_vector(rows[r] + j) - price;
      least[r] = above < least[r] ? above : least[r];
    }
  }
  for (std::size_t r = 0; r < kCoarseRows; ++r) {
    alignas(64) std::int16_t lanes[kLanes<std::int16_t>];
    store_vector<std::int16_t>(least[r], lanes);
    minima[r] = fold<std::int16_t, GENMI_VECTOR_BYTES>(lanes, least_of);
  }
}

void coarse_prices(const float* prices, float centre, float inverse_unit, std::int16_t* out, std::size_t count) {
  constexpr float kMost = kCoarseRange;
  for (std::size_t j = 0; j < count; ++j) {
    float below = kMost - (prices[j] - centre) * inverse_unit;  // positive, so that a conversion to int is its floor
    below = below < 1 ? 1 : below;
    below = below > 2 * kMost ? 2 * kMost : below;
    out[j] = static_cast<std::int16_t>(kCoarseRange - static_cast<int>(below));
  }
}

// The number that potentials subtract from a cost: column - row, or |column - row| for both directions.
template <bool both, class V>
inline V potential_difference(V column, V row) {
  const V above = column - row;
  if constexpr (!both) return above;
  else return above > -above ? above : -above;
}

constexpr std::size_t kStretch = Bundle<double>::kLanes;

// Whether cost - difference is below the margin at one column of a stretch. Differences are clamped so that this fits
// 16 bits.
template <bool both>
inline bool any_close(const std::int16_t* costs, const std::int16_t* columns, std::int16_t row, std::int16_t margin) {
  constexpr std::size_t kBytes = GENMI_VECTOR_BYTES < 32 ? GENMI_VECTOR_BYTES : 32;
  typedef std::int16_t Shorts __attribute__((vector_size(kBytes), aligned(2), may_alias));
  constexpr std::int16_t kLeast = -kCoarseRange;
  Shorts close{};
  for (std::size_t j = 0; j < kStretch; j += kBytes / sizeof(row)) {
    Shorts difference = potential_difference<both>(*reinterpret_cast<const Shorts*>(columns + j), row - Shorts{});
    if constexpr (!both) difference = difference > kLeast ? difference : kLeast - Shorts{};
    close |= *reinterpret_cast<const Shorts*>(costs + j) - difference < margin;
  }
  return any_bit(close);
}

// Processors cannot predict which stretches are close. So a loop without branches lists them, and then they are read.
template <bool both, class T>
double close_slack(const CoarsePotentials& coarse, const T* costs, const double* row_potentials,
                   const double* column_potentials, std::size_t count, std::size_t columns) {
  constexpr std::size_t kListed = 64;  // at a time
  Bundle<double> minimum = all(__builtin_inf());
  double least_yet = __builtin_inf();
  for (std::size_t i = 0; i < count; ++i, costs += columns) {
    const Bundle<double> own = all(row_potentials[i]);
    for (std::size_t j = both ? i / kStretch * kStretch : 0; j < columns;) {
      std::size_t listed[kListed], close = 0;
      for (std::size_t k = 0; k < kListed && j < columns; ++k, j += kStretch) {
        listed[close] = j;
        close +=
            any_close<both>(coarse.costs + i * coarse.stride + j, coarse.columns + j, coarse.rows[i], coarse.margin);
      }
      for (std::size_t k = 0; k < close; ++k) {
        const std::size_t first = listed[k], left = columns - first;
        if (left >= kStretch) {
          const Bundle<double> differences = zip(load(column_potentials + first), own,
                                                 [](auto x, auto y) { return potential_difference<both>(x, y); });
          minimum = least(load_as_double(costs + first) - differences, minimum);
        } else {
          for (std::size_t c = first; c < columns; ++c) {
            const double difference = potential_difference<both>(column_potentials[c], row_potentials[i]);
            least_yet = least_of(least_yet, static_cast<double>(costs[c]) - difference);
          }
        }
      }
    }
  }
  return least_of(least_yet, reduce(minimum, least_of));
}

// exp(x) for x clamped to [-55, 80], to about 2e-7 relative: a Taylor polynomial on [-ln 2 / 2, ln 2 / 2] times a power
// of two (Cody, Waite, "Software Manual for the Elementary Functions", 1980).
inline VectorOf<float>::Type exponential(VectorOf<float>::Type x) {
  using Floats = VectorOf<float>::Type;
  typedef int Integers __attribute__((vector_size(GENMI_VECTOR_BYTES)));
  const Floats zero{};
  x = x > 80.f - zero ? 80.f - zero : x;
  x = x < -55.f - zero ? -55.f - zero : x;
  constexpr float kRounding = 12582912.f;  // 1.5 * 2^23: adding it leaves the integer in the low bits
  const Floats shifted = x * 1.44269504f + kRounding;
  const Floats power = shifted - kRounding;
  const Floats r = x - power * 0.693359375f + power * 2.12194440e-4f;
  Floats sum = zero + 1.f / 720;
  sum = sum * r + 1.f / 120;
  sum = sum * r + 1.f / 24;
  sum = sum * r + 1.f / 6;
  sum = sum * r + .5f;
  sum = sum * r + 1.f;
  sum = sum * r + 1.f;
  return reinterpret_cast<Floats>(reinterpret_cast<Integers>(sum) + (reinterpret_cast<Integers>(shifted) << 23));
}

void gibbs_row(const float* costs, float row_price, const float* prices, float inverse_epsilon, float* kernel,
               std::size_t count) {
  const Bundle<float> row = all(row_price), scale = all(inverse_epsilon);
  for (std::size_t j = 0; j < count; j += Bundle<float>::kLanes) {
    Bundle<float> bundle = (row + load(prices + j) - load(costs + j)) * scale;
    for (auto& vector : bundle.vectors) vector = exponential(vector);
    store(bundle, kernel + j);
  }
}

void square_row(float* kernel, float row_scale, const float* scales, std::size_t count) {
  const Bundle<float> row = all(row_scale), floor = all(1e-12f), ceiling = all(1e18f);
  for (std::size_t j = 0; j < count; j += Bundle<float>::kLanes) {
    const Bundle<float> scaled = least(greatest(row * load(kernel + j) * load(scales + j), floor), ceiling);
    store(scaled * scaled, kernel + j);
  }
}

// Four rows at a time: the vectors that all rows need are loaded a quarter as often.
void scale_rows(const float* kernel, const float* columns, const float* weights, float* scales, float* sums,
                std::size_t count) {
  static_assert(kSinkhornRows == 4);
  const float *a = kernel, *b = a + count, *c = b + count, *d = c + count;
  Bundle<float> of_a = all(0.f), of_b = of_a, of_c = of_a, of_d = of_a;
  for (std::size_t j = 0; j < count; j += Bundle<float>::kLanes) {
    const Bundle<float> column = load(columns + j);
    of_a = of_a + load(a + j) * column;
    of_b = of_b + load(b + j) * column;
    of_c = of_c + load(c + j) * column;
    of_d = of_d + load(d + j) * column;
  }
  const Bundle<float> products[kSinkhornRows] = {of_a, of_b, of_c, of_d};
  Bundle<float> factors[kSinkhornRows];
  for (std::size_t r = 0; r < kSinkhornRows; ++r) {
    const float sum = reduce(products[r], [](auto x, auto y) { return x + y; });
    scales[r] = sum > 1e-30f ? 1 / sum : 1e30f;
    const float factor = weights[r] * scales[r];
    factors[r] = all(factor < kLeastGibbsWeight ? 0.f : factor);
  }
  for (std::size_t j = 0; j < count; j += Bundle<float>::kLanes) {
    const Bundle<float> added =
        (factors[0] * load(a + j) + factors[1] * load(b + j)) + (factors[2] * load(c + j) + factors[3] * load(d + j));
    store(load(sums + j) + added, sums + j);
  }
}

void scale_columns(const float* sums, bool relaxed, float* scales, std::size_t count) {
  const Vector<float> least_sum = spread(1e-30f);
  for (std::size_t j = 0; j < count; j += kLanes<float>) {
    const Vector<float> next = 1 / larger(load_vector(sums + j), least_sum);
    const Vector<float> further = relaxed ? next * math::square_root<float>(next / load_vector(scales + j)) : next;
    store_vector<float>(further, scales + j);
  }
}

// One vector of results, or one result for T = double.
template <class T>
inline T filtered(const double* in, std::size_t step, const double* weights, std::size_t reach, T sum) {
  const auto read = [](const double* from) {
    if constexpr (sizeof(T) == sizeof(double)) return *from;
    else return load_vector(from);
  };
  sum += weights[0] * read(in);
  for (std::size_t d = 1; d <= reach; ++d) sum += weights[d] * (read(in - d * step) + read(in + d * step));
  return sum;
}

void filter(const double* in, std::size_t step, const double* weights, std::size_t reach, std::size_t count, bool adds,
            double* out) {
  std::size_t i = 0;
  for (; i + kLanes<double> <= count; i += kLanes<double>) {
    const Vector<double> sum = adds ? load_vector(out + i) : Vector<double>{};
    store_vector<double>(filtered(in + i, step, weights, reach, sum), out + i);
  }
  for (; i < count; ++i) out[i] = filtered(in + i, step, weights, reach, adds ? out[i] : 0.0);
}

constexpr TransportKernels kTransportKernels = {
    .row_minimum = row_minimum,
    .find_minimum = find_minimum,
    .exact_minimum_single = exact_minimum<float>,
    .exact_minimum_double = exact_minimum<double>,
    .exact_slack_single = exact_slack<float>,
    .exact_slack_double = exact_slack<double>,
    .lower_single = lower<float>,
    .lower_double = lower<double>,
    .coarse_minima = coarse_minima,
    .coarse_prices = coarse_prices,
    .close_slack_single = close_slack<false, float>,
    .close_slack_double = close_slack<false, double>,
    .close_pair_slack_single = close_slack<true, float>,
    .close_pair_slack_double = close_slack<true, double>,
    .gibbs_row = gibbs_row,
    .square_row = square_row,
    .scale_rows = scale_rows,
    .scale_columns = scale_columns,
    .filter = filter,
};

}  // namespace
}  // namespace genmi::simd
