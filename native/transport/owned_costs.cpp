#include "transport/owned_costs.h"

#include "simd/kernels.h"

namespace genmi::transport {

Status OwnedCosts::prepare(const Affinity& distance, Rows samples, const Context& context) {
  costs_.use(context.kernels.transport);
  const auto prepare_costs = [&]() -> Status {
    if (distance.precision() == Precision::kFloat32) {
      const auto fill = [&](float* rows, std::size_t stride) { distance.submatrix(samples, context, rows, stride); };
      return costs_.prepare(samples.count, fill, distance.metric_like());
    }
    entries_.resize(samples.count * samples.count);
    distance.submatrix(samples, context, entries_.data());
    return costs_.prepare({entries_.data(), samples.count, samples.count}, {distance.metric_like(), true});
  };
  const Status status = prepare_costs();
  if (context.cancelled()) return aborted();  // some of the entries may be missing
  return status ? Status::ok() : not_finite();
}

Status OwnedCosts::prepare(const AnyMatrix& costs, const simd::TransportKernels& kernels) {
  costs_.use(kernels);
  return std::visit(
      [this](const auto& view) {
        entries_.assign(view.data, view.data + view.rows * view.columns);
        const Status status = costs_.prepare({entries_.data(), view.rows, view.columns});
        if (costs_.is_turned()) std::vector<double>().swap(entries_);  // the costs have a copy
        return status;
      },
      costs);
}

}  // namespace genmi::transport
