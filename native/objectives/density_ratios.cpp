#include "objectives/density_ratios.h"

#include "simd/panels.h"

namespace genmi {

template <class T>
DensityRatios::DensityRatios(const Batch<T>& batch, Workspace& workspace)
    : n_(batch.n()),
      k_(batch.k()),
      tau_(workspace.take<double>(n_ * k_).data()),
      ratio_(workspace.take<double>(n_ * k_).data()),
      pi_(batch.exact().pi()),
      rows_(batch.rows()),
      options_(batch.options()) {
  const Predictions<T>& p = batch.exact();
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t k = 0; k < k_; ++k) {
      const std::size_t from = p.offset(i) + k * simd::kPanel;
      const auto tau = static_cast<double>(p.tau()[from]);
      tau_[i * k_ + k] = tau;
      ratio_[i * k_ + k] = p.is_known_by_logarithm(k) ? p.ratio_by_logarithm(k, from) : tau / pi_[k];
    }
  }
}

template DensityRatios::DensityRatios(const Batch<float>&, Workspace&);
template DensityRatios::DensityRatios(const Batch<double>&, Workspace&);

}  // namespace genmi
