// The f-divergence objectives in both precisions, on every instruction set that runs here, for all sizes of panels and
// vectors, against their definitions written out in float64.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "genmi/evaluation.h"
#include "isas.h"
#include "random.h"
#include "simd/kernels.h"
#include "thoroughness.h"

namespace genmi {
namespace {

using test::Generator;

using Function = std::function<double(double)>;

struct Definition {
  std::string name;
  double alpha;
  Function f, slope;
  bool finite_ova = true, finite_ovo = true;  // whether the value from logits is that of the exact softmax
};

Definition alpha_family(double a) {
  return {"alpha",
          a,
          [a](double t) { return (std::pow(t, a) - a * t + a - 1) / (a * (a - 1)); },
          [a](double t) { return (std::pow(t, a - 1) - 1) / (a - 1); },
          a >= 0,
          a >= 0 && a <= 1};
}

const std::vector<Definition>& definitions() {
  static const std::vector<Definition> all = {
      {"kl", 0, [](double t) { return t * std::log(t); }, [](double t) { return std::log(t) + 1; }},
      {"reverse-kl", 0, [](double t) { return -std::log(t); }, [](double t) { return -1 / t; }},
      {"tv", 0, [](double t) { return std::abs(t - 1) / 2; },
       [](double t) { return t > 1   ? 0.5
                             : t < 1 ? -0.5
                                     : 0.0; }},
      {"hellinger", 0, [](double t) { return 1 - std::sqrt(t); }, [](double t) { return -0.5 / std::sqrt(t); }},
      {"pearson", 0, [](double t) { return (t - 1) * (t - 1); }, [](double t) { return 2 * (t - 1); }, true, false},
      {"half-chi2", 0, [](double t) { return t * t / 2; }, [](double t) { return t; }, true, false},
      {"neyman", 0, [](double t) { return (t - 1) * (t - 1) / t; }, [](double t) { return 1 - 1 / (t * t); }, false,
       false},
      {"js", 0, [](double t) { return (t * std::log(t) - (1 + t) * std::log((1 + t) / 2)) / 2; },
       [](double t) { return std::log(2 * t / (1 + t)) / 2; }},
      {"jeffreys", 0, [](double t) { return (t - 1) * std::log(t); }, [](double t) { return std::log(t) + 1 - 1 / t; }},
      {"lecam", 0, [](double t) { return (t - 1) * (t - 1) / (2 * (t + 1)); },
       [](double t) { return (t - 1) * (t + 3) / (2 * (t + 1) * (t + 1)); }},
      {"symmetric-chi2", 0, [](double t) { return (t - 1) * (t - 1) * (t + 1) / t; },
       [](double t) { return 2 * t - 1 - 1 / (t * t); }, false, false},
      alpha_family(0.3),
      alpha_family(2.5),
      alpha_family(-0.5)};
  return all;
}

const Definition& definition(const std::string& name) {
  for (const Definition& each : definitions())
    if (each.name == name) return each;
  throw std::invalid_argument(name);
}

TEST(FDivergences, HaveADefinitionEach) {
  const simd::DivergenceKernels& known = simd::default_kernels().divergence;
  for (std::size_t at = 0; at < known.count; ++at) EXPECT_EQ(definition(known.all[at].name).name, known.all[at].name);
}

struct Result {
  double value = 0;
  std::vector<double> gradient;
  // The error that the gradient may have. Total variation's gradient jumps where two ratios are equal; where they are
  // nearly equal, rounding decides which is larger.
  std::vector<double> slack;
};

// The definition for any f. The entries of tau are free variables; pi is their mean.
struct Reference {
  const Definition& d;
  std::size_t n, k;
  std::vector<double> tau, pi;

  Reference(const Definition& definition, std::vector<double> predictions, std::size_t clusters)
      : d(definition), n(predictions.size() / clusters), k(clusters), tau(std::move(predictions)), pi(clusters, 0.0) {
    for (std::size_t at = 0; at < tau.size(); ++at) pi[at % k] += tau[at] / static_cast<double>(n);
  }

  // Adds F(p, q) = q f(p / q) for p = tau_i,a x and q = y to the value, and its derivatives to the given ones.
  void add(double p, double q, double& by_p, double& by_q, double& value) const {
    const double t = p / q;
    by_p = d.slope(t);
    by_q = d.f(t) - t * by_p;
    value += q * d.f(t);
  }

  Result evaluate(bool one_vs_one, double nearly) const {
    const double share = 1 / static_cast<double>(n);
    Result result{0, std::vector<double>(n * k, 0.0), std::vector<double>(n * k, 0.0)};
    std::vector<double> by_pi(k, 0.0), by_pi_slack(k, 0.0);
    double by_p = 0, by_q = 0, value = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double* row = &tau[i * k];
      double *to = &result.gradient[i * k], *slack = &result.slack[i * k];
      for (std::size_t a = 0; a < k; ++a) {
        for (std::size_t b = 0; one_vs_one && b < k; ++b) {
          if (a == b) {  // the term is f(1): p and q are the same variables
            value += row[a] * pi[a] * d.f(1);
            to[a] += pi[a] * d.f(1);
            by_pi[a] += row[a] * d.f(1);
            continue;
          }
          const double p = row[a] * pi[b], q = row[b] * pi[a];
          add(p, q, by_p, by_q, value);
          to[a] += by_p * pi[b];
          to[b] += by_q * pi[a];
          by_pi[b] += by_p * row[a];
          by_pi[a] += by_q * row[b];
          if (std::abs(p - q) > nearly * (p + q)) continue;
          slack[a] += pi[b];
          slack[b] += pi[a];
          by_pi_slack[b] += row[a];
          by_pi_slack[a] += row[b];
        }
        if (one_vs_one) continue;
        add(row[a], pi[a], by_p, by_q, value);
        to[a] += by_p;
        by_pi[a] += by_q;
        if (std::abs(row[a] - pi[a]) > nearly * pi[a]) continue;
        slack[a] += 1;
        by_pi_slack[a] += 1;
      }
    }
    result.value = value * share;
    for (std::size_t at = 0; at < n * k; ++at) {
      result.gradient[at] = share * (result.gradient[at] + share * by_pi[at % k]);
      result.slack[at] = d.name == "tv" ? share * (result.slack[at] + share * by_pi_slack[at % k]) : 0;
    }
    return result;
  }
};

Result expected_of(const Definition& d, bool one_vs_one, const std::vector<double>& data, std::size_t k,
                   const EvaluationOptions& options, double nearly) {
  const bool logits = options.from == From::kLogits, mask = options.clip == Clip::kMask;
  const std::vector<double> raw = logits ? test::softmax(data, k) : data;
  const auto inside = [&](double t) { return t > options.epsilon && t < 1 - options.epsilon; };
  std::vector<double> tau = raw;
  if (!logits || mask || !(one_vs_one ? d.finite_ovo : d.finite_ova))
    for (double& t : tau) t = std::min(std::max(t, options.epsilon), 1 - options.epsilon);
  Result result = Reference(d, tau, k).evaluate(one_vs_one, nearly);
  for (std::size_t at = 0; at < tau.size(); ++at)
    if (mask && !inside(raw[at])) result.gradient[at] = 0;
  if (!logits) return result;
  for (std::size_t i = 0; i < tau.size(); i += k) {
    double sum = 0, slack = 0;
    for (std::size_t j = i; j < i + k; ++j) sum += result.gradient[j] *= tau[j];
    for (std::size_t j = i; j < i + k; ++j) slack += result.slack[j] *= tau[j];
    for (std::size_t j = i; j < i + k; ++j) result.gradient[j] -= raw[j] * sum;
    for (std::size_t j = i; j < i + k; ++j) result.slack[j] += raw[j] * slack;
  }
  return result;
}

ObjectivePtr make(const Definition& d, bool one_vs_one) {
  Parameters parameters;
  parameters.set("mode", std::string(one_vs_one ? "ovo" : "ova"));
  parameters.set("f", d.name);
  parameters.set("alpha", d.alpha);
  ObjectivePtr objective;
  EXPECT_TRUE(ObjectiveFactory::make("f-divergence", parameters, objective));
  return objective;
}

// Evaluates on misaligned memory, and checks that nothing around the gradient is written.
template <class T>
Result evaluate(const Objective& objective, const std::vector<T>& data, std::size_t k, const EvaluationOptions& options,
                std::size_t threads = 1) {
  const auto pool = threads > 1 ? std::make_shared<ThreadPool>(threads) : nullptr;
  constexpr T kCanary = T(123.5);
  std::vector<T> from(1, T(0)), to(data.size() + 2, kCanary);
  from.insert(from.end(), data.begin(), data.end());
  from.shrink_to_fit();
  Workspace workspace;
  const Context context{workspace, pool.get(), threads};
  const MatrixView<T> predictions{from.data() + 1, data.size() / k, k};
  Result result;
  double value = 0;
  EXPECT_TRUE(evaluate(objective, predictions, options, context, value));
  EXPECT_TRUE(evaluate(objective, predictions, options, context, result.value, std::span(to.data() + 1, data.size())));
  EXPECT_NEAR(result.value, value, 1e-6 * std::max(1.0, std::abs(value)));
  EXPECT_EQ(to.front(), kCanary);
  EXPECT_EQ(to.back(), kCanary);
  result.gradient.assign(to.begin() + 1, to.end() - 1);
  return result;
}

template <class T>
std::vector<T> predictions(Generator& random, std::size_t n, std::size_t k, From from) {
  std::vector<double> data = test::gaussians(random, n * k, 1.5);
  if (from == From::kProbabilities) data = test::softmax(data, k);
  return {data.begin(), data.end()};
}

template <class T>
constexpr double kTolerance = sizeof(T) == 4 ? 3e-6 : 1e-12;

template <class T>
void check(std::size_t n, std::size_t k, const EvaluationOptions& options, Generator& random) {
  const std::vector<T> data = predictions<T>(random, n, k, options.from);
  for (const Definition& d : definitions()) {
    for (const bool one_vs_one : {false, true}) {
      const Result expected = expected_of(d, one_vs_one, {data.begin(), data.end()}, k, options, 2e-6);
      const ObjectivePtr objective = make(d, one_vs_one);
      double size = 1 / static_cast<double>(n);
      for (const double entry : expected.gradient) size = std::max(size, std::abs(entry));
      for (const simd::Isa isa : test::supported_isas()) {
        SCOPED_TRACE(d.name + (one_vs_one ? " ovo " : " ova ") + name_of(isa) + " " + std::to_string(n) + " x " +
                     std::to_string(k) + (options.from == From::kLogits ? " logits" : "") +
                     (options.clip == Clip::kMask ? " mask" : "") + (sizeof(T) == 4 ? " float32" : " float64"));
        const test::WithIsa with(isa);
        const Result actual = evaluate(*objective, data, k, options);
        EXPECT_NEAR(actual.value, expected.value, kTolerance<T> * std::max(1.0, std::abs(expected.value)));
        for (std::size_t at = 0; at < n * k; ++at)
          ASSERT_NEAR(actual.gradient[at], expected.gradient[at],
                      kTolerance<T> * size + (sizeof(T) == 4 ? expected.slack[at] : 0))
              << at;
      }
    }
  }
}

constexpr std::size_t kStep = test::kExhaustive ? 1 : 6;

// Every N and every K up to 67 (every sixth where not exhaustive), in both precisions, from probabilities and logits,
// with both clip modes, at an epsilon that clips some probabilities and at one that clips none.
TEST(FDivergences, EqualTheirDefinitions) {
  Generator random(41);
  constexpr std::size_t kLargest = 67;
  for (std::size_t size = 1; size <= kLargest; size += kStep) {
    const std::size_t other = 1 + random() % 20;
    const double epsilon = size % 2 == 0 ? 0.02 : 1e-12;
    for (const From from : {From::kProbabilities, From::kLogits}) {
      const EvaluationOptions options{from, random() % 2 == 0 ? Clip::kFused : Clip::kMask, epsilon, {}};
      check<float>(size, other, options, random);
      check<double>(other, size, options, random);
      const EvaluationOptions turned{from, options.clip == Clip::kMask ? Clip::kFused : Clip::kMask, epsilon, {}};
      check<double>(size, other, turned, random);
      check<float>(other, size, turned, random);
    }
  }
}

// Exact ties contribute 0, the mean of the slopes on both sides, wherever in a panel they are.
TEST(FDivergences, TiesOfTotalVariationHaveSlopeZero) {
  const std::size_t n = 40, k = 11;
  Generator random(43);
  std::vector<double> tau = test::softmax(test::gaussians(random, n * k), k);
  for (std::size_t i = 0; i < n; ++i) tau[i * k + 7] = tau[i * k + 2];  // two columns are equal throughout
  const std::vector<float> single(tau.begin(), tau.end());
  const std::vector<double> same(single.begin(), single.end());
  const Definition& tv = definition("tv");
  const Result expected = expected_of(tv, true, same, k, {}, 0);
  for (const simd::Isa isa : test::supported_isas()) {
    const test::WithIsa with(isa);
    const Result in_single = evaluate(*make(tv, true), single, k, {}),
                 in_double = evaluate(*make(tv, true), same, k, {});
    for (std::size_t at = 0; at < n * k; ++at) {
      EXPECT_NEAR(in_double.gradient[at], expected.gradient[at], 1e-16) << name_of(isa);
      EXPECT_NEAR(in_single.gradient[at], expected.gradient[at], 1e-8) << name_of(isa);
    }
  }
}

template <class T>
void check_threads(std::size_t n, std::size_t k) {
  Generator random(47);
  for (const From from : {From::kProbabilities, From::kLogits}) {
    const std::vector<T> data = predictions<T>(random, n, k, from);
    for (const char* name : {"kl", "tv", "neyman"}) {
      for (const bool one_vs_one : {false, true}) {
        const ObjectivePtr objective = make({name, 0, {}, {}}, one_vs_one);
        const Result first = evaluate(*objective, data, k, {from, Clip::kFused, 1e-12, {}}, 1);
        for (const std::size_t threads : {2u, 3u}) {
          const Result other = evaluate(*objective, data, k, {from, Clip::kFused, 1e-12, {}}, threads);
          EXPECT_EQ(first.value, other.value);
          EXPECT_EQ(first.gradient, other.gradient);
        }
      }
    }
  }
}

// Enough samples for several blocks on several threads, and not a multiple of either.
TEST(FDivergences, AreSameBitsForAnyNumberOfThreads) {
  check_threads<float>(12'345, 37);
  check_threads<double>(12'345, 37);
}

// Nearly uniform predictions differ little from the proportions. The whole value comes from these differences.
TEST(FDivergences, KeepTheirDigitsNearUniformPredictions) {
  const std::size_t n = 200, k = 10;
  Generator random(53);
  const std::vector<double> tau = test::softmax(test::gaussians(random, n * k, 0.001), k);
  const std::vector<float> single(tau.begin(), tau.end());
  const std::vector<double> same(single.begin(), single.end());
  for (const Definition& d : definitions()) {
    for (const bool one_vs_one : {false, true}) {
      const ObjectivePtr objective = make(d, one_vs_one);
      const Result expected = evaluate(*objective, same, k, {}), actual = evaluate(*objective, single, k, {});
      double size = 0, error = 0;
      for (std::size_t at = 0; at < n * k; ++at) {
        size = std::max(size, std::abs(expected.gradient[at]));
        error = std::max(error, std::abs(actual.gradient[at] - expected.gradient[at]));
      }
      const bool pairwise = one_vs_one && (d.name == "js" || d.name == "lecam");  // p and q are rounded products
      EXPECT_LE(error, (pairwise ? 2e-5 : 1e-6) * size) << d.name << one_vs_one;
    }
  }
}

TEST(FDivergences, SayWhereANumberIsNotFinite) {
  for (const std::size_t at : {0u, 100u, 3'999u}) {
    std::vector<float> data(4000, 0.25f);
    data[at] = at == 100 ? std::numeric_limits<float>::infinity() : std::nanf("");
    for (const From from : {From::kProbabilities, From::kLogits}) {
      Workspace workspace;
      double value = 0;
      const Status status =
          evaluate(*make(definition("kl"), false), MatrixView<float>{data.data(), 1000, 4}, {from}, {workspace}, value);
      EXPECT_EQ(status.code(), Code::kOutOfRange);
      EXPECT_NE(status.message().find("row " + std::to_string(at / 4) + ", column " + std::to_string(at % 4)),
                std::string::npos)
          << status.message();
    }
  }
}

}  // namespace
}  // namespace genmi
