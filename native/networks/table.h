// A table of logits, a row for each sample of the data: the model of a categorical distribution for each sample,
// without features. It predicts no other samples.
#pragma once

#include "networks/layer.h"

namespace genmi::networks {

template <class T>
class Table final : public Layer<T> {
 public:
  Table(const std::string& name, std::size_t samples, std::size_t outputs)
      : logits_(name + ".logits", Parameter<T>::Kind::kWeights, samples, outputs, outputs) {}

  std::size_t inputs() const override { return 0; }
  std::size_t outputs() const override { return logits_.columns; }
  std::size_t samples() const override { return logits_.rows; }
  std::vector<Parameter<T>*> parameters() override { return {&logits_}; }

  using Passage = typename Layer<T>::Passage;
  void forward(const Passage& passage, const Context& context) override;
  void backward(const Passage& passage, T* gradient, bool learn, const Context& context, T* by_input) override;

 private:
  Parameter<T> logits_;  // row by row
};

}  // namespace genmi::networks
