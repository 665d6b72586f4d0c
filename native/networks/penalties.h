// Penalties on one or two matrices of weights, whose rows belong to input features. A smooth penalty adds its gradient
// before an update. Others follow the update with a proximal step, which sets whole groups of input features to 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "genmi/context.h"
#include "genmi/matrix.h"
#include "genmi/status.h"
#include "networks/layer.h"
#include "networks/samples.h"

namespace genmi::networks {

// A part of the loss that depends on the parameters alone.
template <class T>
class Penalty {
 public:
  virtual ~Penalty() = default;

  // The part's value. Called after an update.
  virtual double value(const Context& context) const = 0;
  // Adds the value's gradient to the gradients of the parameters, where the penalty is smooth.
  virtual void add_gradient(const Context&) {}
  // The proximal step that follows an update of this learning rate, where the penalty is not smooth.
  virtual void shrink([[maybe_unused]] double rate, const Context&) {}
};

// Disjoint sets of input features, which together are all of them.
using Groups = std::vector<std::vector<std::size_t>>;

// Makes groups of lists of features; features in no list become groups of their own. kOutOfRange for a feature that is
// twice in the lists or out of range.
Status make_groups(const std::vector<std::vector<std::int32_t>>& lists, std::size_t features, Groups& out);

// The group lasso, alpha sum_g |W_g| for the rows of a group's features. The proximal step with t = alpha rate is
// W_g <- W_g max(|W_g| - t, 0) / |W_g|.
// Source: Yuan, Lin, "Model selection and estimation in regression with grouped variables", 2006.
template <class T>
class GroupLasso final : public Penalty<T> {
 public:
  // Keeps a reference to the weights.
  GroupLasso(Parameter<T>& weights, Groups groups, double alpha)
      : weights_(weights), groups_(std::move(groups)), alpha_(alpha) {}

  double value(const Context& context) const override;
  void shrink(double rate, const Context& context) override;

 private:
  Parameter<T>& weights_;
  Groups groups_;
  double alpha_;
};

// The hierarchical penalty of LassoNet: alpha sum_g |S_g| for the skip connection's rows S, with hidden weights that
// are at most M |S_g|. A feature without a skip connection has no hidden weights either. Source: Lemhadri et al.,
// "LassoNet: a neural network with feature sparsity", 2021, algorithm 3.
template <class T>
class HierarchicalLasso final : public Penalty<T> {
 public:
  // Keeps references to the weights of the skip connection and of the first hidden layer: one row for each input.
  HierarchicalLasso(Parameter<T>& skip, Parameter<T>& hidden, Groups groups, double alpha, double m)
      : skip_(skip), hidden_(hidden), groups_(std::move(groups)), alpha_(alpha), m_(m) {}

  double value(const Context& context) const override;
  // The exact minimiser of |v - b|^2 / 2 + |u - h|^2 / 2 + alpha rate |b| over all b and h with |h|_inf <= M |b|, for
  // the weights v of the skip connection and u of the hidden layer. For v = 0 it is b = 0, h = 0.
  void shrink(double rate, const Context& context) override;

 private:
  Parameter<T>&skip_, &hidden_;
  Groups groups_;
  double alpha_, m_;
};

// The penalty of a kernel machine, factor tr(W' K W) for the N x N kernel K of all samples; gradient 2 factor K W. It
// costs O(N^2 K) a step, for any batch.
template <class T>
class KernelNorm final : public Penalty<T> {
 public:
  // kernel: symmetric, with as many rows as the weights. Keeps references to both.
  KernelNorm(Parameter<T>& weights, const Samples& kernel, double factor)
      : weights_(weights), kernel_(kernel), factor_(factor) {}

  double value(const Context& context) const override;
  void add_gradient(const Context& context) override;

 private:
  // K W, in the workspace's frame.
  MatrixView<T> product(const Context& context) const;

  Parameter<T>& weights_;
  const Samples& kernel_;
  double factor_;
};

}  // namespace genmi::networks
