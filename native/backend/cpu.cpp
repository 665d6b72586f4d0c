// The backend of the CPU: the rooms affinity/ and networks/, call by call.
#include "genmi/backend.h"
#include "genmi/precomputed.h"
#include "networks/steps.h"

namespace genmi {
namespace {

class CpuBackend final : public Backend {
 public:
  const char* device() const override { return "cpu"; }

  Status measure(AnyMatrix features, const MeasureOptions& options, Storage storage, Precision precision,
                 const Context& context, AffinityPtr& out) const override {
    return measure_affinity(features, options, storage, precision, context, out);
  }
  Status precomputed(AnyMatrix matrix, Kind kind, bool metric, Precision precision, const Context& context,
                     AffinityPtr& out) const override {
    return precomputed_affinity(matrix, kind, metric, precision, context, out);
  }
  Status hops(const Affinity& distances, const HopOptions& options, const Context& context, HopReport& report,
              AffinityPtr& out) const override {
    return hop_affinity(distances, options, context, report, out);
  }
  std::unique_ptr<networks::Steps<float>> steps(const networks::Learner<float>& learner) const override {
    return networks::make_steps(learner);
  }
  std::unique_ptr<networks::Steps<double>> steps(const networks::Learner<double>& learner) const override {
    return networks::make_steps(learner);
  }
};

constexpr CpuBackend kCpu;

}  // namespace

const Backend& cpu_backend() { return kCpu; }

}  // namespace genmi
