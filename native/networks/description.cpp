#include "networks/description.h"

#include <cmath>

#include "networks/dense.h"
#include "networks/normalization.h"
#include "networks/table.h"

namespace genmi::networks {
namespace {

// Products of a width, a number of samples and the bytes of a number then stay below 2^63.
constexpr std::size_t kMostUnits = std::size_t{1} << 24, kMostSamples = 0x7fffffff;
constexpr double kMostWeights = 0x1p40;

Status check_size(const std::string& name, std::size_t size, std::size_t most) {
  if (size >= 1 && size <= most) return Status::ok();
  return {Code::kOutOfRange, explain(name, "an integer from 1 to " + std::to_string(most), std::to_string(size))};
}

Status check_initial(const Description& description) {
  const bool table = description.samples > 0;
  if (description.initial == (table ? InitialValues::kHe : InitialValues::kNormal))
    return {Code::kOutOfRange, explain("init", table ? "'uniform' or 'normal' for a table" : "'uniform' or 'he'",
                                       table ? "'he'" : "'normal'")};
  if (std::isfinite(description.head_scale)) return Status::ok();
  return {Code::kOutOfRange, explain("headScale", "a finite number", format(description.head_scale))};
}

Status check_layers(const Description& description) {
  if (Status status = check_size("inputs", description.inputs, kMostUnits); !status) return status;
  std::size_t below = description.inputs;
  double weights = 0;
  for (std::size_t l = 0; l < description.hidden.size(); ++l) {
    const std::size_t width = description.hidden[l].width;
    if (Status status = check_size("layers[" + std::to_string(l) + "].width", width, kMostUnits); !status)
      return status;
    weights += static_cast<double>(below) * static_cast<double>(width);
    below = width;
  }
  weights += static_cast<double>(below) * static_cast<double>(description.outputs);
  if (description.skip) weights += static_cast<double>(description.inputs) * static_cast<double>(description.outputs);
  if (weights <= kMostWeights) return Status::ok();
  return {Code::kOutOfRange, explain("layers", "at most 2^40 weights in all", format(weights), "use narrower layers")};
}

Status check(const Description& description) {
  if (Status status = check_size("outputs", description.outputs, kMostUnits); !status) return status;
  if (Status status = check_initial(description); !status) return status;
  if (description.samples == 0) return check_layers(description);
  return check_size("samples", description.samples, kMostSamples);
}

}  // namespace

template <class T>
Status make_network(const Description& description, std::unique_ptr<Network<T>>& out) {
  using simd::Activation;
  if (Status status = check(description); !status) return status;
  std::uint64_t random = description.seed;
  typename Network<T>::Layers layers;
  std::unique_ptr<Dense<T>> skip;
  const auto add = [&](std::string name, std::size_t inputs, std::size_t outputs, Activation activation,
                       double factor) {
    auto layer = std::make_unique<Dense<T>>(std::move(name), inputs, outputs, activation);
    draw(*layer, description.initial, factor, random);
    layers.push_back(std::move(layer));
  };
  if (description.samples > 0) {
    auto table = std::make_unique<Table<T>>("table", description.samples, description.outputs);
    draw(*table, description.initial, description.head_scale, random);
    layers.push_back(std::move(table));
  } else {
    std::size_t below = description.inputs;
    for (const Description::Hidden& hidden : description.hidden) {
      const std::string name = "hidden" + std::to_string(&hidden - description.hidden.data() + 1);
      add(name, below, hidden.width, hidden.normalised ? Activation::kIdentity : hidden.activation, 1);
      if (hidden.normalised)
        layers.push_back(std::make_unique<Normalization<T>>(name, hidden.width, hidden.activation));
      below = hidden.width;
    }
    add("head", below, description.outputs, Activation::kIdentity, description.head_scale);
    if (description.skip) {
      skip = std::make_unique<Dense<T>>("skip", description.inputs, description.outputs, Activation::kIdentity,
                                        Dense<T>::Bias::kNone);
      draw(*skip, description.initial, 1, random);
    }
  }
  out = std::make_unique<Network<T>>(std::move(layers), std::move(skip));
  return Status::ok();
}

template Status make_network(const Description&, std::unique_ptr<Network<float>>&);
template Status make_network(const Description&, std::unique_ptr<Network<double>>&);

}  // namespace genmi::networks
