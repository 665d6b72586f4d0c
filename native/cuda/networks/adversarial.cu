#include <cmath>

#include "../elements.h"
#include "adversarial.h"

namespace genmi::cuda {
namespace {

constexpr double kAddedToNorm = 1e-8;
// A direction this short has none: its inverse could overflow.
constexpr double kLeastNorm = 1e-290;
constexpr std::uint64_t kRandomStep = 0x9e3779b97f4a7c15u;

// splitmix64's bits of a state that was advanced (native/include/genmi/random_bits.h).
__device__ std::uint64_t random_bits(std::uint64_t state) {
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9u;
  state = (state ^ (state >> 27)) * 0x94d049bb133111ebu;
  return state ^ (state >> 31);
}

template <class T>
__global__ void draw(std::uint64_t seed, std::uint64_t step, const std::int32_t* rows, std::size_t n, std::size_t d,
                     T* directions) {
  const std::size_t at = own_number();
  if (at >= n * d) return;
  const std::uint64_t of_step = random_bits(seed + kRandomStep) ^ step;
  const std::uint64_t of_sample = random_bits(of_step + kRandomStep) ^ static_cast<std::uint64_t>(rows[at / d]);
  const std::uint64_t bits = random_bits(of_sample + (at % d + 1) * kRandomStep);
  directions[at] = static_cast<T>((static_cast<double>(bits >> 11) + 0.5) * 0x1p-53 - 0.5);
}

// A warp takes a row.
__device__ std::size_t own_row() { return std::size_t{blockIdx.x} * kRowWarps + threadIdx.x / kWarp; }
dim3 blocks_for_rows(std::size_t n) { return {static_cast<unsigned>((n + kRowWarps - 1) / kRowWarps), 1, 1}; }

// The Euclidean norm, whose square may overflow or vanish.
template <class T>
__device__ double norm_of_warp(const T* numbers, std::size_t d) {
  double largest = 0, sum = 0;
  for (std::size_t f = threadIdx.x % kWarp; f < d; f += kWarp) {
    const double size = std::abs(static_cast<double>(numbers[f]));
    largest = size > largest ? size : largest;
  }
  largest = largest_of_warp(largest);
  for (std::size_t f = threadIdx.x % kWarp; f < d && largest > 0; f += kWarp) {
    const double share = static_cast<double>(numbers[f]) / largest;
    sum += share * share;
  }
  return largest * std::sqrt(sum_of_warp(sum));
}

template <class T>
__global__ void set_lengths_of_rows(double factor, Length length, std::size_t n, std::size_t d, T* directions) {
  const std::size_t row = own_row();
  if (row >= n) return;  // all lanes of the warp
  T* const own = directions + row * d;
  const double now = factor * norm_of_warp(own, d);
  const double wanted =
      length.lengths == nullptr ? length.length : length.lengths[static_cast<std::size_t>(length.rows[row])];
  const double by = now < kLeastNorm ? 0 : wanted * factor / (length.exact ? now : now + kAddedToNorm);
  for (std::size_t f = threadIdx.x % kWarp; f < d; f += kWarp)
    own[f] = static_cast<T>(by * static_cast<double>(own[f]));
}

// The largest logit of a row, and the sum of exp(z - largest).
struct Exponentials {
  double largest, sum;
};
template <class T>
__device__ Exponentials exponentials_of_warp(const T* z, std::size_t k) {
  T largest = z[0];
  for (std::size_t c = threadIdx.x % kWarp; c < k; c += kWarp) largest = z[c] > largest ? z[c] : largest;
  largest = largest_of_warp(largest);
  double sum = 0;
  for (std::size_t c = threadIdx.x % kWarp; c < k; c += kWarp)
    sum += std::exp(static_cast<double>(z[c]) - static_cast<double>(largest));
  return {static_cast<double>(largest), sum_of_warp(sum)};
}

template <class T>
__global__ void diverge_rows(const T* p_logits, const T* q_logits, std::size_t n, std::size_t k, double factor,
                             double* terms, T* gradient) {
  const std::size_t row = own_row();
  if (row >= n) return;  // all lanes of the warp
  const T *const p_row = p_logits + row * k, *const q_row = q_logits + row * k;
  const Exponentials of_p = exponentials_of_warp(p_row, k), of_q = exponentials_of_warp(q_row, k);
  const double log_p_sum = std::log(of_p.sum), log_q_sum = std::log(of_q.sum);
  double own = 0;
  for (std::size_t c = threadIdx.x % kWarp; c < k; c += kWarp) {
    const double p_above = static_cast<double>(p_row[c]) - of_p.largest;
    const double q_above = static_cast<double>(q_row[c]) - of_q.largest;
    const double p = std::exp(p_above) / of_p.sum, q = std::exp(q_above) / of_q.sum;
    if (p > 0) own += p * ((p_above - log_p_sum) - (q_above - log_q_sum));
    gradient[row * k + c] = static_cast<T>(factor * (q - p));
  }
  own = sum_of_warp(own);
  if (threadIdx.x % kWarp == 0) terms[row] = own;
}

}  // namespace

template <class T>
cudaError_t draw_directions(std::uint64_t seed, std::uint64_t step, const std::int32_t* rows, std::size_t n,
                            std::size_t d, T* directions, cudaStream_t stream) {
  if (n * d == 0) return cudaSuccess;
  return GENMI_LAUNCH(draw<T>, blocks_for(n * d), dim3{kBlock}, stream, seed, step, rows, n, d, directions);
}

template <class T>
cudaError_t set_lengths(double factor, const Length& length, std::size_t n, std::size_t d, T* directions,
                        cudaStream_t stream) {
  if (n * d == 0) return cudaSuccess;
  return GENMI_LAUNCH(set_lengths_of_rows<T>, blocks_for_rows(n), dim3{kBlock}, stream, factor, length, n, d,
                      directions);
}

template <class T>
cudaError_t diverge(const T* p, const T* q, std::size_t n, std::size_t k, double factor, double* terms, T* gradient,
                    cudaStream_t stream) {
  if (n * k == 0) return cudaSuccess;
  return GENMI_LAUNCH(diverge_rows<T>, blocks_for_rows(n), dim3{kBlock}, stream, p, q, n, k, factor, terms, gradient);
}

#define GENMI_ADVERSARIAL(T)                                                                                        \
  template cudaError_t draw_directions(std::uint64_t, std::uint64_t, const std::int32_t*, std::size_t, std::size_t, \
                                       T*, cudaStream_t);                                                           \
  template cudaError_t set_lengths(double, const Length&, std::size_t, std::size_t, T*, cudaStream_t);              \
  template cudaError_t diverge(const T*, const T*, std::size_t, std::size_t, double, double*, T*, cudaStream_t);
GENMI_ADVERSARIAL(float)
GENMI_ADVERSARIAL(double)
#undef GENMI_ADVERSARIAL

}  // namespace genmi::cuda
