// The transport problems of a Wasserstein objective, kept from one evaluation on the same samples to the next: the
// costs made ready, and for each comparison the basis that its problem ended with.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "genmi/affinity.h"
#include "genmi/transport.h"
#include "objectives/comparisons.h"
#include "transport/owned_costs.h"

namespace genmi::objectives {

struct WarmProblems {
  std::vector<std::int32_t> samples;
  std::size_t clusters = 0;
  transport::OwnedCosts costs;          // of the samples; empty at first
  std::vector<transport::Basis> bases;  // by pair
  std::vector<transport::Basis> lent;   // the bases of one evaluation's comparisons, while it runs

  transport::Basis& basis(const Comparison& pair) {
    return bases[pair.a * (clusters + 1) + (pair.b == kAllData ? clusters : pair.b)];
  }
  std::size_t bytes() const;
};

// Lends an objective's WarmProblems to one evaluation at a time. An evaluation that runs meanwhile gets new ones.
class WarmProblemsLender {
 public:
  std::unique_ptr<WarmProblems> take(Rows samples, std::size_t clusters);
  void give_back(std::unique_ptr<WarmProblems> problems);
  std::size_t bytes() const;  // 0 while they are lent

 private:
  mutable std::mutex mutex_;
  std::unique_ptr<WarmProblems> problems_;
};

}  // namespace genmi::objectives
