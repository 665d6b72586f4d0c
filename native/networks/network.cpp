#include "networks/network.h"

#include <algorithm>

namespace genmi::networks {
namespace {

template <class T>
typename Layer<T>::Passage go_through(Layer<T>& layer, MatrixView<T> x, Mode mode, const Context& context, Rows rows) {
  const typename Layer<T>::Passage passage{x, context.workspace.take<T>(x.rows * layer.outputs()).data(),
                                           context.workspace.take<T>(layer.notes()), mode, rows};
  layer.forward(passage, context);
  return passage;
}

}  // namespace

template <class T>
Network<T>::Network(Layers layers, std::unique_ptr<Layer<T>> skip)
    : layers_(std::move(layers)), skip_(std::move(skip)) {}

template <class T>
std::size_t Network<T>::width() const {
  std::size_t sum = inputs();
  for (const auto& layer : layers_) sum += layer->outputs();
  return skip_ == nullptr ? sum : sum + 2 * outputs();
}

template <class T>
std::vector<Parameter<T>*> Network<T>::parameters() {
  std::vector<Parameter<T>*> all;
  const auto add = [&](Layer<T>& layer) {
    for (Parameter<T>* parameter : layer.parameters()) all.push_back(parameter);
  };
  for (const auto& layer : layers_) add(*layer);
  if (skip_ != nullptr) add(*skip_);
  return all;
}

template <class T>
std::vector<Statistic<T>> Network<T>::statistics() {
  std::vector<Statistic<T>> all;
  for (const auto& layer : layers_)
    for (Statistic<T>& statistic : layer->statistics()) all.push_back(std::move(statistic));
  return all;
}

template <class T>
std::vector<std::span<T>> Network<T>::memory() {
  std::vector<std::span<T>> all;
  for (Parameter<T>* parameter : parameters()) all.push_back(parameter->values);
  for (const Statistic<T>& statistic : statistics()) all.push_back(statistic.numbers);
  return all;
}

template <class T>
typename Network<T>::Pass Network<T>::forward(MatrixView<T> x, Mode mode, const Context& context, Rows rows) {
  Pass pass;
  MatrixView<T> last = x;
  for (const auto& layer : layers_) {
    pass.passages.push_back(go_through(*layer, last, mode, context, rows));
    last = {pass.passages.back().y, x.rows, layer->outputs()};
  }
  pass.logits = {pass.passages.back().y, x.rows * outputs()};
  if (skip_ == nullptr) return pass;
  pass.skip.push_back(go_through(*skip_, x, mode, context, rows));
  // Not in place: an activation of the last layer needs its own output to go back.
  const T* const chain = pass.logits.data();
  pass.logits = context.workspace.take<T>(pass.logits.size());
  for (std::size_t at = 0; at < pass.logits.size(); ++at) pass.logits[at] = chain[at] + pass.skip[0].y[at];
  return pass;
}

template <class T>
void Network<T>::backward(const Pass& pass, std::span<T> gradient, bool learn, const Context& context, T* by_input) {
  const Workspace::Frame frame(context.workspace);
  const std::size_t n = pass.passages[0].x.rows, inputs_size = n * inputs();
  std::span<T> by_skip;  // dL/dx through the skip connection
  if (skip_ != nullptr) {
    const std::span<T> copy = context.workspace.take<T>(gradient.size());
    std::copy(gradient.begin(), gradient.end(), copy.begin());
    if (by_input != nullptr) by_skip = context.workspace.take<T>(inputs_size);
    skip_->backward(pass.skip[0], copy.data(), learn, context, by_input == nullptr ? nullptr : by_skip.data());
  }
  T* by_output = gradient.data();
  std::size_t room = gradient.size();  // the numbers that by_output's memory holds
  for (std::size_t l = layers_.size(); l-- > 0;) {
    const std::size_t size = n * layers_[l]->inputs();
    T* below = l == 0 ? by_input : by_output;
    if (l > 0 && size > room) {
      below = context.workspace.take<T>(size).data();
      room = size;
    }
    layers_[l]->backward(pass.passages[l], by_output, learn, context, below);
    by_output = below;
  }
  for (std::size_t at = 0; at < by_skip.size(); ++at) by_input[at] += by_skip[at];
}

template <class T>
void Network<T>::clear_gradients() {
  forget_gradients();
  for (Parameter<T>* parameter : parameters()) parameter->prepare_to_add();
}

template <class T>
void Network<T>::forget_gradients() {
  for (Parameter<T>* parameter : parameters()) parameter->unwritten = true;
}

template class Network<float>;
template class Network<double>;

}  // namespace genmi::networks
