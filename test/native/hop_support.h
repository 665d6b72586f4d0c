// Graphs and distances for tests of hops, and the plainest algorithms that count hops.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "genmi/affinity.h"
#include "genmi/precomputed.h"
#include "random.h"

namespace genmi::test {

constexpr double kFar = std::numeric_limits<double>::infinity();

using Lists = std::vector<std::vector<std::int32_t>>;

// A graph from pairs in any order; pairs may be repeated.
inline Lists neighbors_before(std::size_t n, const std::vector<std::pair<std::size_t, std::size_t>>& pairs) {
  Lists before(n);
  for (const auto& [a, b] : pairs)
    if (a != b) before[std::max(a, b)].push_back(static_cast<std::int32_t>(std::min(a, b)));
  for (auto& list : before) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
  return before;
}

inline Lists chain(std::size_t n) {
  Lists before(n);
  for (std::size_t i = 1; i < n; ++i) before[i] = {static_cast<std::int32_t>(i - 1)};
  return before;
}

inline Lists star(std::size_t n) {
  Lists before(n);
  for (std::size_t i = 1; i < n; ++i) before[i] = {0};
  return before;
}

inline Lists clique(std::size_t n) {
  Lists before(n);
  for (std::size_t i = 1; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) before[i].push_back(static_cast<std::int32_t>(j));
  return before;
}

inline Lists random_lists(std::size_t n, std::size_t edges, Generator& random) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs(edges);
  for (auto& pair : pairs) pair = {random() % n, random() % n};
  return neighbors_before(n, pairs);
}

// N x N by Floyd's algorithm, in float64; kFar between components.
inline std::vector<double> floyd_warshall(const Lists& before) {
  const std::size_t n = before.size();
  std::vector<double> hops(n * n, kFar);
  for (std::size_t i = 0; i < n; ++i) {
    hops[i * n + i] = 0;
    for (const std::int32_t j : before[i]) hops[i * n + static_cast<std::size_t>(j)] = 1;
    for (const std::int32_t j : before[i]) hops[static_cast<std::size_t>(j) * n + i] = 1;
  }
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        hops[i * n + j] = std::min(hops[i * n + j], hops[i * n + k] + hops[k * n + j]);
  return hops;
}

// Hops from one node, by a breadth-first search with a queue.
inline std::vector<double> search_from(const Lists& before, std::size_t source) {
  const std::size_t n = before.size();
  Lists all = before;
  for (std::size_t i = 0; i < n; ++i)
    for (const std::int32_t j : before[i]) all[static_cast<std::size_t>(j)].push_back(static_cast<std::int32_t>(i));
  std::vector<double> hops(n, kFar);
  std::vector<std::size_t> queue = {source};
  hops[source] = 0;
  for (std::size_t head = 0; head < queue.size(); ++head) {
    for (const std::int32_t next : all[queue[head]]) {
      const auto node = static_cast<std::size_t>(next);
      if (hops[node] != kFar) continue;
      hops[node] = hops[queue[head]] + 1;
      queue.push_back(node);
    }
  }
  return hops;
}

inline AffinityPtr precomputed(const std::vector<double>& matrix, Precision precision = Precision::kFloat64) {
  std::size_t n = 0;
  while (n * n < matrix.size()) ++n;
  AffinityPtr distances;
  Workspace workspace;
  const Status status = precomputed_affinity(MatrixView<double>{matrix.data(), n, n}, Kind::kDistance, false, precision,
                                             {workspace}, distances);
  return status ? distances : nullptr;
}

// Symmetric distances with a zero diagonal. Few values mean many ties.
inline std::vector<double> random_distances(std::size_t n, std::size_t values, Generator& random) {
  std::vector<double> matrix(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j)
      matrix[i * n + j] = matrix[j * n + i] =
          values == 0 ? std::uniform_real_distribution<double>()(random) : static_cast<double>(random() % values) / 4;
  return matrix;
}

}  // namespace genmi::test
