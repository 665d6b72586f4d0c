// Entries that a plugin makes, against their definitions in long double.
#include "../entry_definition.h"
#include "check.h"

namespace genmi::test {
namespace {

constexpr int kReductions = 7, kFinishes = 6;
constexpr double kMost = 1000;

// The numbers of genmi/device_table.h.
long double reduced(int reduction, const std::vector<long double>& x, const std::vector<long double>& y) {
  long double sum = 0, total = 0;
  for (std::size_t f = 0; f < x.size(); ++f) {
    const long double difference = std::abs(x[f] - y[f]);
    total += std::abs(x[f] + y[f]);
    if (reduction == 0) sum += x[f] * y[f];
    if (reduction == 1) sum += difference * difference;
    if (reduction == 2 || reduction == 6) sum += difference;
    if (reduction == 3) sum = std::max(sum, difference);
    if (reduction == 4 && x[f] + y[f] > 0) sum += difference * difference / (x[f] + y[f]);
    if (reduction == 5 && difference > 0) sum += difference / (std::abs(x[f]) + std::abs(y[f]));
  }
  return reduction == 6 && sum > 0 ? sum / total : sum;
}

template <class T>
void check(GenmiDevice* device, std::size_t n, std::size_t d, int reduction, int finish, Generator& random,
           Result& result) {
  std::vector<T> x = draw<T>(random, n * d);
  for (T& each : x) each = std::abs(each);
  const std::vector<double> added = draw<double>(random, n), inner = draw<double>(random, n);
  const std::size_t rows = n / 2 + 1;
  const EntryFunction function{finish, 0.7, 0.01, 2, 0.4, 5};
  const GenmiPairs pairs{sizeof(T),
                         n,
                         d,
                         x.data(),
                         reduction,
                         finish,
                         function.scale,
                         function.gamma,
                         function.degree,
                         function.subtract,
                         function.at_zero,
                         kMost,
                         added.data(),
                         inner.data(),
                         rows};
  GenmiEntries* entries = nullptr;
  require(table().create_entries(device, &pairs, &entries));
  std::vector<T> found(n * n, std::numeric_limits<T>::quiet_NaN());
  for (std::size_t first = 0; first < n; first += rows)
    require(table().make_entries(entries, first, std::min(rows, n - first), &found[first * n]));
  table().release_entries(entries);
  const auto sample = [&](std::size_t i) { return std::vector<long double>(&x[i * d], &x[i * d] + d); };
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const long double r = std::min<long double>(reduced(reduction, sample(i), sample(j)), kMost);
      const long double expected =
          function(r, static_cast<long double>(inner[i] + inner[j])) + static_cast<long double>(added[i] + added[j]);
      // Of a reduction: 32 roundings in a tile, and one for each tile; of its function, and of the parts: some more.
      const long double allowed = static_cast<long double>(std::numeric_limits<T>::epsilon()) *
                                  static_cast<long double>(50 + d / 32) * (4 + r + std::abs(expected));
      result.add(static_cast<double>(std::abs(static_cast<long double>(found[i * n + j]) - expected) / allowed));
    }
  ++result.compared;
}

}  // namespace

Result check_pairs(GenmiDevice* device, std::size_t most) {
  Generator random(2);
  Result result;
  std::size_t d = 1;
  for (const std::size_t n : {1, 7, 31, 32, 33, 66, 133})
    for (int reduction = 0; reduction < kReductions; ++reduction) {
      if (n > most) break;
      const int finish = static_cast<int>(n + static_cast<std::size_t>(reduction)) % kFinishes;
      d = 1 + d * 7 % 67;
      check<float>(device, n, d, reduction, finish, random, result);
      check<double>(device, n, d, reduction, finish, random, result);
    }
  return result;
}

}  // namespace genmi::test
