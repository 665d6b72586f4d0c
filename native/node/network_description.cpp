#include "node/network_description.h"

#include <cstdint>
#include <string>
#include <utility>

#include "networks/dense.h"
#include "networks/initial_values.h"
#include "networks/normalization.h"
#include "node/arguments.h"
#include "node/errors.h"

namespace genmi::node {
namespace {

simd::Activation activation_option(const Napi::Object& options) {
  const std::string name = text_option(options, "activation");
  return name == "relu"   ? simd::Activation::kRelu
         : name == "tanh" ? simd::Activation::kTanh
                          : simd::Activation::kIdentity;
}

std::size_t size_option(const Napi::Object& options, const char* name) {
  const std::size_t size = size_argument(options.Get(name), name);
  if (size == 0) throw to_error(options.Env(), {Code::kOutOfRange, explain(name, "an integer >= 1", "0")});
  return size;
}

}  // namespace

template <class T>
std::unique_ptr<networks::Network<T>> build_network(const Napi::Object& description) {
  using networks::Dense;
  const auto init =
      text_option(description, "init") == "he" ? networks::InitialValues::kHe : networks::InitialValues::kUniform;
  const double head = number_option(description, "headScale").value_or(1);
  auto random = static_cast<std::uint64_t>(size_argument(description.Get("seed"), "seed"));
  const std::size_t inputs = size_option(description, "inputs"), outputs = size_option(description, "outputs");
  const Napi::Value list = description.Get("layers");
  if (!list.IsArray())
    throw to_error(description.Env(), {Code::kInvalidType, explain("layers", "an array", "another value")});
  typename networks::Network<T>::Layers layers;
  std::size_t last = inputs;
  const auto add = [&](std::string name, std::size_t width, simd::Activation activation, double factor) {
    auto layer = std::make_unique<Dense<T>>(std::move(name), last, width, activation);
    networks::draw(*layer, init, factor, random);
    layers.push_back(std::move(layer));
    last = width;
  };
  const auto all = list.As<Napi::Array>();
  for (std::uint32_t l = 0; l < all.Length(); ++l) {
    const Napi::Object layer = object_argument(all.Get(l), "layers");
    const std::string name = "hidden" + std::to_string(l + 1);
    const simd::Activation activation = activation_option(layer);
    const bool normalized = flag_option(layer, "normalization");
    const std::size_t width = size_option(layer, "width");
    add(name, width, normalized ? simd::Activation::kIdentity : activation, 1);
    if (normalized) layers.push_back(std::make_unique<networks::Normalization<T>>(name, width, activation));
  }
  add("head", outputs, simd::Activation::kIdentity, head);
  std::unique_ptr<networks::Layer<T>> skip;
  if (flag_option(description, "skip")) {
    auto layer = std::make_unique<Dense<T>>("skip", inputs, outputs, simd::Activation::kIdentity);
    networks::draw(*layer, networks::InitialValues::kUniform, 1, random);
    skip = std::move(layer);
  }
  return std::make_unique<networks::Network<T>>(std::move(layers), std::move(skip));
}

template std::unique_ptr<networks::Network<float>> build_network(const Napi::Object&);
template std::unique_ptr<networks::Network<double>> build_network(const Napi::Object&);

}  // namespace genmi::node
