// Networks, objectives and data of tests that train.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "genmi/backend.h"
#include "genmi/evaluation.h"
#include "genmi/measured.h"
#include "genmi/shared_affinity.h"
#include "networks/dense.h"
#include "networks/normalization.h"
#include "networks/training.h"
#include "random.h"

namespace genmi::networks {
using simd::Activation;
using test::gaussians;
using test::Generator;

template <class T>
using NetworkPtr = std::unique_ptr<Network<T>>;

// widths[0]-widths[1]-…, relu, with normalisation and a skip connection where wanted.
template <class T>
NetworkPtr<T> make_network(const std::vector<std::size_t>& widths, bool normalise, bool skip, std::uint64_t seed = 3) {
  Generator random(seed);
  typename Network<T>::Layers layers;
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    const bool last = l + 2 == widths.size();
    const Activation own = last || normalise ? Activation::kIdentity : Activation::kRelu;
    layers.push_back(std::make_unique<Dense<T>>("layer", widths[l], widths[l + 1], own));
    if (normalise && !last)
      layers.push_back(std::make_unique<Normalization<T>>("norm", widths[l + 1], Activation::kRelu));
  }
  std::unique_ptr<Layer<T>> straight;
  if (skip)
    straight =
        std::make_unique<Dense<T>>("skip", widths.front(), widths.back(), Activation::kIdentity, Dense<T>::Bias::kNone);
  auto network = std::make_unique<Network<T>>(std::move(layers), std::move(straight));
  for (Parameter<T>* parameter : network->parameters())
    for (std::size_t row = 0; row < parameter->rows; ++row)
      for (std::size_t column = 0; column < parameter->columns; ++column)
        parameter->values[parameter->place(row, column)] = static_cast<T>(gaussians(random, 1, 0.4)[0]);
  return network;
}

inline ObjectivePtr make_objective(const std::string& name, const Parameters& parameters) {
  ObjectivePtr objective;
  EXPECT_TRUE(ObjectiveFactory::make(name, parameters, objective));
  return objective;
}

inline ObjectivePtr total_variation() {
  Parameters parameters;
  parameters.set("f", std::string("tv"));
  parameters.set("mode", std::string("ova"));
  return make_objective("f-divergence", parameters);
}

template <class T>
ObjectivePtr linear_mmd(const std::vector<T>& x, std::size_t n, const Context& context) {
  AffinityPtr kernel;
  MeasureOptions linear;
  linear.name = "linear";
  EXPECT_TRUE(measure_affinity(MatrixView<T>{x.data(), n, x.size() / n}, linear, Storage::kDense,
                               sizeof(T) == 8 ? Precision::kFloat64 : Precision::kFloat32, context, kernel));
  Parameters parameters;
  parameters.set("affinity", SharedAffinityPtr(std::make_shared<SharedAffinity>(kernel)));
  parameters.set("mode", std::string("ova"));
  return make_objective("mmd", parameters);
}

// All bits that a network has learned.
template <class T>
std::vector<std::byte> bits(Network<T>& network) {
  std::vector<std::byte> all;
  for (const std::span<T> numbers : network.memory()) {
    const auto bytes = std::as_bytes(numbers);
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  return all;
}

inline const auto go_on = [](const Epoch&) { return true; };

class TrainingTest : public testing::Test {
 protected:
  static constexpr std::size_t kSamples = 47, kFeatures = 5;

  explicit TrainingTest(const Backend& backend = cpu_backend())
      : context_{workspace_, nullptr, 1, nullptr, simd::default_kernels(), backend} {
    options_.epochs = 6;
    options_.batch_size = 10;
    options_.seed = 11;
    options_.schedule = Schedule::kLinear;
    options_.optimizer.rate = 0.02;
    const std::vector<double> numbers = gaussians(random_, kSamples * kFeatures);
    x_.assign(numbers.begin(), numbers.end());
  }
  Samples samples() const { return Samples(MatrixView<float>{x_.data(), kSamples, kFeatures}); }
  NetworkPtr<float> network() const { return make_network<float>({kFeatures, 9, 4}, true, true); }

  Generator random_{19};
  Workspace workspace_;
  Context context_;
  std::vector<float> x_;
  TrainingOptions options_;
};

// An objective that calls a function before each evaluation, to see and disturb a run.
class Watched final : public Objective {
 public:
  Watched(ObjectivePtr objective, std::function<Status()> before) : objective_(objective), before_(before) {}

  Status evaluate(const Batch<float>& batch, const Context& context, double factor,
                  Totals<float>& totals) const override {
    if (Status status = before_(); !status) return status;
    return objective_->evaluate(batch, context, factor, totals);
  }
  Status evaluate(const Batch<double>& batch, const Context& context, double factor,
                  Totals<double>& totals) const override {
    if (Status status = before_(); !status) return status;
    return objective_->evaluate(batch, context, factor, totals);
  }
  Cost cost(std::size_t n, std::size_t k) const override { return objective_->cost(n, k); }

 private:
  ObjectivePtr objective_;
  std::function<Status()> before_;
};

}  // namespace genmi::networks
