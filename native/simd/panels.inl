// Predictions between the caller's rows and panels, and the softmax both ways: see divergence_kernels.h.

namespace genmi::simd {
namespace {

// A tile is as many columns of a panel's rows as a vector has lanes. All of them are read and written, also where there
// are only `columns` of them.
template <class T>
inline void read_tile(const T* rows, std::size_t stride, std::size_t columns, T* panel) {
  for (std::size_t first = 0; first < kPanel; first += kLanes<T>) {
    Vector<T> tile[kLanes<T>];
    for (std::size_t i = 0; i < kLanes<T>; ++i) tile[i] = load_vector(rows + (first + i) * stride);
    transpose<T>(tile);
    for (std::size_t j = 0; j < kLanes<T>; ++j)
      if (j < columns) store_vector<T>(tile[j], panel + j * kPanel + first);
  }
}
template <class T>
inline void write_tile(const T* panel, std::size_t columns, T* rows, std::size_t stride) {
  for (std::size_t first = 0; first < kPanel; first += kLanes<T>) {
    Vector<T> tile[kLanes<T>];
    for (std::size_t j = 0; j < kLanes<T>; ++j)
      tile[j] = j < columns ? load_vector(panel + j * kPanel + first) : Vector<T>{};
    transpose<T>(tile);
    for (std::size_t i = 0; i < kLanes<T>; ++i) store_vector<T>(tile[i], rows + (first + i) * stride);
  }
}

// Not worth a tile.
constexpr std::size_t kFewColumns = 2;

constexpr std::size_t lesser(std::size_t a, std::size_t b) { return a < b ? a : b; }

// Whether tiles of this panel may reach over the end of a row: the next rows are there.
template <class T>
inline bool has_room(std::size_t rows, std::size_t panel, std::size_t k) {
  const std::size_t end = (panel + 1) * kPanel;
  return end < rows && (rows - end) * k >= kLanes<T>;
}

template <class T>
inline void read_panel(const T* data, std::size_t rows, std::size_t index, std::size_t k, T* panel) {
  const T* from = data + index * kPanel * k;
  const bool direct = has_room<T>(rows, index, k);
  const std::size_t last = lesser(rows - index * kPanel, kPanel) - 1;
  for (std::size_t column = 0; column < k; column += kLanes<T>, from += kLanes<T>) {
    const std::size_t columns = lesser(k - column, kLanes<T>);
    if (columns <= kFewColumns) {
      for (std::size_t i = 0; i < kPanel; ++i)
        for (std::size_t j = 0; j < columns; ++j) panel[(column + j) * kPanel + i] = from[lesser(i, last) * k + j];
      continue;
    }
    if (direct) {
      read_tile(from, k, columns, panel + column * kPanel);
      continue;
    }
    T copy[kPanel * kLanes<T>] = {};
    for (std::size_t i = 0; i < kPanel; ++i)
      for (std::size_t j = 0; j < columns; ++j) copy[i * kLanes<T> + j] = from[lesser(i, last) * k + j];
    read_tile<T>(copy, kLanes<T>, columns, panel + column * kPanel);
  }
}

// The last columns come first, so that what they write over the end of a row is corrected.
template <class T>
inline void write_panel(const T* panel, std::size_t rows, std::size_t index, std::size_t k, T* out) {
  const bool direct = has_room<T>(rows, index, k);
  const std::size_t count = lesser(rows - index * kPanel, kPanel);
  for (std::size_t tile = (k + kLanes<T> - 1) / kLanes<T>; tile-- > 0;) {
    const std::size_t column = tile * kLanes<T>, columns = lesser(k - column, kLanes<T>);
    T* to = out + index * kPanel * k + column;
    if (columns <= kFewColumns) {
      for (std::size_t i = 0; i < count; ++i)
        for (std::size_t j = 0; j < columns; ++j) to[i * k + j] = panel[(column + j) * kPanel + i];
      continue;
    }
    if (direct) {
      write_tile(panel + column * kPanel, columns, to, k);
      continue;
    }
    T copy[kPanel * kLanes<T>];
    write_tile<T>(panel + column * kPanel, columns, copy, kLanes<T>);
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = 0; j < columns; ++j) to[i * k + j] = copy[i * kLanes<T> + j];
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
  x = x < least ? spread(least) : x;
  return x > greatest ? spread(greatest) : x;
}

template <class T>
bool read_probabilities(const T* data, std::size_t rows, std::size_t k, T least, T greatest, T* tau) {
  Vector<T> not_finite{};  // x - x is no number where x is not finite
  for (std::size_t panel = 0; panel < panels_of(rows); ++panel, tau += k * kPanel) {
    read_panel(data, rows, panel, k, tau);
    for (std::size_t at = 0; at < k * kPanel; at += kLanes<T>) {
      const Vector<T> x = load_vector(tau + at);
      not_finite += x - x;
      store_vector<T>(clamp<T>(x, least, greatest), tau + at);
    }
  }
  return all_zero<T>(not_finite);
}

// Logits of opposite signs near the largest number have no finite difference; what is beyond this counts as this.
template <class T>
inline constexpr T kLeastLogarithm = sizeof(T) == 4 ? T(-1e30) : T(-1e300);

template <class T>
bool read_logits(const T* data, std::size_t rows, std::size_t k, T* log_tau, T* tau) {
  Vector<T> not_finite{};
  for (std::size_t panel = 0; panel < panels_of(rows); ++panel, log_tau += k * kPanel, tau += k * kPanel) {
    read_panel(data, rows, panel, k, log_tau);
    for (std::size_t first = 0; first < kPanel; first += kLanes<T>) {
      Vector<T> largest = load_vector(log_tau + first), sum{};
      for (std::size_t at = first; at < k * kPanel; at += kPanel) {
        const Vector<T> x = load_vector(log_tau + at);
        not_finite += x - x;
        largest = x > largest ? x : largest;
      }
      for (std::size_t at = first; at < k * kPanel; at += kPanel) {
        Vector<T> below = load_vector(log_tau + at) - largest;
        below = below < kLeastLogarithm<T> ? spread(kLeastLogarithm<T>) : below;
        const Vector<T> exponential = math::exp<T>(below);
        sum += exponential;
        store_vector<T>(below, log_tau + at);
        store_vector<T>(exponential, tau + at);
      }
      const Vector<T> inverse = 1 / sum, log_sum = math::log<T>(sum);
      for (std::size_t at = first; at < k * kPanel; at += kPanel) {
        store_vector<T>(load_vector(tau + at) * inverse, tau + at);
        store_vector<T>(load_vector(log_tau + at) - log_sum, log_tau + at);
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
    Block<double> lanes = all(0.0);
    for (std::size_t panel = 0; panel < rows / kPanel; ++panel, from += k * kPanel)
      lanes = lanes + load_as_double(from);
    double sum = reduce(lanes, sum_of);
    for (std::size_t i = 0; i < rows % kPanel; ++i) sum += static_cast<double>(from[i]);
    sums[column] += sum;
  }
}

template <class T>
void gradient_of_probabilities(const GradientPass<T>& pass) {
  const std::size_t k = pass.k;
  for (std::size_t panel = 0; panel < panels_of(pass.rows); ++panel) {
    const T* gradient = pass.log_gradient + panel * k * kPanel;
    const T* tau = pass.tau + panel * k * kPanel;
    for (std::size_t at = 0; at < k * kPanel; at += kLanes<T>) {
      const Vector<T> x = load_vector(tau + at);
      const Vector<T> whole = load_vector(gradient + at) / x + pass.by_tau[at / kPanel];
      const auto kept = (x > pass.least) & (x < pass.greatest);
      store_vector<T>(kept ? whole : Vector<T>{}, pass.scratch + at);
    }
    write_panel<T>(pass.scratch, pass.rows, panel, k, pass.out);
  }
}

template <class T>
void gradient_of_logits(const GradientPass<T>& pass) {
  const std::size_t k = pass.k;
  for (std::size_t panel = 0; panel < panels_of(pass.rows); ++panel) {
    const T* gradient = pass.log_gradient + panel * k * kPanel;
    const T* tau = pass.tau + panel * k * kPanel;
    const T* clipped = pass.clipped == nullptr ? nullptr : pass.clipped + panel * k * kPanel;
    for (std::size_t first = 0; first < kPanel; first += kLanes<T>) {
      Vector<T> sum{};
      for (std::size_t at = first; at < k * kPanel; at += kPanel) {
        const Vector<T> x = load_vector(tau + at);
        Vector<T> whole = multiply_add(x, spread(pass.by_tau[at / kPanel]), load_vector(gradient + at));
        if (clipped != nullptr)
          whole = multiply_add(load_vector(clipped + at), spread(pass.by_clipped[at / kPanel]), whole);
        const auto kept = (x > pass.least) & (x < pass.greatest);
        whole = kept ? whole : Vector<T>{};
        sum += whole;
        store_vector<T>(whole, pass.scratch + at);
      }
      // Once more, since the first time the largest tau leaves the rounding of what it is a difference of.
      Vector<T> left{};
      for (std::size_t at = first; at < k * kPanel; at += kPanel) {
        const Vector<T> projected = load_vector<T>(pass.scratch + at) - load_vector(tau + at) * sum;
        left += projected;
        store_vector<T>(projected, pass.scratch + at);
      }
      for (std::size_t at = first; at < k * kPanel; at += kPanel)
        store_vector<T>(load_vector<T>(pass.scratch + at) - load_vector(tau + at) * left, pass.scratch + at);
    }
    write_panel<T>(pass.scratch, pass.rows, panel, k, pass.out);
  }
}

}  // namespace
}  // namespace genmi::simd
