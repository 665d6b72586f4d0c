// Products of a plugin against sums in long double.
#include "check.h"

namespace genmi::test {
namespace {

constexpr double kGamma = 0.3, kConstant = 0.25;

// d: 0 for stored entries, else features of the Gaussian kernel.
template <class T>
void check(GenmiDevice* device, std::size_t n, std::size_t d, std::size_t k, bool some_rows, Generator& random,
           Result& result) {
  const std::size_t columns = d == 0 ? n : d;
  const std::vector<T> numbers = draw<T>(random, n * columns);
  GenmiMatrix* matrix = nullptr;
  require(d == 0 ? table().create(device, n, sizeof(T), &matrix)
                 : table().create_rbf(device, n, d, sizeof(T), static_cast<T>(kGamma), kConstant, &matrix));
  require(table().write(matrix, 0, n, numbers.data()));

  std::vector<std::int32_t> rows;
  if (some_rows)
    for (std::size_t i = 0; i < n + 3; ++i) rows.push_back(static_cast<std::int32_t>(random() % n));
  const std::size_t count = some_rows ? rows.size() : n;
  const std::vector<T> v = draw<T>(random, count * k);
  std::vector<T> found(count * k, std::numeric_limits<T>::quiet_NaN());
  require(table().multiply(matrix, some_rows ? rows.data() : nullptr, count, v.data(), k, found.data()));
  table().release(matrix);

  const auto row = [&](std::size_t i) {
    return numbers.data() + (some_rows ? static_cast<std::size_t>(rows[i]) : i) * columns;
  };
  std::vector<long double> entries(count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      long double squared = 0;
      for (std::size_t f = 0; f < d; ++f) {
        const long double difference = static_cast<long double>(row(i)[f]) - static_cast<long double>(row(j)[f]);
        squared += difference * difference;
      }
      const auto gamma = static_cast<long double>(static_cast<T>(kGamma));
      entries[j] = d == 0 ? static_cast<long double>(row(i)[some_rows ? static_cast<std::size_t>(rows[j]) : j])
                          : std::exp(-gamma * squared) - static_cast<long double>(kConstant);
    }
    for (std::size_t c = 0; c < k; ++c) {
      long double sum = 0, magnitude = 1;
      for (std::size_t j = 0; j < count; ++j) {
        const long double term = entries[j] * static_cast<long double>(v[j * k + c]);
        sum += term;
        magnitude += std::abs(term);
      }
      // Of an entry: d roundings; of a tile's sum: 32.
      const long double allowed =
          static_cast<long double>(std::numeric_limits<T>::epsilon()) * static_cast<long double>(40 + d) * magnitude;
      result.add(static_cast<double>(std::abs(static_cast<long double>(found[i * k + c]) - sum) / allowed));
    }
  }
  ++result.compared;
}

template <class T>
void check_all(GenmiDevice* device, std::size_t most, Generator& random, Result& result) {
  for (std::size_t n = 1; n <= most; n = n < 67 ? n + 1 : 2 * n - 1)
    for (const bool some_rows : {false, true}) {
      check<T>(device, n, 0, 1 + n * 5 % 37, some_rows, random, result);
      check<T>(device, n, 1 + n * 7 % 67, 1 + n * 3 % 37, some_rows, random, result);
    }
}

}  // namespace

Result check_products(GenmiDevice* device, std::size_t most) {
  Generator random(1);
  Result result;
  check_all<float>(device, most, random, result);
  check_all<double>(device, most, random, result);
  return result;
}

}  // namespace genmi::test
