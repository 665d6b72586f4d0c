// The inputs of the simplex: prepared costs, measures in integer units, first flows, first potentials.
#include <algorithm>
#include <array>
#include <cfenv>
#include <cmath>
#include <limits>
#include <numeric>

#include "transport/coarse_costs.h"
#include "transport/cost_block.h"
#include "transport/duals.h"
#include "transport/exact_finish.h"
#include "transport/gather.h"
#include "transport/initial_basis.h"
#include "transport/marginals.h"
#include "transport/matrix_minimum.h"
#include "transport/plan.h"
#include "transport/sinkhorn.h"
#include "transport/successive_paths.h"
#include "transport_support.h"
#include "transport_trees.h"

namespace genmi::transport {
namespace {

using namespace test;

// ---- Costs ----

TEST(Costs, AreKeptExactlyButForAScaleThatIsAPowerOfTwo) {
  Random random(1);
  for (const double factor : {1.0, 1e-300, 1e-30, 1e9, 1e30, 1e299}) {
    Matrix costs = random_costs(7, 45, random);
    for (double& cost : costs.values) cost *= factor;
    const Costs prepared = prepare(costs);
    int exponent = 0;
    EXPECT_EQ(std::frexp(prepared.scale(), &exponent), 0.5);
    const CostBlock block = prepared.block();
    for (std::size_t i = 0; i < costs.rows; ++i) {
      for (std::size_t j = 0; j < costs.columns; ++j) {
        EXPECT_EQ(block(i, j), costs(i, j) * prepared.scale());
        EXPECT_EQ(block.rounded_row(i)[j], static_cast<float>(block(i, j)));
      }
      for (std::size_t j = costs.columns; j < block.stride(); ++j) EXPECT_EQ(block.rounded_row(i)[j], kPaddingCost);
    }
    EXPECT_LT(block.rounded_minimum(0, std::vector<float>(block.stride()).data()), 1e13f);
  }
}

TEST(Costs, KnowADistanceWhenTheySeeOne) {
  Random random(2);
  for (const char* family : {"plane", "hops", "euclidean", "rounded manhattan"}) {
    const Matrix costs = make(family, 60, random);
    EXPECT_TRUE(prepare(costs).has_zero_diagonal()) << family;
    EXPECT_TRUE(prepare(costs).is_metric_like()) << family;
    EXPECT_FALSE(prepare(costs, false).is_metric_like()) << family;
  }
  for (const char* family : {"squared plane", "random zero diagonal", "random square", "random wide"}) {
    const Matrix costs = make(family, 60, random);
    EXPECT_FALSE(prepare(costs).is_metric_like()) << family;
    EXPECT_EQ(prepare(costs, true).is_metric_like(), prepare(costs).has_zero_diagonal()) << family;
  }
}

// Thin costs have at least 256 rows, at most 16 columns, and 16 rows for each column. Costs are prepared again and
// again.
TEST(Costs, AreTurnedWhereRowsAreManyAndShort) {
  Random random(5);
  Costs prepared;
  const auto prepare_random = [&](std::size_t rows, std::size_t columns) {
    const Matrix costs = random_costs(rows, columns, random);
    EXPECT_TRUE(prepared.prepare(costs.view()));
    EXPECT_EQ(prepared.sources(), rows);
    EXPECT_EQ(prepared.targets(), columns);
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < columns; ++j)
        EXPECT_EQ(prepared.is_turned() ? prepared(j, i) : prepared(i, j), costs(i, j));
    return prepared.is_turned();
  };
  EXPECT_TRUE(prepare_random(256, 1));
  EXPECT_FALSE(prepare_random(255, 1));
  EXPECT_TRUE(prepare_random(257, 16));
  EXPECT_FALSE(prepare_random(255, 16));
  EXPECT_FALSE(prepare_random(400, 17));
  EXPECT_FALSE(prepare_random(1, 400));
}

// Costs that come as float32 numbers are the same as their copies in float64.
TEST(Costs, AreTakenInFloat32) {
  Random random(4);
  for (const double factor : {1.0, 1e-30, 1e30}) {
    for (const char* family : {"plane", "squared plane"}) {
      Matrix costs = make(family, 45, random);
      for (double& cost : costs.values) cost = static_cast<float>(factor * cost);
      const auto fill = [&](float* rows, std::size_t stride) {
        for (std::size_t i = 0; i < 45; ++i)
          for (std::size_t j = 0; j < 45; ++j) rows[i * stride + j] = static_cast<float>(costs(i, j));
      };
      Costs single;
      ASSERT_TRUE(single.prepare(45, fill, std::nullopt));
      const Costs twice = prepare(costs);
      EXPECT_EQ(single.scale(), twice.scale());
      EXPECT_EQ(single.is_metric_like(), twice.is_metric_like());
      EXPECT_TRUE(single.is_symmetric() && single.has_zero_diagonal());
      const CostBlock block = single.block(), expected = twice.block();
      for (std::size_t i = 0; i < 45; ++i) {
        for (std::size_t j = 0; j < 45; ++j) EXPECT_EQ(block(i, j), expected(i, j)) << family << ' ' << factor;
        for (std::size_t j = 0; j < block.stride(); ++j)
          EXPECT_EQ(block.rounded_row(i)[j], expected.rounded_row(i)[j]) << family << ' ' << factor;
      }
    }
  }
}

TEST(Costs, AreRefusedInFloat32AsInFloat64) {
  for (const float wrong : {-1.f, std::nanf(""), std::numeric_limits<float>::infinity()}) {
    const auto fill = [&](float* rows, std::size_t stride) {
      std::fill(rows, rows + 3 * stride, 1.f);
      rows[stride + 2] = wrong;
    };
    const Status status = Costs().prepare(3, fill, true);
    EXPECT_EQ(status.code(), Code::kOutOfRange);
    EXPECT_NE(status.message().find("row 1, column 2"), std::string::npos) << status.message();
    EXPECT_NE(status.message().find("from 0 to 3.4"), std::string::npos) << status.message();
  }
}

TEST(Gather, SelectsRowsAndColumns) {
  Random random(3);
  const Matrix costs = random_costs(9, 70, random);
  const Costs prepared = prepare(costs);
  const std::vector<std::size_t> rows = {0, 3, 4, 8}, columns = {1, 2, 30, 69};
  Gather gather;
  const CostBlock block = gather.select(prepared.block(), rows, columns, nullptr);
  ASSERT_EQ(block.rows, rows.size());
  ASSERT_EQ(block.columns, columns.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < columns.size(); ++j) EXPECT_EQ(block(i, j), costs(rows[i], columns[j]));
    for (std::size_t j = columns.size(); j < block.stride(); ++j) EXPECT_EQ(block.rounded_row(i)[j], kPaddingCost);
  }
}

TEST(Gather, StopsWhenCancelled) {
  Random random(4);
  const Costs prepared = prepare(random_costs(400, 400, random));
  std::vector<std::size_t> points(399);
  std::iota(points.begin(), points.end(), std::size_t{1});
  Job job;
  job.cancel();
  Gather gather;
  const CostBlock block = gather.select(prepared.block(), points, points, &job);
  for (std::size_t i = 0; i < block.rows; ++i)
    EXPECT_EQ(std::count(block.rounded_row(i), block.rounded_row(i) + block.columns, 0.0f), 399);
}

// ---- CoarseCosts ----

TEST(CoarseCosts, BoundReducedCostsFromBelow) {
  Random random(11);
  for (const char* family : {"plane", "hops", "squared plane", "random wide", "random square"}) {
    for (std::size_t n : {1, 3, 40, 90}) {
      const Matrix costs = make(family, n, random);
      const Costs prepared = prepare(costs);
      const CostBlock block = prepared.block();
      const float largest =
          static_cast<float>(prepared.scale() * *std::max_element(costs.values.begin(), costs.values.end()));
      AlignedVector<float> prices(block.stride(), -kInfinityf);
      for (std::size_t j = 0; j < block.columns; ++j)
        if (random() % 4 != 0 || j == 0) prices[j] = largest * std::uniform_real_distribution<float>(-1, 1)(random);
      AlignedVector<std::int16_t> rounded;
      std::vector<std::size_t> rows;
      for (std::size_t i = 0; i < block.rows; i += 1 + random() % 3) rows.push_back(i);
      std::vector<float> bounds(rows.size());
      prepared.coarse().lower_bounds(rows, prices.data(), 0, rounded, bounds);
      for (std::size_t k = 0; k < rows.size(); ++k) {
        const float least = block.rounded_minimum(rows[k], prices.data());
        EXPECT_LE(bounds[k], least + 1e-6f * largest) << family;
        EXPECT_GE(bounds[k], std::min(least - 3e-4f * largest, largest)) << family;  // closed columns count as largest
      }
    }
  }
}

// A few enormous costs do not round all others to zero, and bounds hold for prices of any size.
TEST(CoarseCosts, BoundReducedCostsBesideOutliers) {
  Random random(15);
  Matrix costs = make("plane", 50, random);
  const auto usual = static_cast<float>(costs.largest());
  costs(3, 4) = costs(4, 3) = 1e5 * costs.largest();
  const Costs prepared = prepare(costs);
  const CostBlock block = prepared.block();
  std::vector<std::size_t> rows(block.rows);
  std::iota(rows.begin(), rows.end(), 0);
  for (const float range : {usual, 20 * usual, 1e5f * usual}) {
    AlignedVector<float> prices(block.stride(), -kInfinityf);
    for (std::size_t j = 0; j < block.columns; ++j)
      prices[j] = range * std::uniform_real_distribution<float>(-1, 1)(random);
    AlignedVector<std::int16_t> rounded;
    std::vector<float> bounds(block.rows);
    prepared.coarse().lower_bounds(rows, prices.data(), 0, rounded, bounds);
    for (const std::size_t i : rows) {
      const float least = block.rounded_minimum(i, prices.data());
      EXPECT_LE(bounds[i], least + 1e-6f * range);
      if (range == usual) EXPECT_GE(bounds[i], least - 0.02f * usual);
    }
  }
}

TEST(CoarseCosts, BoundReducedCostsWhereMostAreNearlyNothing) {
  Matrix costs(4, 4, 1e-45);
  costs(0, 1) = costs(2, 3) = 1, costs(1, 1) = 0;
  const Costs prepared = prepare(costs);
  const std::vector<std::size_t> rows = {0, 1, 2, 3};
  const AlignedVector<float> prices(prepared.block().stride(), 0.f);
  AlignedVector<std::int16_t> rounded;
  std::vector<float> bounds(4);
  prepared.coarse().lower_bounds(rows, prices.data(), 0, rounded, bounds);
  for (const float bound : bounds) EXPECT_EQ(bound, 0.f);
}

// The largest cost may also be a price, however near it is to the end of 16 bits.
TEST(CoarseCosts, BoundReducedCostsAtTheirEnd) {
  Matrix costs(4, 4, 0);
  costs(0, 1) = costs(1, 0) = 1.99999;
  const Costs prepared = prepare(costs);
  const std::vector<std::size_t> rows = {0, 1, 2, 3};
  const float largest = static_cast<float>(prepared.scale() * costs.largest());
  const AlignedVector<float> prices(prepared.block().stride(), largest);
  AlignedVector<std::int16_t> rounded;
  std::vector<float> bounds(4);
  prepared.coarse().lower_bounds(rows, prices.data(), 0, rounded, bounds);
  for (const float bound : bounds) EXPECT_LE(bound, -largest);
}

// Whole numbers have exact 16-bit forms, so that ties need no second look.
TEST(CoarseCosts, AreExactForWholeNumbers) {
  CoarseCosts::RoundedPotentials scratch;
  Random random(12);
  Matrix costs = make("hops", 70, random);
  costs(8, 9) = costs(9, 8) = 1000;  // a penalty must not make the other costs inexact
  const Costs prepared = prepare(costs);
  const CostBlock block = prepared.block();
  const AlignedVector<float> prices(block.stride(), 1.f);
  AlignedVector<std::int16_t> rounded;
  const std::vector<std::size_t> rows = {5};
  std::vector<float> bounds(1);
  prepared.coarse().lower_bounds(rows, prices.data(), 0, rounded, bounds);
  EXPECT_EQ(bounds[0], block.rounded_minimum(5, prices.data()));
  AlignedVector<double> potentials(block.stride());
  for (std::size_t j = 0; j < block.columns; ++j) potentials[j] = costs(0, j);
  EXPECT_EQ(prepared.coarse().infeasibility(block, potentials.data(), potentials.data(), true, scratch), 0.0);
}

// The largest excess over a cost is found, however small it is. For potentials too far apart there is no answer.
TEST(CoarseCosts, FindPotentialsThatExceedACost) {
  CoarseCosts::RoundedPotentials scratch;
  Random random(13);
  for (const std::size_t n : {2, 33, 100}) {
    for (const double excess : {1e-12, 1e-3, 0.5}) {
      const Matrix costs = make("plane", n, random);
      const Costs prepared = prepare(costs);
      const CostBlock block = prepared.block();
      const std::size_t at = 1 + below(n - 1, random), from = below(at, random);
      AlignedVector<double> potentials(block.stride());
      for (std::size_t j = 0; j < n; ++j) potentials[j] = costs(from, j);
      potentials[at] += excess;
      for (const bool same_points : {false, true}) {
        const auto found =
            prepared.coarse().infeasibility(block, potentials.data(), potentials.data(), same_points, scratch);
        ASSERT_TRUE(found.has_value());
        EXPECT_NEAR(*found, excess, 1e-14) << n;
      }
      potentials[at] = 1e9;
      EXPECT_FALSE(
          prepared.coarse().infeasibility(block, potentials.data(), potentials.data(), true, scratch).has_value());
    }
  }
}

// The same where rows and columns are different points.
TEST(CoarseCosts, FindPotentialsOfTwoSidesThatExceedACost) {
  CoarseCosts::RoundedPotentials scratch;
  Random random(14);
  for (const char* family : {"random wide", "random square", "random tall"}) {
    const Matrix costs = make(family, 50, random);
    const Costs prepared = prepare(costs);
    const CostBlock block = prepared.block();
    const double largest = *std::max_element(costs.values.begin(), costs.values.end());
    std::vector<double> rows(block.rows);
    AlignedVector<double> columns(block.stride());
    for (double& row : rows) row = -0.2 * largest * std::uniform_real_distribution<double>()(random);
    for (std::size_t j = 0; j < block.columns; ++j)
      columns[j] = 0.2 * largest * std::uniform_real_distribution<double>()(random);
    double expected = 0;
    for (std::size_t i = 0; i < block.rows; ++i)
      for (std::size_t j = 0; j < block.columns; ++j) expected = std::max(expected, columns[j] - rows[i] - block(i, j));
    EXPECT_GT(expected, 0) << family;
    EXPECT_EQ(prepared.coarse().infeasibility(block, rows.data(), columns.data(), false, scratch), expected) << family;
  }
}

// ---- Marginals ----

std::int64_t total(const Support& support) {
  return std::accumulate(support.units.begin(), support.units.end(), std::int64_t{0});
}

void expect_in_order_and_positive(const Support& support) {
  ASSERT_EQ(support.points.size(), support.units.size());
  for (const std::int64_t units : support.units) ASSERT_GT(units, 0);
  ASSERT_EQ(std::adjacent_find(support.points.begin(), support.points.end(), std::greater_equal<>()),
            support.points.end());
}

// Compares point by point, because a sum of all units could overflow.
std::int64_t imbalance(const Measures& measures, std::size_t points) {
  std::vector<std::int64_t> balance(points);
  for (std::size_t k = 0; k < measures.sources.points.size(); ++k)
    balance[measures.sources.points[k]] += measures.sources.units[k];
  for (std::size_t k = 0; k < measures.targets.points.size(); ++k)
    balance[measures.targets.points[k]] -= measures.targets.units[k];
  return std::accumulate(balance.begin(), balance.end(), std::int64_t{0});
}

TEST(Marginals, AreBalancedToTheUnit) {
  Random random(17);
  for (std::size_t repeat = 0; repeat < 500; ++repeat) {
    const std::size_t n = 1 + below(300, random);
    const Weights supply = make_weights(n, repeat % kWeightKinds, random);
    Weights demand = make_weights(n, below(kWeightKinds, random), random);
    if (repeat % 5 == 0) {  // nearly all mass may stay
      demand = supply;
      for (double& weight : demand) weight *= 1 + power_of_ten(-15, -9, random);
    }
    for (const bool may_stay : {true, false}) {
      const Marginals marginals = marginals_of(supply, demand, may_stay);
      const Measures& moving = marginals.moving();
      if (moving.sources.points.empty() && moving.targets.points.empty()) continue;
      for (const Support* support : {&moving.sources, &moving.targets}) {
        ASSERT_NO_FATAL_FAILURE(expect_in_order_and_positive(*support));
        ASSERT_EQ(total(*support), Marginals::kMovingUnits);
      }
      for (const Support* support : {&marginals.all().sources, &marginals.all().targets})
        ASSERT_NO_FATAL_FAILURE(expect_in_order_and_positive(*support));
      ASSERT_EQ(imbalance(marginals.all(), n), 0);
    }
  }
}

TEST(Marginals, LeaveNoPointBothToGiveAndToTake) {
  Random random(18);
  const std::size_t n = 100;
  const Marginals marginals = marginals_of(make_weights(n, 3, random), make_weights(n, 3, random), true);
  const std::vector<std::size_t>&sources = marginals.moving().sources.points,
        &targets = marginals.moving().targets.points;
  std::vector<std::size_t> both;
  std::set_intersection(sources.begin(), sources.end(), targets.begin(), targets.end(), std::back_inserter(both));
  EXPECT_TRUE(both.empty());
}

// In `supply` the large weight comes first, and the small weights added to it lose digits; in `demand` it comes last.
TEST(Marginals, DoNotMistakeRoundingOfTheSumsForMassThatMoves) {
  Weights supply(10000, 0.1);
  Weights demand = supply;
  supply.front() = demand.back() = 1000;
  const Marginals marginals = marginals_of(supply, demand, true);
  EXPECT_EQ(marginals.moving().sources.points.size(), 1u);
  EXPECT_EQ(marginals.moving().targets.points.size(), 1u);
}

// ---- First flows ----

FirstPotentials no_potentials(const CostBlock& costs) {
  FirstPotentials potentials;
  potentials.rows.assign(costs.rows, 0);
  potentials.columns.assign(costs.stride(), 0);
  return potentials;
}

// Joins rows and columns by shipments. In a tree or a forest, no shipment joins a component to itself.
bool is_forest(const std::vector<Shipment>& shipments, std::size_t rows, std::size_t columns) {
  std::vector<std::size_t> leader(rows + columns);
  std::iota(leader.begin(), leader.end(), std::size_t{0});
  const auto find = [&](std::size_t node) {
    while (leader[node] != node) node = leader[node];
    return node;
  };
  for (const Shipment& shipment : shipments) {
    const std::size_t row = find(shipment.row), column = find(rows + shipment.column);
    if (row == column) return false;
    leader[row] = column;
  }
  return true;
}

TEST(MatrixMinimum, ShipsEverythingOnAForest) {
  Random random(22);
  MatrixMinimum matrix_minimum;
  std::vector<Shipment> shipments;
  for (std::size_t repeat = 0; repeat < 200; ++repeat) {
    const std::size_t n = 1 + below(40, random);
    const Matrix costs = families()[repeat % families().size()].make(n, random);
    const Costs prepared = prepare(costs);
    std::vector<std::int64_t> supplies(costs.rows, 1), demands(costs.columns, 1);
    for (std::size_t unit = costs.rows; unit < 4 * n + costs.columns; ++unit) ++supplies[below(costs.rows, random)];
    for (std::size_t unit = costs.columns; unit < 4 * n + costs.columns; ++unit)
      ++demands[below(costs.columns, random)];
    while (std::accumulate(supplies.begin(), supplies.end(), std::int64_t{0}) >
           std::accumulate(demands.begin(), demands.end(), std::int64_t{0}))
      ++demands.front();
    FirstPotentials potentials = no_potentials(prepared.block());
    for (float& price : potentials.columns) price = static_cast<float>(uniform(random));
    ASSERT_TRUE(matrix_minimum.allocate({prepared.block(), supplies, demands}, potentials, nullptr, shipments));
    EXPECT_TRUE(is_forest(shipments, costs.rows, costs.columns));
    for (const auto& [row, column, flow] : shipments) {
      EXPECT_GT(flow, 0);
      supplies[row] -= flow;
      demands[column] -= flow;
    }
    EXPECT_EQ(supplies, std::vector<std::int64_t>(costs.rows));
    EXPECT_EQ(demands, std::vector<std::int64_t>(costs.columns));
  }
}

TEST(MatrixMinimum, TakesTheCheapestPairFirst) {
  Matrix costs(2, 2);
  costs.values = {3, 2, 4, 1};
  const Costs prepared = prepare(costs);
  const std::vector<std::int64_t> supplies = {5, 3}, demands = {4, 4};
  std::vector<Shipment> shipments;
  ASSERT_TRUE(MatrixMinimum().allocate({prepared.block(), supplies, demands}, no_potentials(prepared.block()), nullptr,
                                       shipments));
  ASSERT_EQ(shipments.size(), 3u);
  const std::array<std::array<std::int64_t, 3>, 3> expected = {{{1, 1, 3}, {0, 1, 1}, {0, 0, 4}}};
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_EQ(static_cast<std::int64_t>(shipments[k].row), expected[k][0]);
    EXPECT_EQ(static_cast<std::int64_t>(shipments[k].column), expected[k][1]);
    EXPECT_EQ(shipments[k].flow, expected[k][2]);
  }
}

TEST(MatrixMinimum, StopsWhenCancelled) {
  const Matrix costs(2, 2);
  const Costs prepared = prepare(costs);
  const std::vector<std::int64_t> ones = {1, 1};
  const FirstPotentials potentials = no_potentials(prepared.block());
  Job job;
  std::vector<Shipment> shipments;
  EXPECT_TRUE(MatrixMinimum().allocate({prepared.block(), ones, ones}, potentials, &job, shipments));
  job.cancel();
  EXPECT_FALSE(MatrixMinimum().allocate({prepared.block(), ones, ones}, potentials, &job, shipments));
}

// ---- First potentials ----

// Few points on one side, many on the other; masses and costs with or without ties.
TEST(SuccessivePaths, ShipEverythingOnAForest) {
  Random random(24);
  SuccessivePaths paths;
  std::vector<Shipment> shipments;
  for (std::size_t repeat = 0; repeat < 120; ++repeat) {
    const bool is_wide = repeat % 2 == 0;
    // Tall costs of up to 16 columns would be held with both sides exchanged.
    const std::size_t few = is_wide ? 1 + below(6, random) : 17 + below(16, random);
    const std::size_t many = 16 * few + below(3000, random);
    const std::size_t rows = is_wide ? few : many, columns = is_wide ? many : few;
    const Matrix costs =
        repeat % 3 == 0 ? small_whole_costs(rows, columns, random) : random_costs(rows, columns, random);
    const Costs prepared = prepare(costs);
    ASSERT_FALSE(prepared.is_turned());
    const auto total = static_cast<std::int64_t>(many * (1 + repeat % 4));
    Units supplies = random_units(rows, total, random), demands = random_units(columns, total, random);
    const Problem problem{prepared.block(), supplies, demands};
    ASSERT_TRUE(SuccessivePaths::is_for(problem));
    ASSERT_TRUE(paths.allocate(problem, nullptr, shipments));
    ASSERT_TRUE(is_forest(shipments, rows, columns));
    for (const auto& [row, column, flow] : shipments) {
      ASSERT_GT(flow, 0);
      supplies[row] -= flow;
      demands[column] -= flow;
    }
    EXPECT_EQ(supplies, Units(rows));
    EXPECT_EQ(demands, Units(columns));
  }
}

TEST(SuccessivePaths, StopWhenCancelled) {
  const Matrix costs(1, 40);
  const Costs prepared = prepare(costs);
  const Units supplies = {40}, demands(40, 1);
  Job job;
  job.cancel();
  std::vector<Shipment> shipments;
  EXPECT_FALSE(SuccessivePaths().allocate({prepared.block(), supplies, demands}, &job, shipments));
}

TEST(Sinkhorn, PotentialsAreFiniteForExtremeCostsAndMasses) {
  Random random(23);
  Sinkhorn sinkhorn;
  FirstPotentials potentials;
  for (std::size_t repeat = 0; repeat < 400; ++repeat) {
    const Family& family = families()[repeat % families().size()];
    Matrix costs = family.make(20 + below(60, random), random);
    const double spread = repeat % 3 == 0 ? 0 : power_of_ten(-1, 2, random);  // the range of the costs' exponents
    for (double& cost : costs.values) cost *= power_of_ten(-spread, spread, random);
    const Costs prepared = prepare(costs);
    const Marginals marginals = marginals_of(make_weights(costs.rows, below(kWeightKinds, random), random),
                                             make_weights(costs.columns, below(kWeightKinds, random), random), false);
    const Measures& all = marginals.all();
    Gather gather;
    const CostBlock block = gather.select(prepared.block(), all.sources.points, all.targets.points, nullptr);
    ASSERT_TRUE(sinkhorn.approximate({block, all.sources.units, all.targets.units}, nullptr, potentials));
    ASSERT_EQ(potentials.rows.size(), block.rows);
    ASSERT_EQ(potentials.columns.size(), block.stride());
    for (const float price : potentials.rows) ASSERT_TRUE(std::isfinite(price)) << family.name << ", " << repeat;
    for (const float price : potentials.columns) ASSERT_TRUE(std::isfinite(price)) << family.name << ", " << repeat;
  }
}

// Denormal numbers take some processors a hundred times as long.
TEST(Sinkhorn, StaysAmongNormalNumbers) {
  Random random(24);
  Sinkhorn sinkhorn;
  FirstPotentials potentials;
  for (const char* family : {"plane", "squared plane", "hops", "euclidean", "random wide"}) {
    const Matrix costs = make(family, 200, random);
    const Costs prepared = prepare(costs);
    // Weights like a softmax's, from nearly 1 to nearly 0.
    Weights supply(costs.rows);
    for (double& weight : supply) weight = std::exp(-30 * uniform(random));
    const Weights demand(costs.columns, sum(supply) / static_cast<double>(costs.columns));
    const Marginals marginals = marginals_of(supply, demand, false);
    const Measures& all = marginals.all();
    Gather gather;
    const CostBlock block = gather.select(prepared.block(), all.sources.points, all.targets.points, nullptr);
    std::feclearexcept(FE_UNDERFLOW);
    ASSERT_TRUE(sinkhorn.approximate({block, all.sources.units, all.targets.units}, nullptr, potentials));
    EXPECT_FALSE(std::fetestexcept(FE_UNDERFLOW)) << family;
  }
}

// Each pass over the costs looks at the job before every row: with a cancelled job, it reads none.
TEST(Duals, StopWhenCancelled) {
  Random random(51);
  const std::size_t n = 30;
  const Matrix costs = make("plane", n, random);
  const Costs prepared = prepare(costs);
  const CostBlock block = prepared.block();
  Job job;
  job.cancel();
  AlignedVector<double> prices, far(block.stride(), 0);
  far[0] = 1e6;
  for (const bool symmetric : {false, true}) {
    EXPECT_GT(point_infeasibility(block, symmetric, far.data(), nullptr), 0);
    EXPECT_EQ(point_infeasibility(block, symmetric, far.data(), &job), 0);
  }
  EXPECT_GT(infeasibility_of(block, Weights(n, 0), far.data(), nullptr), 0);
  EXPECT_EQ(infeasibility_of(block, Weights(n, 0), far.data(), &job), 0);
  std::vector<double> u(n, -7), v;
  lift_duals(block, std::vector<std::size_t>{3}, far.data(), prices, u, v, &job);
  EXPECT_EQ(u, std::vector<double>(n, -7));
}

TEST(ExactFinish, StopsWhenCancelled) {
  Random random(52);
  const Matrix costs = make("random wide", 20, random);
  const Costs prepared = prepare(costs);
  const Weights supply = make_weights(costs.rows, 0, random), demand = make_weights(costs.columns, 0, random);
  const Marginals marginals = marginals_of(supply, demand, false);
  const Measures& all = marginals.all();
  SpanningTree tree;
  NetworkSimplex simplex;
  Gather gather;
  const CostBlock block = gather.select(prepared.block(), all.sources.points, all.targets.points, nullptr);
  ASSERT_TRUE(InitialBasis().build({block, all.sources.units, all.targets.units}, nullptr, tree));
  Job job;
  job.cancel();
  ExactFinish exact;
  exact.prepare(prepared, supply, demand);
  EXPECT_EQ(exact.lower_costs(all, 1000, &job, simplex, tree), Ending::kCancelled);
  EXPECT_EQ(exact.lower_costs(all, 1000, nullptr, simplex, tree), Ending::kFound);
}

// ---- Penalties ----

// The definition: costs in ascending order, up to the first that is more than kPenalty times the one before.
double cost_below_gap(std::vector<double> costs) {
  std::sort(costs.begin(), costs.end());
  double total = 0, before = kInfinity;
  for (const double cost : costs) {
    if (cost > kPenalty * before) break;
    total += cost;
    before = cost > 0 ? cost : before;
  }
  return total;
}

TEST(CostWithoutPenalties, StopsBelowTheLowestGapOfTheCosts) {
  Random random(53);
  const std::size_t n = 12;
  std::vector<PlanEntry> plan;
  for (std::int32_t k = 0; k < static_cast<std::int32_t>(n); ++k) plan.push_back({k, k, 1});
  std::size_t with_penalties = 0;
  for (int repeat = 0; repeat < 2000; ++repeat) {
    Matrix costs(n, n, 1);
    std::vector<double> paid(n);
    // Steps of 2^-2 to 2^9, and sometimes to 2^13 or among denormal numbers.
    double cost = repeat % 5 == 0 ? 0x1p-1070 : std::ldexp(1, -static_cast<int>(random() % 300));
    for (std::size_t k = 0; k < n; ++k) {
      paid[k] = cost * (1 + 0.9 * uniform(random));
      cost *= std::ldexp(1, static_cast<int>(random() % (repeat % 2 == 0 ? 12 : 16)) - 2);
    }
    if (repeat % 3 == 0) paid[0] = 0;
    std::shuffle(paid.begin(), paid.end(), random);
    for (std::size_t k = 0; k < n; ++k) costs.values[k * n + k] = (random() % 2 == 0 ? 1 : -1) * paid[k];
    const double expected = cost_below_gap(paid);
    ASSERT_NEAR(cost_without_penalties(prepare(costs), plan), expected, 1e-14 * expected) << repeat;
    with_penalties += expected < 0.5 * std::accumulate(paid.begin(), paid.end(), 0.0);
  }
  EXPECT_GT(with_penalties, 200u);
  EXPECT_LT(with_penalties, 1800u);
}

}  // namespace
}  // namespace genmi::transport
