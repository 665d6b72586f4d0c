// Predictions from the caller's rows to panels and gradients back, with the softmax: see divergence_kernels.h.

namespace genmi::simd {
namespace {

// A tile has the columns of a panel's rows that fill 16 bytes. All 16 bytes are read and written, even if the tile has
// only `columns` columns.
template <class T>
inline constexpr std::size_t kTile = 16 / sizeof(T);

template <class T, class Each>
inline void read_tile(const T* rows, std::size_t stride, std::size_t columns, T* panel, const Each& each) {
  for (std::size_t first = 0; first < kPanel; first += kLanes<T>) {
    Vector<T> tile[kTile<T>];
    for (std::size_t i = 0; i < kTile<T>; ++i) tile[i] = load_parts(rows + (first + i) * stride, kTile<T> * stride);
    transpose_parts<T>(tile);
    for (std::size_t j = 0; j < kTile<T>; ++j)
      if (j < columns) store_vector<T>(each(tile[j], first), panel + j * kPanel + first);
  }
}
template <class T, class Panel>
inline void write_tile(const Panel& panel, std::size_t column, std::size_t columns, T* rows, std::size_t stride) {
  for (std::size_t first = 0; first < kPanel; first += kLanes<T>) {
    Vector<T> tile[kTile<T>];
    for (std::size_t j = 0; j < kTile<T>; ++j) tile[j] = j < columns ? panel(column + j, first) : Vector<T>{};
    transpose_parts<T>(tile);
    for (std::size_t i = 0; i < kTile<T>; ++i) store_parts<T>(tile[i], rows + (first + i) * stride, kTile<T> * stride);
  }
}

constexpr std::size_t lesser(std::size_t a, std::size_t b) { return a < b ? a : b; }

// Whether all memory of a tile exists: all its rows, and the bytes that it reaches beyond the end of the last row.
template <class T>
inline bool is_whole(std::size_t rows, std::size_t panel, std::size_t k, std::size_t columns) {
  const std::size_t end = (panel + 1) * kPanel;
  return end <= rows && (columns == kTile<T> || (rows - end) * k >= kTile<T>);
}

// Reads a panel. Stores each(vector, first) for every vector of samples from `first` on.
template <class T, class Each>
inline void read_panel(const T* data, std::size_t rows, std::size_t index, std::size_t k, T* panel, const Each& each) {
  const T* from = data + index * kPanel * k;
  const std::size_t last = lesser(rows - index * kPanel, kPanel) - 1;
  for (std::size_t column = 0; column < k; column += kTile<T>, from += kTile<T>, panel += kTile<T> * kPanel) {
    const std::size_t columns = lesser(k - column, kTile<T>);
    if (is_whole<T>(rows, index, k, columns)) {
      read_tile(from, k, columns, panel, each);
      continue;
    }
    T copy[kPanel * kTile<T>] = {};
    for (std::size_t i = 0; i < kPanel; ++i)
      for (std::size_t j = 0; j < columns; ++j) copy[i * kTile<T> + j] = from[lesser(i, last) * k + j];
    read_tile<T>(copy, kTile<T>, columns, panel, each);
  }
}

// Writes a panel to rows. panel(k, first) is the vector of column k and samples from `first` on. The last columns are
// written first: numbers that they write beyond the end of a row are overwritten later.
template <class T, class Panel>
inline void write_panel(const Panel& panel, std::size_t rows, std::size_t index, std::size_t k, T* out) {
  const std::size_t count = lesser(rows - index * kPanel, kPanel);
  for (std::size_t tile = (k + kTile<T> - 1) / kTile<T>; tile-- > 0;) {
    const std::size_t column = tile * kTile<T>, columns = lesser(k - column, kTile<T>);
    T* to = out + index * kPanel * k + column;
    if (k >= kTile<T> && is_whole<T>(rows, index, k, columns)) {
      write_tile(panel, column, columns, to, k);
      continue;
    }
    T copy[kPanel * kTile<T>];
    write_tile<T>(panel, column, columns, copy, kTile<T>);
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = 0; j < columns; ++j) to[i * k + j] = copy[i * kTile<T> + j];
  }
}

template <class T>
inline bool all_zero(Vector<T> x) {
  T sum = 0;
  for (std::size_t lane = 0; lane < kLanes<T>; ++lane) sum += x[lane];
  return sum == 0;
}

template <class T>
inline Vector<T> clamp(Vector<T> x, T least, T greatest) {
  return smaller(spread(greatest), larger(spread(least), x));
}

template <class T>
bool read_probabilities(const T* data, std::size_t rows, std::size_t k, T least, T greatest, T* tau) {
  Vector<T> not_finite{};  // 0 x is NaN where x is not finite
  const auto clip_each = [&](Vector<T> x, std::size_t) {
    not_finite = multiply_add(x, Vector<T>{}, not_finite);
    return clamp<T>(x, least, greatest);
  };
  for (std::size_t panel = 0; panel < panels_of(rows); ++panel, tau += k * kPanel)
    read_panel(data, rows, panel, k, tau, clip_each);
  return all_zero<T>(not_finite);
}

// The least logarithm: logits of opposite signs near the largest number have no finite difference.
template <class T>
inline constexpr T kLeastLogarithm = sizeof(T) == 4 ? T(-1e30) : T(-1e300);

// For a panel's logits: log_tau = logit - largest logit of the sample, tau = exp(log_tau), sums = the sums of tau.
// Returns 0 if all logits are finite.
template <class T>
inline Vector<T> read_exponentials(const T* data, std::size_t rows, std::size_t panel, std::size_t k, T* log_tau,
                                   T* tau, T* sums) {
  Vector<T> not_finite{}, largest[kPanel / kLanes<T>];
  for (auto& each : largest) each = spread(-T(__builtin_inf()));
  read_panel(data, rows, panel, k, log_tau, [&](Vector<T> x, std::size_t first) {
    not_finite = multiply_add(x, Vector<T>{}, not_finite);
    largest[first / kLanes<T>] = larger(x, largest[first / kLanes<T>]);
    return x;
  });
  for (std::size_t first = 0; first < kPanel; first += kLanes<T>) {
    Vector<T> sum{};
    for (std::size_t at = first; at < k * kPanel; at += kPanel) {
      const Vector<T> difference = load_vector(log_tau + at) - largest[first / kLanes<T>];
      const Vector<T> below = larger(spread(kLeastLogarithm<T>), difference), exponential = math::exp<T>(below);
      sum += exponential;
      store_vector<T>(below, log_tau + at);
      store_vector<T>(exponential, tau + at);
    }
    store_vector<T>(sum, sums + first);
  }
  return not_finite;
}

// The number of panels read together: their sums do not wait for each other, and they fit into the first cache.
constexpr std::size_t kPanelsAtOnce = 4;

template <class T>
bool read_logits(const T* data, std::size_t rows, std::size_t k, T* log_tau, T* tau) {
  Vector<T> not_finite{};
  const std::size_t size = k * kPanel, panels = panels_of(rows);
  for (std::size_t begin = 0; begin < panels; begin += kPanelsAtOnce) {
    const std::size_t end = lesser(begin + kPanelsAtOnce, panels);
    alignas(128) T sums[kPanelsAtOnce * kPanel], logarithms[kPanelsAtOnce * kPanel];
    for (std::size_t p = begin; p < end; ++p)
      not_finite +=
          read_exponentials(data, rows, p, k, log_tau + p * size, tau + p * size, sums + (p - begin) * kPanel);
    for (std::size_t at = 0; at < (end - begin) * kPanel; at += kLanes<T>) {
      const Vector<T> sum = load_vector(sums + at);
      store_vector<T>(math::log<T>(sum), logarithms + at);
      store_vector<T>(1 / sum, sums + at);
    }
    for (std::size_t sample = 0; sample < (end - begin) * kPanel; sample += kLanes<T>) {
      const Vector<T> inverse = load_vector(sums + sample), logarithm = load_vector(logarithms + sample);
      const std::size_t from = (begin + sample / kPanel) * size + sample % kPanel;
      for (std::size_t at = from; at < from + size; at += kPanel) {
        store_vector<T>(load_vector(tau + at) * inverse, tau + at);
        store_vector<T>(load_vector(log_tau + at) - logarithm, log_tau + at);
      }
    }
  }
  return all_zero<T>(not_finite);
}

template <class T>
void clip(const T* from, std::size_t rows, std::size_t k, T least, T greatest, T* to) {
  for (std::size_t at = 0; at < panels_of(rows) * k * kPanel; at += kLanes<T>)
    store_vector<T>(clamp<T>(load_vector(from + at), least, greatest), to + at);
}

constexpr auto sum_of = [](auto a, auto b) { return a + b; };

template <class T>
void add_columns(const T* panels, std::size_t rows, std::size_t k, double* sums) {
  for (std::size_t column = 0; column < k; ++column) {
    const T* from = panels + column * kPanel;
    // float64 holds sums of float32 as they are.
    const double first = sizeof(T) == 4 ? 0 : static_cast<double>(*from);
    const Bundle<double> firsts = all(first);
    Bundle<double> lanes = all(0.0);
    for (std::size_t panel = 0; panel < rows / kPanel; ++panel, from += k * kPanel) {
      if constexpr (sizeof(T) == 4) lanes = lanes + load_as_double(from);
      else lanes = lanes + (load_as_double(from) - firsts);
    }
    double sum = reduce(lanes, sum_of);
    for (std::size_t i = 0; i < rows % kPanel; ++i) sum += static_cast<double>(from[i]) - first;
    sums[column] += sum;
  }
}

template <class T>
inline Vector<T> keep_inside(Vector<T> gradient, Vector<T> tau, const GradientPass<T>& pass) {
  const auto kept = (tau > pass.least) & (tau < pass.greatest);
  return kept ? gradient : Vector<T>{};
}

template <class T, bool kMasked>
void gradient_of_probabilities(const GradientPass<T>& given) {
  const GradientPass<T> pass = given;
  const std::size_t size = pass.k * kPanel;
  for (std::size_t panel = 0; panel < panels_of(pass.rows); ++panel) {
    const auto gradient = [&](std::size_t k, std::size_t first) {
      const std::size_t at = panel * size + k * kPanel + first;
      const Vector<T> x = load_vector(pass.tau + at);
      const Vector<T> whole = load_vector(pass.log_gradient + at) / x + pass.by_tau[k];
      return kMasked ? keep_inside(whole, x, pass) : whole;
    };
    write_panel<T>(gradient, pass.rows, panel, pass.k, pass.out);
  }
}

// tau dI/dtau for some samples of a panel, written to scratch. Returns its sum over the clusters.
template <class T, bool kMasked>
inline Vector<T> gather_gradient(const GradientPass<T>& pass, std::size_t panel, std::size_t first) {
  const std::size_t size = pass.k * kPanel, from = panel * size;
  const T *tau = pass.tau + from, *gradient = pass.log_gradient + from;
  const T* clipped = pass.clipped == nullptr ? nullptr : pass.clipped + from;
  Vector<T> sum{};
  for (std::size_t k = 0, at = first; at < size; ++k, at += kPanel) {
    const Vector<T> x = load_vector(tau + at);
    Vector<T> whole = multiply_add(x, spread(pass.by_tau[k]), load_vector(gradient + at));
    if (clipped != nullptr) whole = multiply_add(load_vector(clipped + at), spread(pass.by_clipped[k]), whole);
    if constexpr (kMasked) whole = keep_inside(whole, x, pass);
    sum += whole;
    store_vector<T>(whole, pass.scratch + at);
  }
  return sum;
}

template <class T, bool kMasked>
void gradient_of_logits(const GradientPass<T>& given) {
  const GradientPass<T> pass = given;
  const std::size_t size = pass.k * kPanel;
  for (std::size_t panel = 0; panel < panels_of(pass.rows); ++panel) {
    const T* tau = pass.tau + panel * size;
    alignas(128) T left[kPanel];
    for (std::size_t first = 0; first < kPanel; first += kLanes<T>) {
      const Vector<T> sum = gather_gradient<T, kMasked>(pass, panel, first);
      Vector<T> left_over{};
      for (std::size_t at = first; at < size; at += kPanel) {
        const Vector<T> projected = load_vector<T>(pass.scratch + at) - load_vector(tau + at) * sum;
        left_over += projected;
        store_vector<T>(projected, pass.scratch + at);
      }
      store_vector<T>(left_over, left + first);
    }
    // A second projection: after the first, the entry of the largest tau has the rounding error of a difference.
    const auto gradient = [&](std::size_t k, std::size_t first) {
      const std::size_t at = k * kPanel + first;
      return load_vector<T>(pass.scratch + at) - load_vector(tau + at) * load_vector<T>(left + first);
    };
    write_panel<T>(gradient, pass.rows, panel, pass.k, pass.out);
  }
}

// Chooses the kernel without a mask unless probabilities were clipped with one.
template <class T, auto kMasked, auto kWhole>
void choose_gradient(const GradientPass<T>& pass) {
  return pass.least > -T(__builtin_inf()) ? kMasked(pass) : kWhole(pass);
}

template <class T>
bool are_within(const T* numbers, std::size_t count, T lowest, T highest) {
  Integers<T> within = ~Integers<T>{};
  std::size_t k = 0;
  for (; k + kLanes<T> <= count; k += kLanes<T>) {
    const Vector<T> some = load_vector(numbers + k);
    within &= (some >= lowest) & (some <= highest);
  }
  for (; k < count; ++k)
    if (!(numbers[k] >= lowest && numbers[k] <= highest)) return false;
  return !any_bit(~within);
}

}  // namespace
}  // namespace genmi::simd
