// A pass over the samples of a mixture, on every instruction set that runs here, against plain loops.
#include "genmi/mixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "genmi/thread_pool.h"
#include "isas.h"
#include "random.h"

namespace genmi {
namespace {

using test::Generator;

struct Problem {
  Problem(std::size_t samples, std::size_t count, std::size_t d, bool diagonal, double apart, Generator& random)
      : n(samples),
        components{count, d, {}, {}, {}},
        x(test::gaussians(random, n * d)),
        means(test::gaussians(random, count * d, apart)),
        factors(test::gaussians(random, count * (diagonal ? d : d * d), 0.5)),
        constants(test::gaussians(random, count)) {
    // A sample near each component, so that those far from the centre have some.
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t f = 0; f < d; ++f) x[i * d + f] += means[i % count * d + f];
    for (std::size_t k = 0; k < (diagonal ? 0 : count); ++k)
      for (std::size_t row = 0; row < d; ++row)
        for (std::size_t column = row + 1; column < d; ++column) factors[(k * d + row) * d + column] = 0;
    components.means = means;
    components.factors = factors;
    components.constants = constants;
  }

  double factor(std::size_t k, std::size_t row, std::size_t column) const {
    const std::size_t d = components.features;
    if (components.diagonal()) return row == column ? factors[k * d + row] : 0;
    return factors[(k * d + row) * d + column];
  }
  double difference(std::size_t i, std::size_t k, std::size_t f) const {
    return x[i * components.features + f] - means[k * components.features + f];
  }
  double logarithm(std::size_t i, std::size_t k) const {
    double square = 0;
    for (std::size_t row = 0; row < components.features; ++row) {
      double scaled = 0;
      for (std::size_t f = 0; f < components.features; ++f) scaled += factor(k, row, f) * difference(i, k, f);
      square += scaled * scaled;
    }
    return constants[k] - square / 2;
  }

  std::size_t n;
  Components components;
  std::vector<double> x, means, factors, constants;
};

struct Result {
  explicit Result(const Problem& problem) : r(problem.n * problem.components.count) {
    const std::size_t d = problem.components.features;
    sums.resize(problem.components.count * (1 + d + (problem.components.diagonal() ? d : d * d)));
  }
  std::vector<double> r, sums;
  double log_density = 0, entropy = 0;
};

Result expected(const Problem& problem, const std::vector<double>* given) {
  Result result(problem);
  const std::size_t count = problem.components.count, d = problem.components.features;
  const bool diagonal = problem.components.diagonal();
  for (std::size_t i = 0; i < problem.n; ++i) {
    double largest = problem.logarithm(i, 0), sum = 0;
    for (std::size_t k = 1; k < count; ++k) largest = std::max(largest, problem.logarithm(i, k));
    for (std::size_t k = 0; k < count; ++k) sum += std::exp(problem.logarithm(i, k) - largest);
    result.log_density += largest + std::log(sum);
    for (std::size_t k = 0; k < count; ++k) {
      const double log = problem.logarithm(i, k) - largest - std::log(sum);
      const double r = given != nullptr ? (*given)[i * count + k] : std::exp(log);
      result.r[i * count + k] = r;
      if (r > 0) result.entropy += r * log;
      double* out = result.sums.data() + k * result.sums.size() / count;
      *out++ += r;
      for (std::size_t f = 0; f < d; ++f) *out++ += r * problem.difference(i, k, f);
      for (std::size_t f = 0; f < d; ++f)
        for (std::size_t g = diagonal ? f : 0; g < (diagonal ? f + 1 : d); ++g)
          *out++ += r * problem.difference(i, k, f) * problem.difference(i, k, g);
    }
  }
  return result;
}

Result computed(const Problem& problem, const AnyMatrix& samples, const std::vector<double>* given,
                std::size_t threads) {
  Workspace workspace;
  ThreadPool pool(3);
  Result result(problem);
  if (given != nullptr) result.r = *given;
  MixtureSums sums{result.sums};
  const Context context{workspace, &pool, threads};
  EXPECT_TRUE(pass_over_samples(samples, problem.components, {result.r, given != nullptr}, context, sums));
  result.log_density = sums.log_density;
  result.entropy = sums.entropy;
  return result;
}

void expect_near(const std::vector<double>& actual, const std::vector<double>& wanted, double tolerance) {
  ASSERT_EQ(actual.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(actual[i], wanted[i], tolerance) << i;
}

struct Sizes {
  std::size_t n, count, d;
};

class Mixture : public testing::TestWithParam<simd::Isa> {
 protected:
  void SetUp() override {
    if (!simd::is_supported(GetParam())) GTEST_SKIP();
  }
  Generator random_{5};
};

TEST_P(Mixture, AgreesWithPlainLoops) {
  const test::WithIsa isa(GetParam());
  for (const Sizes& sizes : {Sizes{1, 1, 1}, {5, 3, 2}, {64, 2, 7}, {65, 17, 3}, {200, 5, 16}, {70, 33, 18}})
    for (const bool diagonal : {true, false})
      for (const double apart : {1.0, 50.0, 1e6}) {
        SCOPED_TRACE(std::to_string(sizes.n) + " " + std::to_string(sizes.count) + " " + std::to_string(sizes.d) + " " +
                     std::to_string(diagonal) + " " + std::to_string(apart));
        const Problem problem(sizes.n, sizes.count, sizes.d, diagonal, apart, random_);
        const MatrixView<double> samples{problem.x.data(), sizes.n, sizes.d};
        const std::vector<double> given = test::softmax(test::gaussians(random_, sizes.n * sizes.count), sizes.count);
        for (const std::vector<double>* const r : {static_cast<const std::vector<double>*>(nullptr), &given}) {
          const Result wanted = expected(problem, r), found = computed(problem, samples, r, 1);
          const double size = static_cast<double>(sizes.n) * (r == nullptr ? 100 : 10 * apart * apart);
          expect_near(found.r, wanted.r, 1e-9);
          expect_near(found.sums, wanted.sums, 1e-11 * size);
          if (r == nullptr) {
            EXPECT_NEAR(found.log_density, wanted.log_density, 1e-9 * size);
            EXPECT_NEAR(found.entropy, wanted.entropy, 1e-9 * size);
          }
          for (const std::size_t threads : {2, 3}) {
            const Result shared = computed(problem, samples, r, threads);
            EXPECT_EQ(shared.sums, found.sums);
            EXPECT_EQ(shared.r, found.r);
            EXPECT_EQ(shared.log_density, found.log_density);
          }
        }
      }
}

TEST_P(Mixture, ReadsFloat32AndNeedsNoResults) {
  const test::WithIsa isa(GetParam());
  const Problem problem(70, 4, 3, true, 1, random_);
  const std::vector<float> single(problem.x.begin(), problem.x.end());
  const std::vector<double> wide(single.begin(), single.end());
  const Result one = computed(problem, MatrixView<float>{single.data(), 70, 3}, nullptr, 1);
  EXPECT_EQ(one.sums, computed(problem, MatrixView<double>{wide.data(), 70, 3}, nullptr, 1).sums);
  Workspace workspace;
  MixtureSums sums;
  EXPECT_TRUE(
      pass_over_samples(MatrixView<double>{wide.data(), 70, 3}, problem.components, {{}, false}, {workspace}, sums));
  EXPECT_EQ(sums.log_density, one.log_density);
}

TEST_P(Mixture, IsCancelled) {
  const Problem problem(70, 4, 3, false, 1, random_);
  Workspace workspace;
  Job job;
  job.cancel();
  MixtureSums sums;
  const Context context{workspace, nullptr, 1, &job};
  const MatrixView<double> samples{problem.x.data(), 70, 3};
  EXPECT_EQ(pass_over_samples(samples, problem.components, {{}, false}, context, sums).code(), Code::kAborted);
}

INSTANTIATE_TEST_SUITE_P(All, Mixture, testing::ValuesIn(simd::kAllIsas),
                         [](const auto& isa) { return simd::name_of(isa.param); });

}  // namespace
}  // namespace genmi
