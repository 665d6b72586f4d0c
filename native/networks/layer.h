// A layer maps the activations of a batch to the next ones. Its backward pass is written by hand, beside its forward
// pass. A layer knows neither its neighbours nor an objective.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "genmi/aligned_vector.h"
#include "genmi/context.h"
#include "genmi/matrix.h"

namespace genmi::networks {

// An array that is learned, and the gradient of the loss with respect to it. Both have the layer's own order of
// numbers, which optimisers need not know.
template <class T>
struct Parameter {
  enum class Kind { kWeights, kOffsets };  // penalties and decay concern weights alone

  std::string name;
  Kind kind;
  AlignedVector<T> values, gradient;

  Parameter(std::string name_, Kind kind_, std::size_t size)
      : name(std::move(name_)), kind(kind_), values(size), gradient(size) {}
};

// Where the means and variances of normalisations come from: the batch, and the layer remembers them; the batch; or all
// batches so far.
enum class Mode { kTraining, kFrozen, kPrediction };

template <class T>
class Layer {
 public:
  virtual ~Layer() = default;

  virtual std::size_t inputs() const = 0;
  virtual std::size_t outputs() const = 0;
  virtual std::vector<Parameter<T>*> parameters() { return {}; }
  // Numbers that forward passes in training change: with the parameters they are all that a layer remembers.
  virtual std::vector<std::span<T>> statistics() { return {}; }
  // The number of values that a forward pass leaves for its backward pass, besides x and y.
  virtual std::size_t notes() const { return 0; }

  // One pass through the layer, of n rows. The caller owns all memory.
  struct Passage {
    MatrixView<T> x;     // n x inputs()
    T* y;                // n x outputs()
    std::span<T> notes;  // notes() numbers
    Mode mode;
  };
  // y = the layer's output for x.
  virtual void forward(const Passage& passage, const Context& context) = 0;
  // From `gradient` = dL/dy, which it overwrites: adds dL/dparameters to the parameters' gradients if `learn`, and
  // writes dL/dx, n x inputs(), to by_input unless it is null.
  virtual void backward(const Passage& passage, T* gradient, bool learn, const Context& context, T* by_input) = 0;
};

}  // namespace genmi::networks
