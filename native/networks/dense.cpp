#include "networks/dense.h"

#include <algorithm>
#include <utility>

namespace genmi::networks {
namespace {

// About the weights that are transposed at a time, or more of them for many threads: 1 MB of float32.
constexpr std::size_t kStrip = std::size_t{1} << 18;

}  // namespace

template <class T>
Dense<T>::Dense(const std::string& name, std::size_t inputs, std::size_t outputs, simd::Activation activation,
                Bias bias)
    : inputs_(inputs),
      outputs_(outputs),
      activation_(activation),
      learns_bias_(bias == Bias::kLearned),
      weights_(name + ".weights", Parameter<T>::Kind::kWeights, inputs, outputs, simd::kFeaturePanel<T>),
      bias_(name + ".bias", Parameter<T>::Kind::kOffsets, 1, outputs, simd::kFeaturePanel<T>) {}

template <class T>
void Dense<T>::forward(const Passage& passage, const Context& context) {
  const Workspace::Frame frame(context.workspace);
  const MatrixView<T> x = passage.x;
  const auto activate = context.kernels.network<T>().activate[static_cast<std::size_t>(activation_)];
  const auto finish = [&](const simd::Tile<T>& tile, std::size_t row, std::size_t column) {
    activate(tile, bias_.values.data() + column);
    copy_tile(tile, row, column, x.rows, outputs_, passage.y);
  };
  multiply<T>(rows_in_panels(x, context), {weights_.values.data(), outputs_}, inputs_, context, finish);
}

template <class T>
void Dense<T>::backward(const Passage& passage, T* gradient, bool learn, const Context& context, T* by_input) {
  const std::size_t n = passage.x.rows;
  const auto differentiate = context.kernels.network<T>().differentiate[static_cast<std::size_t>(activation_)];
  if (activation_ != simd::Activation::kIdentity) differentiate(passage.y, n * outputs_, gradient);
  const MatrixView<T> by_sum{gradient, n, outputs_};  // dL/d(x W + b)

  if (learn) {
    add_weights_gradient(passage.x, by_sum, context);
    add_bias_gradient(by_sum, context);
  }
  if (by_input != nullptr) write_input_gradient(by_sum, context, by_input);
}

// dL/dx = dL/d(x W + b) W', for a strip of inputs at a time: the copy of its weights stays in a cache.
template <class T>
void Dense<T>::write_input_gradient(MatrixView<T> by_sum, const Context& context, T* by_input) const {
  const Workspace::Frame frame(context.workspace);
  // All threads have tiles of a strip.
  const std::size_t strip = std::max(context.slots(), kStrip / (outputs_ * kTileColumns<T>)) * kTileColumns<T>;
  const Panels<T> rows = rows_in_panels(by_sum, context);
  for (std::size_t first = 0; first < inputs_; first += strip) {
    const Workspace::Frame of_strip(context.workspace);
    const auto finish = [&](const simd::Tile<T>& tile, std::size_t row, std::size_t column) {
      copy_tile(tile, row, first + column, by_sum.rows, inputs_, by_input);
    };
    const Panels<T> weights = transposed_weights(first, std::min(strip, inputs_ - first), context);
    multiply<T>(rows, weights, outputs_, context, finish);
  }
}

// dL/dW = X' dL/d(X W).
template <class T>
void Dense<T>::add_weights_gradient(MatrixView<T> x, MatrixView<T> by_sum, const Context& context) {
  const Workspace::Frame frame(context.workspace);
  constexpr std::size_t kPanel = simd::kFeaturePanel<T>;
  const bool overwrite = std::exchange(weights_.unwritten, false);
  const auto finish = [&](const simd::Tile<T>& tile, std::size_t input, std::size_t output) {
    const std::size_t height = std::min(tile.rows, inputs_ - input);
    for (std::size_t j = 0; j < tile.columns; j += kPanel) {
      T* to = weights_.gradient.data() + weights_.place(input, output + j);
      const T* from = tile.entries + j;
      for (std::size_t i = 0; i < height; ++i, to += kPanel, from += tile.stride) {
        if (overwrite) copy_panel_row(from, to);
        else
          for (std::size_t lane = 0; lane < kPanel; ++lane) to[lane] += from[lane];
      }
    }
  };
  multiply<T>(columns_in_panels(x, context), columns_in_panels(by_sum, context), x.rows, context, finish);
}

// dL/db = the sum of dL/d(X W + b) over the samples.
template <class T>
void Dense<T>::add_bias_gradient(MatrixView<T> by_sum, const Context& context) {
  bias_.prepare_to_add();
  const auto add = [&](std::size_t first, std::size_t count, std::size_t) {
    T* const to = bias_.gradient.data() + first;
    for (std::size_t i = 0; i < by_sum.rows; ++i) {
      const T* const from = by_sum.row(i) + first;
      for (std::size_t k = 0; k < count; ++k) to[k] += from[k];
    }
  };
  context.for_each_range(outputs_, 256, 0.1 * static_cast<double>(by_sum.rows * outputs_), add);
}

// Some of W's rows in panels. Each panel of W is read from one end to the other.
template <class T>
Panels<T> Dense<T>::transposed_weights(std::size_t first, std::size_t count, const Context& context) const {
  constexpr std::size_t kPanel = simd::kFeaturePanel<T>;
  T* const panels = context.workspace.take<T>(padded<T>(count) * outputs_).data();
  const auto pack = context.kernels.pairwise<T>().pack;
  const auto pack_outputs = [&](std::size_t output, std::size_t outputs, std::size_t) {
    for (std::size_t begin = 0; begin < count; begin += kPanel) {
      const T* rows[kPanel] = {};
      for (std::size_t lane = 0; lane < std::min(kPanel, count - begin); ++lane)
        rows[lane] = weights_.values.data() + weights_.place(first + begin + lane, output);
      pack(rows, outputs, panels + begin * outputs_ + output * kPanel);
    }
  };
  context.for_each_range(outputs_, kPanel, static_cast<double>(count * outputs_), pack_outputs);
  return {panels, count};
}

template class Dense<float>;
template class Dense<double>;

}  // namespace genmi::networks
