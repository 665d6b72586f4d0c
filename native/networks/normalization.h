// Batch normalisation: y = f(scale (x - mean) / sqrt(variance + epsilon) + shift), column by column.
// Source: Ioffe, Szegedy, "Batch normalization: accelerating deep network training", 2015, algorithm 1.
#pragma once

#include "networks/layer.h"
#include "simd/network_kernels.h"

namespace genmi::networks {

template <class T>
class Normalization final : public Layer<T> {
 public:
  Normalization(std::string name, std::size_t width, simd::Activation activation);

  Form form() const override { return {Form::Kind::kNormalization, false, activation_}; }
  std::size_t inputs() const override { return width_; }
  std::size_t outputs() const override { return width_; }
  std::vector<Parameter<T>*> parameters() override { return {&scale_, &shift_}; }
  std::size_t notes() const override { return 2 * width_; }

  // The mean and the variance of all batches so far: each new one replaces the share kMomentum of them.
  std::vector<Statistic<T>> statistics() override {
    return {{name_ + ".mean", running_mean_}, {name_ + ".variance", running_variance_}};
  }

  using Passage = typename Layer<T>::Passage;
  void forward(const Passage& passage, const Context& context) override;
  void backward(const Passage& passage, T* gradient, bool learn, const Context& context, T* by_input) override;

 private:
  // The notes of a passage: the mean of each column, and 1 / sqrt(variance + epsilon).
  std::span<T> mean(const Passage& passage) const { return passage.notes.first(width_); }
  std::span<T> inverse_deviation(const Passage& passage) const { return passage.notes.last(width_); }
  void measure_batch(const Passage& passage, std::size_t first, std::size_t count);

  std::string name_;
  std::size_t width_;
  simd::Activation activation_;
  Parameter<T> scale_, shift_;
  AlignedVector<T> running_mean_, running_variance_;
};

}  // namespace genmi::networks
