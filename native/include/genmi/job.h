// A Job is shared by a long computation and its caller: a request to stop, and how far the computation has come.
#pragma once

#include <atomic>
#include <cstddef>

namespace genmi {

class Job {
 public:
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

  // Reports the share of the work that is done, in [0, 1]. The largest report counts, since threads may report late.
  void report(double done) {
    double before = progress();
    while (before < done && !progress_.compare_exchange_weak(before, done, std::memory_order_relaxed)) continue;
  }
  double progress() const { return progress_.load(std::memory_order_relaxed); }

  // Reports how many steps are done, of work that goes step by step. The last report counts.
  void report_steps(std::size_t done) { steps_.store(done, std::memory_order_relaxed); }
  std::size_t steps() const { return steps_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
  std::atomic<double> progress_{0};
  std::atomic<std::size_t> steps_{0};
};

// Counts finished parts of a job, on any thread, and reports their share.
class Progress {
 public:
  Progress(Job* job, std::size_t parts) : job_(job), parts_(static_cast<double>(parts)) {}

  void finish_part() {
    if (job_ == nullptr) return;
    job_->report(static_cast<double>(done_.fetch_add(1, std::memory_order_relaxed) + 1) / parts_);
  }

 private:
  Job* job_;
  double parts_;
  std::atomic<std::size_t> done_{0};
};

inline bool is_cancelled(const Job* job) { return job != nullptr && job->cancelled(); }

}  // namespace genmi
