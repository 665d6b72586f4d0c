#include "objectives/warm_problems.h"

#include <utility>

namespace genmi::objectives {
namespace {

bool are_same(const std::vector<std::int32_t>& kept, Rows samples) {
  if (kept.size() != samples.count) return false;
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (kept[i] != static_cast<std::int32_t>(samples[i])) return false;
  return true;
}

}  // namespace

std::size_t WarmProblems::bytes() const {
  std::size_t total = costs.bytes() + samples.capacity() * sizeof(samples[0]) + bases.capacity() * sizeof(bases[0]);
  for (const transport::Basis& basis : bases) total += basis.bytes();
  return total;
}

std::unique_ptr<WarmProblems> WarmProblemsLender::take(Rows samples, std::size_t clusters) {
  std::unique_ptr<WarmProblems> problems;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    problems = std::move(problems_);
  }
  if (!problems) problems = std::make_unique<WarmProblems>();
  if (problems->clusters == clusters && are_same(problems->samples, samples)) return problems;
  problems->samples.resize(samples.count);
  for (std::size_t i = 0; i < samples.count; ++i) problems->samples[i] = static_cast<std::int32_t>(samples[i]);
  problems->clusters = clusters;
  problems->costs = {};
  problems->bases.clear();
  problems->bases.resize(clusters * (clusters + 1));
  return problems;
}

void WarmProblemsLender::give_back(std::unique_ptr<WarmProblems> problems) {
  const std::lock_guard<std::mutex> lock(mutex_);
  problems_ = std::move(problems);
}

std::size_t WarmProblemsLender::bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return problems_ ? problems_->bytes() : 0;
}

}  // namespace genmi::objectives
