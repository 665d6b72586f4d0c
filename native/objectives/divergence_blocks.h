// Sums of a divergence kernel over all samples, block by block.
#pragma once

#include "objectives/in_both_precisions.h"
#include "objectives/panel_blocks.h"

namespace genmi::objectives {

struct BlockOptions {
  double order = 1;                // of the alpha family
  double nanoseconds_per_row = 0;  // about the time for a row
};

// Adds factor / N times the kernel's sum over all samples, and the gradient where totals has room for one.
template <class T>
Status add_over_blocks(void (*kernel)(simd::DivergencePass<T>&), const BlockOptions& options, const Batch<T>& batch,
                       const Predictions<T>& p, const Context& context, double factor, Totals<T>& totals) {
  const Workspace::Frame frame(context.workspace);
  const std::size_t n = p.n(), k = p.k(), blocks = blocks_of(n);
  const bool with_gradient = totals.with_gradient();
  const double share = factor / static_cast<double>(n);
  const std::size_t scratch = simd::kDivergenceScratch * simd::kPanel * k;
  const std::span<T> memory = context.workspace.take<T>(scratch * context.slots());
  const std::span<double> values = context.workspace.take<double>(blocks);
  const std::span<double> sums = context.workspace.take_zeroed<double>(with_gradient ? blocks * k : 0);
  const auto add_block = [&](const PanelBlock& block) {
    if (context.cancelled()) return;
    const std::size_t at = block.first * k;
    simd::DivergencePass<T> pass{.rows = block.rows,
                                 .k = k,
                                 .tau = p.tau() + at,
                                 .log_tau = p.log_tau() == nullptr ? nullptr : p.log_tau() + at,
                                 .columns = p.columns(),
                                 .order = static_cast<T>(options.order),
                                 .share = static_cast<T>(share),
                                 .log_gradient = with_gradient ? totals.log_gradient.data() + at : nullptr,
                                 .overwrite = totals.unwritten,
                                 .scratch = memory.data() + block.slot * scratch,
                                 .value = 0,
                                 .by_proportion = sums.data() + (with_gradient ? block.index * k : 0)};
    kernel(pass);
    values[block.index] = pass.value;
  };
  for_each_block(context, n, options.nanoseconds_per_row * static_cast<double>(n), add_block, Order::kBackwards);
  if (context.cancelled()) return aborted();
  totals.unwritten = false;
  for (const double value : values) totals.value += share * value;
  const std::span<double> by_proportion = batch.by_proportion(p, totals);
  for (std::size_t at = 0; at < sums.size(); ++at) by_proportion[at % k] += share * sums[at];
  return Status::ok();
}

}  // namespace genmi::objectives
