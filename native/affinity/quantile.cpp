#include "affinity/quantile.h"

#include "affinity/pair_selection.h"
#include "genmi/quantile.h"

namespace genmi {

namespace affinity {

Status find_quantile(const Affinity& distances, double q, const Context& context, Progress& progress, double& out) {
  if (!(q >= 0 && q <= 1)) return {Code::kOutOfRange, explain("quantile", "a number in [0, 1]", format(q))};
  const std::size_t n = distances.size();
  // Sorted, the N^2 entries are the N zeros of the diagonal and then every pair twice.
  const double position = q * static_cast<double>(n * n - 1);
  const auto below = static_cast<std::size_t>(position);
  const double share = position - static_cast<double>(below);
  PairSelection pairs(distances, context, progress);
  const auto entry_at = [&](std::size_t index) { return index < n ? 0.0 : pairs.distance_at((index - n) / 2); };
  const double low = entry_at(below);
  const double high = share > 0 ? entry_at(below + 1) : low;
  if (context.cancelled()) return aborted();
  out = low == high ? low : low + share * (high - low);
  return Status::ok();
}

}  // namespace affinity

Status distance_quantile(const Affinity& distances, double q, const Context& context, double& out) {
  Progress progress(context.job, distances.size());
  return affinity::find_quantile(distances, q, context, progress, out);
}

}  // namespace genmi
