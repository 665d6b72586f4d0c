// Kernels of networks, emulated, against definitions in long double. test/native/network_training_backends_test.cpp
// holds whole trainings against the CPU's. Nothing here has run on a GPU.
#include <algorithm>
#include <cmath>
#include <string>

#include "cuda/networks/adversarial.h"
#include "cuda/networks/dense.h"
#include "cuda/networks/normalization.h"
#include "cuda/networks/optimizer.h"
#include "cuda/networks/samples.h"
#include "emulated.h"
#include "genmi/random_bits.h"

namespace genmi::cuda::test {
namespace {

using Long = long double;
using LongMatrix = std::vector<Long>;

constexpr Activation kActivations[] = {Activation::kIdentity, Activation::kRelu, Activation::kTanh};

Long activated(Activation activation, Long x) {
  if (activation == Activation::kRelu) return std::max<Long>(x, 0);
  return activation == Activation::kTanh ? std::tanh(x) : x;
}

template <class T>
void expect_near(const std::vector<T>& found, const LongMatrix& expected, double roundings, const std::string& what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  Long scale = 1;
  for (const Long each : expected) scale = std::max(scale, std::abs(each));
  const double allowed = roundings * static_cast<double>(std::numeric_limits<T>::epsilon() * scale);
  for (std::size_t at = 0; at < found.size(); ++at)
    ASSERT_NEAR(static_cast<double>(found[at]), static_cast<double>(expected[at]), allowed) << what << ": " << at;
}

// What compute() makes of a copy of `begin`.
template <class T, class Compute>
std::vector<T> changed(const std::vector<T>& begin, const Compute& compute) {
  return in_all_orders<T>(begin.size(), [&](T* out) {
    std::copy(begin.begin(), begin.end(), out);
    return compute(out);
  });
}

// rows x columns, the sum of terms(i, j, k) for `inner` k, plus what was there.
template <class T, class Term>
LongMatrix product(std::size_t rows, std::size_t inner, std::size_t columns, const std::vector<T>* begin,
                   const Term& term) {
  LongMatrix out(rows * columns);
  for (std::size_t at = 0; at < out.size(); ++at) {
    for (std::size_t k = 0; k < inner; ++k) out[at] += term(at / columns, at % columns, k);
    if (begin != nullptr) out[at] += (*begin)[at];
  }
  return out;
}

template <class T>
void check_dense(std::size_t n, std::size_t inputs, std::size_t outputs, Generator& random) {
  const std::vector<T> x = draw<T>(random, n * inputs), w = draw<T>(random, inputs * outputs, 0.3),
                       b = draw<T>(random, outputs), g = draw<T>(random, n * outputs);
  const std::string size = std::to_string(n) + " x " + std::to_string(inputs) + " x " + std::to_string(outputs);
  const double roundings = 4 + static_cast<double>(std::max({n, inputs, outputs}));
  const auto of_w = [&](std::size_t i, std::size_t o) { return static_cast<Long>(w[i * outputs + o]); };
  const auto of_x = [&](std::size_t i, std::size_t f) { return static_cast<Long>(x[i * inputs + f]); };
  const auto of_g = [&](std::size_t i, std::size_t o) { return static_cast<Long>(g[i * outputs + o]); };
  for (const Activation activation : kActivations)
    for (const T* const bias : {b.data(), static_cast<const T*>(nullptr)}) {
      const Dense<T> layer{w.data(), bias, inputs, outputs, activation};
      const auto y =
          in_all_orders<T>(n * outputs, [&](T* out) { return go_forward(layer, x.data(), n, false, out, nullptr); });
      LongMatrix expected = product<T>(n, inputs, outputs, nullptr, [&](std::size_t i, std::size_t o, std::size_t f) {
        return of_x(i, f) * of_w(f, o);
      });
      for (std::size_t at = 0; at < expected.size(); ++at)
        expected[at] = activated(activation, expected[at] + (bias == nullptr ? T{0} : bias[at % outputs]));
      expect_near(y, expected, roundings, size);
    }
  const Dense<T> layer{w.data(), b.data(), inputs, outputs, Activation::kIdentity};
  for (const bool add : {false, true}) {
    const auto begin = [&](std::size_t count) { return draw<T>(random, count); };
    const std::vector<T> at_y = begin(n * outputs), at_w = begin(w.size()), at_b = begin(outputs),
                         at_x = begin(x.size());
    const auto was = [&](const std::vector<T>& numbers) { return add ? &numbers : nullptr; };
    const auto y = changed(at_y, [&](T* out) { return go_forward(layer, x.data(), n, add, out, nullptr); });
    const auto of_sum = [&](std::size_t i, std::size_t o, std::size_t f) {
      return of_x(i, f) * of_w(f, o) + (f == 0 ? b[o] : T{0});
    };
    expect_near(y, product(n, inputs, outputs, was(at_y), of_sum), roundings, size);
    const auto by_w =
        changed(at_w, [&](T* out) { return weights_gradient(layer, x.data(), g.data(), n, add, out, nullptr); });
    expect_near(by_w,
                product(inputs, n, outputs, was(at_w),
                        [&](std::size_t f, std::size_t o, std::size_t i) { return of_x(i, f) * of_g(i, o); }),
                roundings, size);
    const auto by_b = changed(at_b, [&](T* out) { return bias_gradient(layer, g.data(), n, add, out, nullptr); });
    expect_near(
        by_b, product(1, n, outputs, was(at_b), [&](std::size_t, std::size_t o, std::size_t i) { return of_g(i, o); }),
        2, size);
    const auto by_x = changed(at_x, [&](T* out) { return input_gradient(layer, g.data(), n, add, out, nullptr); });
    expect_near(by_x,
                product(n, outputs, inputs, was(at_x),
                        [&](std::size_t i, std::size_t f, std::size_t o) { return of_g(i, o) * of_w(f, o); }),
                roundings, size);
  }
}

TEST(EmulatedDense, IsRightForAllSizes) {
  Generator random(21);
  for (const std::size_t n : sizes()) {
    if (!takes_few_sizes() && n > 20 && n % 9 != 2 && n < 63) continue;
    check_dense<float>(n, 1 + n * 5 % 67, 1 + n * 3 % 37, random);
    check_dense<double>(1 + n * 3 % 37, n, 1 + n * 5 % 67, random);
  }
}

template <class T>
void check_differentiate(std::size_t count, Generator& random) {
  std::vector<T> y = draw<T>(random, count, 0.4);
  y[0] = 0;
  const std::vector<T> gradient = draw<T>(random, count);
  for (const Activation activation : kActivations) {
    const auto found =
        changed(gradient, [&](T* out) { return differentiate(activation, y.data(), count, out, nullptr); });
    LongMatrix expected(gradient.begin(), gradient.end());
    for (std::size_t at = 0; at < count; ++at) {
      const Long own = y[at];
      if (activation == Activation::kRelu) expected[at] *= own > 0 ? 1 : 0;
      if (activation == Activation::kTanh) expected[at] *= 1 - own * own;
    }
    expect_near(found, expected, 4, std::to_string(count));
  }
}

TEST(EmulatedDense, Differentiates) {
  Generator random(22);
  for (const std::size_t count : {1u, 255u, 256u, 257u}) {
    check_differentiate<float>(count, random);
    check_differentiate<double>(count, random);
  }
}

TEST(EmulatedDense, KeepsNumbersThatAreNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), w = 1, b = 0;
  for (const Activation activation : kActivations) {
    const Dense<float> layer{&w, &b, 1, 1, activation};
    float y = 0;
    ASSERT_EQ(go_forward(layer, &nan, 1, false, &y, nullptr), cudaSuccess);
    EXPECT_TRUE(std::isnan(y));
  }
}

// Columns of a batch in long double: z = (x - mean) / deviation.
struct Columns {
  LongMatrix mean, variance, z;

  template <class T>
  Columns(const std::vector<T>& x, std::size_t n, std::size_t width)
      : mean(width), variance(width), z(x.begin(), x.end()) {
    const Long count = static_cast<Long>(n);
    for (std::size_t at = 0; at < z.size(); ++at) mean[at % width] += z[at] / count;
    for (std::size_t at = 0; at < z.size(); ++at) z[at] -= mean[at % width];
    for (std::size_t at = 0; at < z.size(); ++at) variance[at % width] += z[at] * z[at] / count;
    for (std::size_t at = 0; at < z.size(); ++at) z[at] /= std::sqrt(variance[at % width] + 1e-5L);
  }
};

template <class T>
void check_normalization_gradients(const Normalization<T>& layer, const std::vector<T>& x, const std::vector<T>& g,
                                   std::size_t n, const Columns& columns, T* noted, double roundings,
                                   const std::string& size, Generator& random) {
  const std::size_t width = layer.width;
  const Moments<T> moments{noted, noted + width};
  LongMatrix by_shift(width), by_scale(width), by_input(n * width);
  for (std::size_t at = 0; at < g.size(); ++at) by_shift[at % width] += g[at];
  for (std::size_t at = 0; at < g.size(); ++at) by_scale[at % width] += g[at] * columns.z[at];
  for (std::size_t at = 0; at < g.size(); ++at) {
    const std::size_t c = at % width;
    const Long count = static_cast<Long>(n);
    by_input[at] = layer.scale[c] / std::sqrt(columns.variance[c] + 1e-5L) *
                   (g[at] - by_shift[c] / count - columns.z[at] * by_scale[c] / count);
  }
  for (const bool add : {false, true}) {
    // dL/dx, then the gradients of scale and shift.
    const std::vector<T> begin = draw<T>(random, n * width + 2 * width);
    std::vector<double> scratch(2 * width);
    const auto found = changed(begin, [&](T* out) {
      const NormalizationGradients<T> gradients{out + n * width, out + n * width + width, add};
      return go_back(layer, x.data(), n, moments, g.data(), &gradients, scratch.data(), out, nullptr);
    });
    LongMatrix all = by_input;
    all.insert(all.end(), by_scale.begin(), by_scale.end());
    all.insert(all.end(), by_shift.begin(), by_shift.end());
    for (std::size_t at = n * width; at < all.size() && add; ++at) all[at] += begin[at];
    expect_near(found, all, roundings, size);
  }
  // In place, and without the parameters' gradients.
  std::vector<double> scratch(2 * width);
  const auto found = changed(
      g, [&](T* out) { return go_back<T>(layer, x.data(), n, moments, out, nullptr, scratch.data(), out, nullptr); });
  expect_near(found, by_input, roundings, size);
}

template <class T>
void check_normalization(std::size_t n, std::size_t width, Generator& random) {
  const std::vector<T> x = draw<T>(random, n * width), scale = draw<T>(random, width), shift = draw<T>(random, width),
                       g = draw<T>(random, n * width), running = draw<T>(random, 2 * width);
  const std::string size = std::to_string(n) + " x " + std::to_string(width);
  const Columns expected(x, n, width);
  // One sample has no variance: 1 / deviation is 316, and so are roundings.
  const double roundings = n == 1 ? 1e4 : n == 2 ? 2e3 : 40;
  for (const Activation activation : kActivations) {
    const Normalization<T> layer{scale.data(), shift.data(), width, activation};
    // y, mean, 1 / deviation, and the next running mean and variance.
    const std::size_t y_count = n * width;
    const auto all = in_all_orders<T>(y_count + 4 * width, [&](T* out) {
      T* const own = out + y_count;
      const Running<T> remembered{running.data(), running.data() + width, own + 2 * width, own + 3 * width};
      return go_forward(layer, x.data(), n, Moments<T>{own, own + width}, &remembered, out, nullptr);
    });
    LongMatrix y(y_count);
    for (std::size_t at = 0; at < y_count; ++at)
      y[at] = activated(activation, scale[at % width] * expected.z[at] + shift[at % width]);
    expect_near(std::vector<T>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(y_count)), y, roundings, size);
    for (std::size_t c = 0; c < width; ++c) {
      const Long unbiased = expected.variance[c] * static_cast<Long>(n) / std::max<Long>(1, static_cast<Long>(n) - 1);
      const Long mean = 0.9L * running[c] + 0.1L * expected.mean[c];
      const Long variance = 0.9L * running[width + c] + 0.1L * unbiased;
      const double allowed = 8 * static_cast<double>(std::numeric_limits<T>::epsilon()) * (1 + std::abs(unbiased));
      ASSERT_NEAR(static_cast<double>(all[y_count + 2 * width + c]), static_cast<double>(mean), allowed) << size;
      ASSERT_NEAR(static_cast<double>(all[y_count + 3 * width + c]), static_cast<double>(variance), allowed) << size;
    }
    if (activation != Activation::kIdentity) continue;
    check_normalization_gradients(layer, x, g, n, expected, const_cast<T*>(all.data()) + y_count, roundings, size,
                                  random);
  }
}

TEST(EmulatedNormalization, IsRightForAllSizes) {
  Generator random(23);
  for (const std::size_t n : sizes()) {
    if (!takes_few_sizes() && n > 20 && n % 9 != 2 && n < 63) continue;
    check_normalization<float>(n, 1 + n * 5 % 67, random);
    check_normalization<double>(1 + n * 7 % 67, n, random);
  }
}

template <class T>
void check_update(Rule rule, double largest_norm, std::size_t count, Generator& random) {
  const std::vector<T> gradient = draw<T>(random, count);
  std::vector<T> begin = draw<T>(random, 3 * count);  // values, first moments, second ones
  for (std::size_t at = 2 * count; at < begin.size(); ++at) begin[at] = std::abs(begin[at]);
  std::vector<double> scratch(kSquaresScratch);
  const auto squares = in_all_orders<double>(1, [&](double* out) {
    const cudaError_t error = add_squares(gradient.data(), count, scratch.data(), nullptr);
    *out = scratch[0];
    return error;
  });
  Long sum = 0;
  for (const T each : gradient) sum += static_cast<Long>(each) * static_cast<Long>(each);
  ASSERT_NEAR(squares[0], static_cast<double>(sum), 1e-12 * static_cast<double>(sum));
  const T decay = T(0.02), rate = T(0.01), b1 = T(0.9), b2 = T(0.99), epsilon = T(1e-3);
  const Update<T> step{rule, decay, rate, b1, b2, epsilon, squares.data(), largest_norm};
  const auto found = changed(
      begin, [&](T* out) { return update(step, gradient.data(), out + count, out + 2 * count, count, out, nullptr); });
  LongMatrix expected(begin.begin(), begin.end());
  const Long scale = largest_norm > 0 ? std::min<Long>(1, largest_norm / std::sqrt(sum)) : 1;
  for (std::size_t at = 0; at < count; ++at) {
    Long &w = expected[at], &m = expected[count + at], &v = expected[2 * count + at];
    const Long g = scale * gradient[at] + decay * w;
    if (rule == Rule::kSgd) {
      m = b1 * m - rate * g;
      w += b1 * m - rate * g;
      continue;
    }
    if (rule == Rule::kAdam) m = b1 * m + (1 - static_cast<Long>(b1)) * g;
    v = b2 * v + (1 - static_cast<Long>(b2)) * g * g;
    w -= rate * (rule == Rule::kAdam ? m : g) / (std::sqrt(v) + epsilon);
  }
  expect_near(found, expected, 8, std::to_string(count));
}

TEST(EmulatedOptimizer, FollowsEachRule) {
  Generator random(24);
  for (const std::size_t count : {1u, 255u, 257u, 1500u})
    for (const Rule rule : {Rule::kAdam, Rule::kSgd, Rule::kRmsprop})
      for (const double largest_norm : {0.0, 0.1, 1e4}) {
        check_update<float>(rule, largest_norm, count, random);
        check_update<double>(rule, largest_norm, count, random);
      }
}

// More numbers than all blocks have threads.
TEST(EmulatedOptimizer, AddsSquaresOfManyNumbers) {
  if (takes_few_sizes()) GTEST_SKIP();
  const std::vector<float> twos(70'000, 2);
  std::vector<double> scratch(kSquaresScratch);
  ASSERT_EQ(add_squares(twos.data(), twos.size(), scratch.data(), nullptr), cudaSuccess);
  EXPECT_EQ(scratch[0], 280'000);
}

TEST(EmulatedSamples, AreGatheredAndMoved) {
  Generator random(25);
  for (const std::size_t n : {1u, 7u, 40u})
    for (const std::size_t columns : {1u, 13u, 33u}) {
      const std::vector<float> matrix = draw<float>(random, 9 * columns), direction = draw<float>(random, n * columns);
      std::vector<std::int32_t> rows(n);
      for (std::int32_t& row : rows) row = static_cast<std::int32_t>(random() % 9);
      const auto x = in_all_orders<float>(
          n * columns, [&](float* out) { return gather(matrix.data(), columns, rows.data(), n, out, nullptr); });
      const auto moved = in_all_orders<float>(
          x.size(), [&](float* out) { return move(x.data(), 2.0f, direction.data(), x.size(), out, nullptr); });
      for (std::size_t at = 0; at < x.size(); ++at) {
        ASSERT_EQ(x[at], matrix[static_cast<std::size_t>(rows[at / columns]) * columns + at % columns]);
        ASSERT_EQ(moved[at], x[at] + 2 * direction[at]);
      }
    }
}

// The CPU's numbers: draw_directions() of native/networks/adversarial.cpp.
TEST(EmulatedAdversarial, DrawsTheDirectionsOfTheCpu) {
  const std::int32_t rows[] = {3, 0, 65'000};
  for (const std::size_t d : {1u, 70u, 300u}) {
    const auto found =
        in_all_orders<double>(3 * d, [&](double* out) { return draw_directions(77, 5, rows, 3, d, out, nullptr); });
    for (std::size_t i = 0; i < 3; ++i) {
      std::uint64_t random = 77;
      random = next_random(random) ^ 5;
      random = next_random(random) ^ static_cast<std::uint64_t>(rows[i]);
      for (std::size_t f = 0; f < d; ++f) ASSERT_EQ(found[i * d + f], uniform(random) - 0.5) << i << ", " << f;
    }
  }
}

template <class T>
void check_lengths(std::size_t n, std::size_t d, bool exact, const double* lengths, double size, Generator& random) {
  const std::vector<T> directions = draw<T>(random, n * d, size);
  std::vector<std::int32_t> rows(n);
  for (std::size_t i = 0; i < n; ++i) rows[i] = static_cast<std::int32_t>((i * 3) % 5);
  const auto found = changed(
      directions, [&](T* out) { return set_lengths(2, Length{0.7, lengths, rows.data(), exact}, n, d, out, nullptr); });
  LongMatrix expected(directions.begin(), directions.end());
  for (std::size_t i = 0; i < n; ++i) {
    Long square = 0;
    for (std::size_t f = 0; f < d; ++f) square += expected[i * d + f] * expected[i * d + f];
    const Long wanted = lengths == nullptr ? 0.7 : lengths[rows[i]];
    for (std::size_t f = 0; f < d; ++f)
      expected[i * d + f] *= 2 * wanted / (2 * std::sqrt(square) + (exact ? 0 : 1e-8L));
  }
  expect_near(found, expected, 8, std::to_string(n) + " x " + std::to_string(d));
}

TEST(EmulatedAdversarial, GivesDirectionsTheirLengths) {
  Generator random(26);
  const double lengths[] = {0.1, 0.2, 3, 4, 5};
  for (const std::size_t n : sizes()) {
    check_lengths<float>(n, 1 + n * 5 % 67, n % 2 == 0, n % 3 == 0 ? lengths : nullptr, 1, random);
    check_lengths<double>(1 + n * 7 % 67, n, n % 2 == 1, n % 3 == 0 ? lengths : nullptr, 1, random);
  }
  // Squares that overflow or vanish, and 0, which stays 0.
  for (const double size : {1e-200, 1e200}) check_lengths<double>(5, 40, true, nullptr, size, random);
  const std::vector<float> zeros(40);
  const Length length{1, nullptr, nullptr, true};
  EXPECT_EQ(changed(zeros, [&](float* out) { return set_lengths(1, length, 1, 40, out, nullptr); }), zeros);
}

template <class T>
void check_divergence(std::size_t n, std::size_t k, double size, Generator& random) {
  const std::vector<T> p = draw<T>(random, n * k, size), q = draw<T>(random, n * k, size);
  std::vector<double> terms(n);
  const auto gradient = in_all_orders<T>(
      n * k, [&](T* out) { return diverge(p.data(), q.data(), n, k, 0.25, terms.data(), out, nullptr); });
  LongMatrix expected(n * k), divergences(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto log_softmax = [&](const std::vector<T>& z) {
      LongMatrix row(z.begin() + static_cast<std::ptrdiff_t>(i * k),
                     z.begin() + static_cast<std::ptrdiff_t>((i + 1) * k));
      const Long largest = *std::max_element(row.begin(), row.end());
      Long sum = 0;
      for (const Long each : row) sum += std::exp(each - largest);
      for (Long& each : row) each -= largest + std::log(sum);
      return row;
    };
    const LongMatrix log_p = log_softmax(p), log_q = log_softmax(q);
    for (std::size_t c = 0; c < k; ++c) {
      divergences[i] += std::exp(log_p[c]) * (log_p[c] - log_q[c]);
      expected[i * k + c] = 0.25L * (std::exp(log_q[c]) - std::exp(log_p[c]));
    }
    ASSERT_NEAR(terms[i], static_cast<double>(divergences[i]), 1e-13 * (1 + size)) << n << " x " << k << ": " << i;
  }
  expect_near(gradient, expected, 4, std::to_string(n) + " x " + std::to_string(k));
}

TEST(EmulatedAdversarial, DivergesForAllSizes) {
  Generator random(27);
  for (const std::size_t n : sizes()) {
    check_divergence<float>(n, 1 + n * 5 % 67, 1, random);
    check_divergence<double>(1 + n * 3 % 23, n, 1, random);
  }
  check_divergence<double>(9, 33, 1e3, random);  // probabilities that vanish
}

TEST(EmulatedNetworks, OfNothingLaunchNothing) {
  const Dense<float> layer{nullptr, nullptr, 3, 0, Activation::kRelu};
  EXPECT_EQ(go_forward<float>(layer, nullptr, 5, false, nullptr, nullptr), cudaSuccess);
  EXPECT_EQ(bias_gradient<float>(layer, nullptr, 5, false, nullptr, nullptr), cudaSuccess);
  EXPECT_EQ(differentiate<float>(Activation::kRelu, nullptr, 0, nullptr, nullptr), cudaSuccess);
  const Normalization<float> normalization{nullptr, nullptr, 4, Activation::kRelu};
  EXPECT_EQ(go_forward<float>(normalization, nullptr, 0, {}, nullptr, nullptr, nullptr), cudaSuccess);
  EXPECT_EQ(go_back<float>(normalization, nullptr, 0, {}, nullptr, nullptr, nullptr, nullptr, nullptr), cudaSuccess);
  EXPECT_EQ(gather<float>(nullptr, 4, nullptr, 0, nullptr, nullptr), cudaSuccess);
  EXPECT_EQ(draw_directions<float>(1, 1, nullptr, 0, 3, nullptr, nullptr), cudaSuccess);
  EXPECT_EQ(set_lengths<float>(1, {}, 0, 3, nullptr, nullptr), cudaSuccess);
  EXPECT_EQ(diverge<float>(nullptr, nullptr, 0, 3, 1, nullptr, nullptr, nullptr), cudaSuccess);
  EXPECT_EQ(update<float>({}, nullptr, nullptr, nullptr, 0, nullptr, nullptr), cudaSuccess);
}

}  // namespace
}  // namespace genmi::cuda::test
