// Pair constraints: values and gradients by hand, mini-batches, sums, and wrong pairs.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "genmi/evaluation.h"

namespace genmi {
namespace {

using Numbers = std::vector<std::int32_t>;

Status try_to_make(const Numbers& must, const Numbers& cannot, double factor, ObjectivePtr& out) {
  Parameters parameters;
  parameters.set("mustLink", must);
  parameters.set("cannotLink", cannot);
  parameters.set("factor", factor);
  return ObjectiveFactory::make("pair-constraints", parameters, out);
}

ObjectivePtr make(const Numbers& must, const Numbers& cannot, double factor) {
  ObjectivePtr objective;
  EXPECT_TRUE(try_to_make(must, cannot, factor, objective));
  return objective;
}

const std::vector<double> kTau = {.5, .5, .25, .75, 1, 0};

TEST(PairConstraints, EqualTheirDefinitionInABatch) {
  // Samples 7, 3 and 5; |tau_7 - tau_3|^2 = 1/8, |tau_7 - tau_5|^2 = 1/2. Sample 4 is not in the batch.
  const ObjectivePtr objective = make({3, 7, 7, 4}, {5, 7}, 2);
  EXPECT_EQ(objective->named_samples(), 8u);
  const Numbers rows = {7, 3, 5};
  EvaluationOptions options;
  options.rows = {rows.data(), rows.size()};
  Workspace workspace;
  double value = 0;
  std::vector<double> gradient(6);
  ASSERT_TRUE(evaluate(*objective, MatrixView<double>{kTau.data(), 3, 2}, options, {workspace}, value,
                       std::span<double>(gradient)));
  EXPECT_NEAR(value, 1. / 2 - 1. / 8, 1e-11);  // predictions are clipped to 1e-12
  const double expected[] = {-2 * .25 - 2 * .5, 2 * .25 + 2 * .5, 2 * .25, -2 * .25, 2 * .5, -2 * .5};
  for (std::size_t at = 0; at < 6; ++at) EXPECT_NEAR(gradient[at], expected[at], 1e-11) << at;
}

TEST(PairConstraints, NeedRowsForMiniBatches) {
  const ObjectivePtr objective = make({0, 3}, {}, 1);
  Workspace workspace;
  double value = 7;
  const Status status = evaluate(*objective, MatrixView<double>{kTau.data(), 3, 2}, {}, {workspace}, value);
  EXPECT_EQ(status.code(), Code::kOutOfRange);
  EXPECT_NE(status.message().find("predictions: expected at least 4 rows"), std::string::npos) << status.message();
  EXPECT_EQ(value, 7);
}

TEST(PairConstraints, RefuseWrongPairs) {
  ObjectivePtr objective;
  const auto message = [&](const Numbers& must, const Numbers& cannot, double factor = 1) {
    const Status status = try_to_make(must, cannot, factor, objective);
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    EXPECT_EQ(objective, nullptr);
    return status.message();
  };
  EXPECT_NE(message({0, 1, 2, 2}, {}).find("mustLink[1]"), std::string::npos);
  EXPECT_NE(message({}, {-1, 2}).find("cannotLink[0]"), std::string::npos);
  EXPECT_NE(message({0, 1}, {}, 0).find("factor"), std::string::npos);
  EXPECT_NE(message({0, 1}, {}, INFINITY).find("factor"), std::string::npos);
  EXPECT_NE(message({0, 1}, {}, NAN).find("factor"), std::string::npos);
  // Samples 10 and 13 are joined over two others, in any order of the pairs.
  EXPECT_NE(message({12, 13, 10, 11, 12, 11}, {0, 2, 13, 10}).find("cannotLink[1]"), std::string::npos);
  EXPECT_TRUE(try_to_make({10, 11, 11, 12}, {0, 2}, 1, objective));
}

}  // namespace
}  // namespace genmi
