// Networks from their descriptions, their initial values, the samples that they read, and tables of logits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "networks/description.h"
#include "networks/predict.h"
#include "networks/samples.h"
#include "random.h"

namespace genmi::networks {
namespace {

using simd::Activation;

template <class T>
std::unique_ptr<Network<T>> made(const Description& description) {
  std::unique_ptr<Network<T>> network;
  const Status status = make_network(description, network);
  EXPECT_TRUE(status) << status.message();
  return network;
}

template <class T>
std::vector<double> entries(const Parameter<T>& parameter) {
  std::vector<double> all;
  for (std::size_t row = 0; row < parameter.rows; ++row)
    for (std::size_t column = 0; column < parameter.columns; ++column)
      all.push_back(static_cast<double>(parameter.values[parameter.place(row, column)]));
  return all;
}

struct Spread {
  double mean = 0, deviation = 0, largest = 0;
};
Spread spread_of(const std::vector<double>& numbers) {
  Spread spread;
  const auto n = static_cast<double>(numbers.size());
  for (const double x : numbers) spread.mean += x / n;
  for (const double x : numbers) spread.deviation += (x - spread.mean) * (x - spread.mean) / n;
  spread.deviation = std::sqrt(spread.deviation);
  for (const double x : numbers) spread.largest = std::max(spread.largest, std::abs(x));
  return spread;
}

TEST(NetworkModels, HaveTheParametersOfTheirDescription) {
  Description description{.inputs = 7, .outputs = 3, .hidden = {{5, Activation::kRelu, true}, {4}}, .skip = true};
  const auto network = made<float>(description);
  EXPECT_EQ(network->inputs(), 7u);
  EXPECT_EQ(network->outputs(), 3u);
  std::vector<std::string> names;
  std::vector<std::size_t> sizes;
  for (const Parameter<float>* parameter : network->parameters()) {
    names.push_back(parameter->name);
    sizes.push_back(parameter->rows * parameter->columns);
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"hidden1.weights", "hidden1.bias", "hidden1.scale", "hidden1.shift",
                                      "hidden2.weights", "hidden2.bias", "head.weights", "head.bias", "skip.weights"}));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{35, 5, 5, 5, 20, 4, 12, 3, 21}));
  const auto statistics = network->statistics();
  ASSERT_EQ(statistics.size(), 2u);
  EXPECT_EQ(statistics[0].name, "hidden1.mean");
  EXPECT_EQ(statistics[1].name, "hidden1.variance");
}

TEST(NetworkModels, BeginUniformlyOrNormally) {
  Description description{.inputs = 100, .outputs = 50, .hidden = {{64}}, .skip = true, .seed = 4};
  auto network = made<double>(description);
  const std::vector<double> inputs{100, 100, 64, 64, 100};  // of the layer of each parameter
  for (std::size_t p = 0; p < 5; ++p) {
    const Spread spread = spread_of(entries(*network->parameters()[p]));
    const double bound = 1 / std::sqrt(inputs[p]);
    EXPECT_LE(spread.largest, bound);
    EXPECT_GT(spread.largest, 0.9 * bound);
    EXPECT_NEAR(spread.deviation, bound / std::sqrt(3), 0.15 * bound);
    EXPECT_NEAR(spread.mean, 0, 0.2 * bound);
  }
  description.initial = InitialValues::kHe;
  description.head_scale = 0.01;
  network = made<double>(description);
  EXPECT_NEAR(spread_of(entries(*network->parameters()[0])).deviation, std::sqrt(2 / 100.), 0.01);
  EXPECT_NEAR(spread_of(entries(*network->parameters()[2])).deviation, 0.01 * std::sqrt(2 / 64.), 1e-4);
  EXPECT_EQ(spread_of(entries(*network->parameters()[1])).largest, 0);
  EXPECT_EQ(spread_of(entries(*network->parameters()[3])).largest, 0);
}

TEST(NetworkModels, BeginAlikeInBothPrecisionsAndByTheirSeed) {
  Description description{.inputs = 9, .outputs = 4, .hidden = {{20}}, .seed = 8};
  const auto single = made<float>(description), again = made<float>(description);
  const auto wide = made<double>(description);
  description.seed = 9;
  const auto other = made<float>(description);
  for (std::size_t p = 0; p < 4; ++p) {
    EXPECT_EQ(entries(*single->parameters()[p]), entries(*again->parameters()[p]));
    EXPECT_NE(entries(*single->parameters()[p]), entries(*other->parameters()[p]));
    const std::vector<double> a = entries(*single->parameters()[p]), b = entries(*wide->parameters()[p]);
    for (std::size_t at = 0; at < a.size(); ++at) EXPECT_EQ(a[at], static_cast<double>(static_cast<float>(b[at])));
  }
}

TEST(NetworkModels, RefuseSizesThatNoNetworkHas) {
  const auto message = [](const Description& description) {
    std::unique_ptr<Network<float>> network;
    const Status status = make_network(description, network);
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    EXPECT_EQ(network, nullptr);
    return status.message();
  };
  constexpr std::size_t kHuge = std::size_t{1} << 24;
  EXPECT_NE(message({.inputs = 0}).find("inputs"), std::string::npos);
  EXPECT_NE(message({.inputs = kHuge + 1}).find("inputs"), std::string::npos);
  EXPECT_NE(message({.outputs = 0}).find("outputs"), std::string::npos);
  EXPECT_NE(message({.hidden = {{3}, {0}}}).find("layers[1].width"), std::string::npos);
  EXPECT_NE(message({.hidden = {{static_cast<std::size_t>(-1)}}}).find("layers[0].width"), std::string::npos);
  EXPECT_NE(message({.inputs = kHuge, .hidden = {{kHuge}}}).find("2^40"), std::string::npos);
  EXPECT_NE(message({.inputs = kHuge, .outputs = kHuge, .skip = true}).find("2^40"), std::string::npos);
  EXPECT_NE(message({.samples = std::size_t{1} << 40}).find("samples"), std::string::npos);
  EXPECT_NE(message({.initial = InitialValues::kNormal}).find("init"), std::string::npos);
  EXPECT_NE(message({.samples = 3, .initial = InitialValues::kHe}).find("init"), std::string::npos);
  EXPECT_NE(message({.head_scale = std::nan("")}).find("headScale"), std::string::npos);
}

TEST(NetworkModels, TablesGiveEachSampleItsRow) {
  Description description{.outputs = 3, .samples = 400, .initial = InitialValues::kNormal, .seed = 2};
  const auto network = made<double>(description);
  ASSERT_EQ(network->parameters().size(), 1u);
  Parameter<double>& logits = *network->parameters()[0];
  EXPECT_NEAR(spread_of(logits.values.empty() ? std::vector<double>{} : entries(logits)).deviation, 1, 0.1);
  Workspace workspace;
  const Context context{workspace};
  const std::vector<std::int32_t> rows = {7, 399, 0};
  const auto pass = network->forward({nullptr, 3, 0}, Mode::kTraining, context, {rows.data(), 3});
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < 3; ++k)
      EXPECT_EQ(pass.logits[i * 3 + k], logits.values[logits.place(static_cast<std::size_t>(rows[i]), k)]);
  std::vector<double> gradient = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  network->clear_gradients();
  network->backward(pass, gradient, true, context);
  EXPECT_EQ(std::accumulate(logits.gradient.begin(), logits.gradient.end(), 0.), 45);
  EXPECT_EQ(logits.gradient[logits.place(399, 1)], 5);
  description.initial = InitialValues::kUniform;
  const Spread uniform = spread_of(entries(*made<double>(description)->parameters()[0]));
  EXPECT_LE(uniform.largest, 1);
  EXPECT_NEAR(uniform.deviation, 1 / std::sqrt(3), 0.03);
}

TEST(NetworkModels, SamplesOfEveryKindGiveTheirFeatures) {
  const std::vector<float> single = {1.5F, -2, 3, 0.25F, 1e-30F, 7};
  const std::vector<double> wide = {1.5, -2, 0.1, 0.25, 1e300, 7};
  const std::vector<std::uint8_t> bytes = {0, 255, 3, 51, 102, 254};
  const std::vector<std::int32_t> rows = {2, 0, 2};
  const auto gathered = [&](const Samples& samples, auto zero) {
    std::vector<decltype(zero)> out(6);
    samples.gather({rows.data(), 3}, out.data());
    return out;
  };
  EXPECT_EQ(gathered(Samples(MatrixView<float>{single.data(), 3, 2}), 0.),
            (std::vector<double>{1e-30F, 7, 1.5, -2, 1e-30F, 7}));
  EXPECT_EQ(gathered(Samples(MatrixView<double>{wide.data(), 3, 2}), 0.),
            (std::vector<double>{1e300, 7, 1.5, -2, 1e300, 7}));
  EXPECT_EQ(gathered(Samples(Bytes{bytes.data(), 3, 2, 1 / 255., 0}), 0.F),
            (std::vector<float>{static_cast<float>(102 / 255.), static_cast<float>(254 / 255.), 0, 1,
                                static_cast<float>(102 / 255.), static_cast<float>(254 / 255.)}));
  EXPECT_EQ(gathered(Samples(Bytes{bytes.data(), 3, 2, 2, -1}), 0.)[1], 507);
}

class Predictions : public testing::Test {
 protected:
  static constexpr std::size_t kSamples = 5000, kFeatures = 3, kClusters = 4;

  Predictions() : x_(gaussians_(kSamples * kFeatures)) {}
  static std::vector<float> gaussians_(std::size_t count) {
    test::Generator random(5);
    const std::vector<double> numbers = test::gaussians(random, count);
    return {numbers.begin(), numbers.end()};
  }
  Samples samples() const { return Samples(MatrixView<float>{x_.data(), kSamples, kFeatures}); }

  std::vector<float> x_;
  Workspace workspace_;
  Context context_{workspace_};
  std::unique_ptr<Network<float>> network_ =
      made<float>({.inputs = kFeatures, .outputs = kClusters, .hidden = {{8, Activation::kTanh, true}}});
};

TEST_F(Predictions, EqualOnePassOverAllSamples) {
  std::vector<float> logits(kSamples * kClusters), probabilities(logits.size());
  std::vector<std::int32_t> clusters(kSamples);
  ASSERT_TRUE(predict_logits(*network_, samples(), context_, logits.data()));
  ASSERT_TRUE(predict_probabilities(*network_, samples(), context_, probabilities.data()));
  ASSERT_TRUE(predict_clusters(*network_, samples(), context_, clusters.data()));
  const auto pass = network_->forward({x_.data(), kSamples, kFeatures}, Mode::kPrediction, context_);
  for (std::size_t i = 0; i < kSamples; ++i) {
    const float* row = logits.data() + i * kClusters;
    double total = 0;
    for (std::size_t k = 0; k < kClusters; ++k) total += std::exp(static_cast<double>(row[k]));
    for (std::size_t k = 0; k < kClusters; ++k) {
      EXPECT_EQ(row[k], pass.logits[i * kClusters + k]);
      EXPECT_NEAR(probabilities[i * kClusters + k], std::exp(static_cast<double>(row[k])) / total, 1e-6);
    }
    EXPECT_EQ(clusters[i], std::max_element(row, row + kClusters) - row);
  }
}

TEST_F(Predictions, HaveTheSameBitsForAnyThreads) {
  std::vector<float> expected(kSamples * kClusters), logits(expected.size());
  ASSERT_TRUE(predict_logits(*network_, samples(), context_, expected.data()));
  ThreadPool pool(8);
  for (const std::size_t threads : {2, 3, 8}) {
    Workspace workspace;
    ASSERT_TRUE(predict_logits(*network_, samples(), {workspace, &pool, threads}, logits.data()));
    EXPECT_EQ(logits, expected);
  }
}

TEST_F(Predictions, StopAndRefuse) {
  std::vector<float> logits(kSamples * kClusters);
  Job job;
  job.cancel();
  EXPECT_EQ(predict_logits(*network_, samples(), {workspace_, nullptr, 1, &job}, logits.data()).code(), Code::kAborted);
  const Samples narrow(MatrixView<float>{x_.data(), kSamples, 2});
  EXPECT_EQ(predict_logits(*network_, narrow, context_, logits.data()).code(), Code::kOutOfRange);
  x_[4321 * kFeatures] = std::nanf("");
  const Status status = predict_probabilities(*network_, samples(), context_, logits.data());
  EXPECT_EQ(status.code(), Code::kOutOfRange);
  EXPECT_NE(status.message().find("sample 4321"), std::string::npos);
}

}  // namespace
}  // namespace genmi::networks
