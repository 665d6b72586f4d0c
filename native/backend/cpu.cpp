// The backend of the CPU: the rooms affinity/ and networks/, call by call.
#include <utility>
#include <vector>

#include "genmi/backend.h"
#include "genmi/precomputed.h"
#include "networks/steps.h"

namespace genmi {
namespace {

template <class T>
std::vector<T> numbers_of(const Bytes& bytes) {
  std::vector<T> numbers(bytes.rows * bytes.columns);
  for (std::size_t at = 0; at < numbers.size(); ++at) numbers[at] = static_cast<T>(bytes.number(bytes.data[at]));
  return numbers;
}

class CpuBackend final : public Backend {
 public:
  const char* device() const override { return "cpu"; }

  Status measure(AnyMatrix features, const MeasureOptions& options, Storage storage, Precision precision,
                 const Context& context, AffinityPtr& out) const override {
    return measure_affinity(features, options, storage, precision, context, out);
  }
  Status measure_bytes(const Bytes& features, std::shared_ptr<const void> owner, const MeasureOptions& options,
                       Storage storage, Precision precision, const Context& context, AffinityPtr& out) const override {
    if (keeps_bytes(features, options, storage, precision))
      return genmi::measure_bytes(features, std::move(owner), options, out);
    return Backend::measure_bytes(features, std::move(owner), options, storage, precision, context, out);
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

Status Backend::measure_bytes(const Bytes& features, std::shared_ptr<const void>, const MeasureOptions& options,
                              Storage storage, Precision precision, const Context& context, AffinityPtr& out) const {
  const auto measured = [&]<class T>(const std::vector<T>& numbers) {
    const MatrixView<T> view{numbers.data(), features.rows, features.columns};
    return measure(view, options, storage, precision, context, out);
  };
  return precision == Precision::kFloat32 ? measured(numbers_of<float>(features))
                                          : measured(numbers_of<double>(features));
}

const Backend& cpu_backend() { return kCpu; }

}  // namespace genmi
