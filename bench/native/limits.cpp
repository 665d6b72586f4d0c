#include "limits.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "affinity/pages.h"
#include "timing.h"

namespace genmi::bench {
namespace {

// With wider vectors, the 12 sums would not fit into the registers.
#ifdef __AVX512F__
constexpr std::size_t kVectorBytes = 64;
#else
constexpr std::size_t kVectorBytes = 32;
#endif

template <class T>
using Vector __attribute__((vector_size(kVectorBytes))) = T;

// Memory of the same kind as that of a stored kernel.
class Pages {
 public:
  explicit Pages(std::size_t bytes) : bytes_(bytes), data_(static_cast<float*>(affinity::take_pages(bytes))) {}
  ~Pages() { affinity::give_back_pages(data_, bytes_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  float* data() const { return data_; }

 private:
  std::size_t bytes_;
  float* data_;
};

// Keeps the compiler from removing the computation of a value that is not used.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "m"(value) : "memory");
}

// Memory is read fastest in several streams at once.
constexpr std::size_t kStreams = 8;
constexpr std::size_t kAhead = 4096;

void read_all(const float* data, std::size_t count) {
  constexpr std::size_t kLanes = kVectorBytes / sizeof(float);
  const std::size_t stream = count / kStreams;
  std::array<Vector<float>, kStreams> sums{};
  for (std::size_t i = 0; i + kLanes <= stream; i += kLanes) {
    for (std::size_t s = 0; s < kStreams; ++s) {
      const float* position = data + s * stream + i;
      __builtin_prefetch(position + kAhead / sizeof(float));
      sums[s] += *reinterpret_cast<const Vector<float>*>(position);
    }
  }
  keep(sums);
}

// Independent sums: enough to hide the latency of an addition, few enough for 16 registers.
constexpr std::size_t kChains = 12;
constexpr std::size_t kSteps = 200'000;

template <class T>
void multiply_add() {
  Vector<T> sums[kChains]{};
  // Hides the values: the compiler would find that all chains are the same.
  for (Vector<T>& sum : sums) asm volatile("" : "+m"(sum));
  Vector<T> factor = Vector<T>{} + T{0.5}, addend = Vector<T>{} + T{1};
  asm volatile("" : "+m"(factor), "+m"(addend));
  for (std::size_t step = 0; step < kSteps; ++step) {
    for (Vector<T>& sum : sums) sum = sum * factor + addend;
  }
  keep(sums);
}

}  // namespace

double read_limit(std::size_t bytes, double budget, const Context& context) {
  const std::size_t threads = context.slots();
  // A multiple of the numbers that all streams of all threads read at once.
  const std::size_t count = bytes / (threads * kStreams * kVectorBytes) * (kStreams * kVectorBytes) / sizeof(float);
  std::vector<std::unique_ptr<Pages>> parts(threads);
  context.for_each(threads, [&](std::size_t part, std::size_t) {
    parts[part] = std::make_unique<Pages>(count * sizeof(float));
    std::fill_n(parts[part]->data(), count, 1.0F);
  });
  const double seconds = median_seconds(budget, [&] {
    context.for_each(threads, [&](std::size_t part, std::size_t) { read_all(parts[part]->data(), count); });
  });
  return static_cast<double>(threads * count * sizeof(float)) / seconds;
}

template <class T>
double multiply_add_peak(double budget, const Context& context) {
  const std::size_t threads = context.slots();
  const double seconds =
      median_seconds(budget, [&] { context.for_each(threads, [](std::size_t, std::size_t) { multiply_add<T>(); }); });
  constexpr std::size_t kOperations = 2 * kSteps * kChains * (kVectorBytes / sizeof(T));
  return static_cast<double>(threads * kOperations) / seconds;
}

template double multiply_add_peak<float>(double, const Context&);
template double multiply_add_peak<double>(double, const Context&);

}  // namespace genmi::bench
