// A network maps samples to logits: a chain of layers, and a linear skip connection where it has one.
#pragma once

#include <memory>
#include <vector>

#include "networks/layer.h"

namespace genmi::networks {

template <class T>
class Network {
 public:
  using Layers = std::vector<std::unique_ptr<Layer<T>>>;

  // Each layer's inputs are the outputs of the layer before. skip: from the inputs to the logits, or null.
  explicit Network(Layers layers, std::unique_ptr<Layer<T>> skip = nullptr);

  std::size_t inputs() const { return layers_.front()->inputs(); }
  std::size_t outputs() const { return layers_.back()->outputs(); }
  // The numbers that a pass has for each sample: the inputs and the outputs of all layers.
  std::size_t width() const;
  // The number of samples that the network knows one by one; 0: it takes any sample.
  std::size_t samples() const { return layers_.front()->samples(); }
  const Layers& layers() const { return layers_; }
  // Null without a skip connection.
  const Layer<T>* skip() const { return skip_.get(); }
  std::vector<Parameter<T>*> parameters();
  std::vector<Statistic<T>> statistics();
  // All that the network has learned: the values of its parameters, and the statistics of its layers.
  std::vector<std::span<T>> memory();

  // The activations of one forward pass, in memory of the workspace's frame.
  struct Pass {
    std::vector<typename Layer<T>::Passage> passages, skip;  // one for each layer; one or none
    std::span<T> logits;                                     // n x outputs()
  };
  // rows: the numbers of the samples, for networks with samples().
  Pass forward(MatrixView<T> x, Mode mode, const Context& context, Rows rows = {});

  // From dL/dlogits, which it overwrites: adds dL/dparameters to the parameters' gradients if `learn`, and writes
  // dL/dx to by_input unless it is null.
  void backward(const Pass& pass, std::span<T> gradient, bool learn, const Context& context, T* by_input = nullptr);

  void clear_gradients();
  // The same, for a call of backward() that learns and follows at once: it overwrites the gradients.
  void forget_gradients();

 private:
  Layers layers_;
  std::unique_ptr<Layer<T>> skip_;
};

}  // namespace genmi::networks
