// A dense layer: y = f(x W + b), with an activation f.
#pragma once

#include "networks/layer.h"
#include "networks/product.h"

namespace genmi::networks {

template <class T>
class Dense final : public Layer<T> {
 public:
  enum class Bias { kLearned, kNone };

  Dense(const std::string& name, std::size_t inputs, std::size_t outputs, simd::Activation activation,
        Bias bias = Bias::kLearned);

  Form form() const override { return {Form::Kind::kDense, learns_bias_, activation_}; }
  std::size_t inputs() const override { return inputs_; }
  std::size_t outputs() const override { return outputs_; }
  std::vector<Parameter<T>*> parameters() override {
    if (learns_bias_) return {&weights_, &bias_};
    return {&weights_};
  }

  using Passage = typename Layer<T>::Passage;
  void forward(const Passage& passage, const Context& context) override;
  void backward(const Passage& passage, T* gradient, bool learn, const Context& context, T* by_input) override;

 private:
  void add_weights_gradient(MatrixView<T> x, MatrixView<T> by_sum, const Context& context);
  void add_bias_gradient(MatrixView<T> by_sum, const Context& context);
  void write_input_gradient(MatrixView<T> by_sum, const Context& context, T* by_input) const;
  Panels<T> transposed_weights(std::size_t first, std::size_t count, const Context& context) const;

  std::size_t inputs_, outputs_;
  simd::Activation activation_;
  bool learns_bias_;
  Parameter<T> weights_, bias_;  // in the panels of products: the lanes beyond the last output stay 0
};

}  // namespace genmi::networks
