// The vector kernels of neighbourhood graphs against plain loops, on every instruction set that runs here: at all
// lengths, at any alignment, and with infinities and NaN. Searches are tested in hop_search_test.cpp.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "genmi/aligned_vector.h"
#include "random.h"
#include "simd/kernels.h"

namespace genmi::simd {
namespace {

using Generator = genmi::test::Generator;

constexpr std::size_t kLongest = 130;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Misaligned memory for exactly `count` values, so that a sanitizer sees an access beyond them.
template <class T>
class Row {
 public:
  explicit Row(std::size_t count) : count_(count), memory_(new T[count + 1]()) {}
  T* data() { return memory_.get() + 1; }
  std::size_t size() const { return count_; }
  T& operator[](std::size_t i) { return memory_[i + 1]; }

 private:
  std::size_t count_;
  std::unique_ptr<T[]> memory_;
};

// A row with few or many different values, some of them infinite or NaN.
template <class T>
Row<T> some_values(std::size_t count, Generator& random) {
  Row<T> row(count);
  const std::uint64_t values = std::uint64_t{1} << (2 + random() % 12);
  for (std::size_t i = 0; i < count; ++i) row[i] = static_cast<T>(random() % values) / 3;
  if (random() % 3 == 0) row[random() % count] = std::numeric_limits<T>::infinity();
  if (random() % 3 == 0) row[random() % count] = std::numeric_limits<T>::quiet_NaN();
  return row;
}

template <class T>
double some_value_of(Row<T>& row, Generator& random) {
  const auto value = static_cast<double>(row[random() % row.size()]);
  return std::isnan(value) ? 1 : value;
}

class GraphKernelsOf : public testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (!is_supported(GetParam())) GTEST_SKIP() << name_of(GetParam()) << " does not run here";
  }
  const GraphKernels& kernels() const { return simd::kernels(GetParam()).graph; }
  Generator random_{17};

  // Calls expect(row) for rows of all lengths in both precisions.
  template <class Expect>
  void for_rows(std::size_t shortest, const Expect& expect) {
    for (std::size_t count = shortest; count <= kLongest; ++count) {
      for (int repeat = 0; repeat < 5; ++repeat) {
        Row<float> singles = some_values<float>(count, random_);
        Row<double> doubles = some_values<double>(count, random_);
        expect(singles);
        expect(doubles);
      }
    }
  }
};

TEST_P(GraphKernelsOf, FindsWhatIsBelow) {
  for_rows(1, [&](auto& row) {
    const double bound = some_value_of(row, random_);
    std::vector<std::int32_t> expected;
    for (std::size_t i = 0; i < row.size(); ++i)
      if (static_cast<double>(row[i]) < bound) expected.push_back(static_cast<std::int32_t>(i));
    Row<std::int32_t> found(row.size());
    const std::size_t count = kernels().find_below(row.data(), row.size(), bound, found.data());
    EXPECT_EQ(std::vector<std::int32_t>(found.data(), found.data() + count), expected) << row.size();
  });
}

TEST_P(GraphKernelsOf, TakesMinimaOfColumnsApart) {
  for_rows(kMinima, [&](auto& row) {
    std::vector<double> expected(kMinima, kInfinity), minima(kMinima);
    for (std::size_t i = 0; i < row.size(); ++i)
      expected[i % kMinima] = std::fmin(expected[i % kMinima], static_cast<double>(row[i]));
    kernels().strided_minima(row.data(), row.size(), minima.data());
    EXPECT_EQ(minima, expected) << row.size();
  });
}

TEST_P(GraphKernelsOf, TalliesAnInterval) {
  for_rows(1, [&](auto& row) {
    double low = some_value_of(row, random_), high = some_value_of(row, random_);
    if (low > high) std::swap(low, high);
    if (random_() % 8 == 0) high = kInfinity;
    Tally expected{1000, 2000, 3000}, tally = expected;
    std::vector<double> inside;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto value = static_cast<double>(row[i]);
      expected.below += value < low ? 1 : 0;
      expected.at_low += value == low ? 1 : 0;
      expected.at_high += value == high && low != high ? 1 : 0;
      if (value > low && value < high) inside.push_back(value);
    }
    Row<double> between(row.size());
    const std::size_t count = kernels().tally(row.data(), row.size(), low, high, tally, between.data());
    EXPECT_EQ(std::vector<double>(between.data(), between.data() + count), inside) << row.size();
    EXPECT_EQ(tally.below, expected.below);
    EXPECT_EQ(tally.at_low, expected.at_low);
    EXPECT_EQ(tally.at_high, expected.at_high);
  });
}

TEST_P(GraphKernelsOf, ExpandsPlanes) {
  constexpr std::size_t kNodes = 3;
  for (std::size_t planes = 0; planes <= kHopBits; ++planes) {
    for (std::size_t count = 64; count <= kSources; count += 64) {
      std::vector<AlignedVector<SourceSet>> sets(planes, AlignedVector<SourceSet>(kNodes));
      std::vector<const SourceSet*> pointers;
      for (auto& plane : sets) {
        for (SourceSet& set : plane)
          for (std::uint64_t& word : set.words) word = random_();
        pointers.push_back(plane.data());
      }
      AlignedVector<SourceSet> unreachable(1);
      std::vector<std::uint16_t> expected(count), hops(count);
      const std::size_t node = random_() % kNodes;
      for (std::size_t source = 0; source < count; ++source) {
        for (std::size_t bit = 0; bit < planes; ++bit) {
          const std::uint64_t word = sets[bit][node].words[source / 64];
          expected[source] = static_cast<std::uint16_t>(expected[source] | (word >> source % 64 & 1) << bit);
        }
        if (count % 128 != 0 || random_() % 5 != 0) continue;
        unreachable[0].insert(source);
        for (auto& plane : sets) plane[node].remove(source);
        expected[source] = kUnreachable;
      }
      kernels().expand(pointers.data(), planes, node, unreachable[0], hops.data(), count);
      EXPECT_EQ(hops, expected) << planes << " planes, " << count << " sources";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, GraphKernelsOf, testing::ValuesIn(kAllIsas),
                         [](const auto& test) { return std::string(name_of(test.param)); });

}  // namespace
}  // namespace genmi::simd
