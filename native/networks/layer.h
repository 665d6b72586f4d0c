// A layer maps the activations of a batch to the next ones. Its backward pass is written by hand, beside its forward
// pass. A layer knows neither its neighbours nor an objective.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "genmi/aligned_vector.h"
#include "genmi/context.h"
#include "genmi/matrix.h"
#include "genmi/rows.h"
#include "simd/network_kernels.h"

namespace genmi::networks {

// A matrix that is learned, and the gradient of the loss with respect to it. Both have the layer's own order of
// numbers, which optimisers need not know: panels of `panel` columns, each row by row, the last one padded with zeros.
template <class T>
struct Parameter {
  enum class Kind { kWeights, kOffsets };  // penalties and decay concern weights alone

  std::string name;
  Kind kind;
  std::size_t rows, columns, panel;
  AlignedVector<T> values, gradient;
  bool unwritten = false;  // the gradient counts as 0, whatever its numbers are

  Parameter(std::string name_, Kind kind_, std::size_t rows_, std::size_t columns_, std::size_t panel_)
      : name(std::move(name_)),
        kind(kind_),
        rows(rows_),
        columns(columns_),
        panel(panel_),
        values(rows_ * ((columns_ + panel_ - 1) / panel_ * panel_)),
        gradient(values.size()) {}

  void prepare_to_add() {
    if (unwritten) std::fill(gradient.begin(), gradient.end(), T{0});
    unwritten = false;
  }

  // The place of an entry among the numbers.
  std::size_t place(std::size_t row, std::size_t column) const {
    return (column / panel * rows + row) * panel + column % panel;
  }
};

// Numbers that forward passes in training change.
template <class T>
struct Statistic {
  std::string name;
  std::span<T> numbers;
};

// Where the means and variances of normalisations come from: the batch, and the layer remembers them; the batch; or all
// batches so far.
enum class Mode { kTraining, kFrozen, kPrediction };

// The kind of a layer, by which a device chooses its kernels. kOther keeps the network on the CPU.
struct Form {
  enum class Kind { kDense, kNormalization, kOther };

  Kind kind = Kind::kOther;
  bool has_bias = false;  // of a dense layer
  simd::Activation activation = simd::Activation::kIdentity;
};

template <class T>
class Layer {
 public:
  virtual ~Layer() = default;

  virtual Form form() const { return {}; }

  virtual std::size_t inputs() const = 0;
  virtual std::size_t outputs() const = 0;
  // The number of samples that the layer knows one by one; 0: it takes any sample.
  virtual std::size_t samples() const { return 0; }
  virtual std::vector<Parameter<T>*> parameters() { return {}; }
  // With the parameters, they are all that a layer remembers.
  virtual std::vector<Statistic<T>> statistics() { return {}; }
  // The number of values that a forward pass leaves for its backward pass, besides x and y.
  virtual std::size_t notes() const { return 0; }

  // One pass through the layer, of n rows. The caller owns all memory.
  struct Passage {
    MatrixView<T> x;     // n x inputs()
    T* y;                // n x outputs()
    std::span<T> notes;  // notes() numbers
    Mode mode;
    Rows rows;  // the numbers of the samples, for layers with samples()
  };
  // y = the layer's output for x.
  virtual void forward(const Passage& passage, const Context& context) = 0;
  // From `gradient` = dL/dy, which it overwrites: adds dL/dparameters to the parameters' gradients if `learn`, and
  // writes dL/dx, n x inputs(), to by_input unless it is null. by_input may be `gradient`.
  virtual void backward(const Passage& passage, T* gradient, bool learn, const Context& context, T* by_input) = 0;
};

}  // namespace genmi::networks
