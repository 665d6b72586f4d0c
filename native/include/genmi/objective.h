// A generalised mutual information: the expected distance between what the clusters look like and what the data look
// like (one-vs-all), or between the clusters (one-vs-one), as a function of the predictions. It is maximised.
//
//   one-vs-all   I = sum_k pi_k Distance(p(x | k), p(x))
//   one-vs-one   I = sum_a sum_b pi_a pi_b Distance(p(x | a), p(x | b))
//
// Source: Ohl et al., "Generalised Mutual Information: a Framework for Discriminative Clustering", eq. (7) and (8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "genmi/context.h"
#include "genmi/shared_affinity.h"
#include "genmi/status.h"

namespace genmi {

// One call's predictions and what an evaluation adds up: native/objectives/predictions.h.
template <class T>
class Batch;
template <class T>
struct Totals;
class DensityRatios;

// What a call with N samples and K clusters will need.
struct Cost {
  double operations = 0;  // up to a constant of the objective
  double bytes = 0;       // of scratch memory
};

class Objective {
 public:
  virtual ~Objective() = default;

  // Adds factor times the value, and the gradient where totals has room for one.
  virtual Status evaluate(const Batch<float>& batch, const Context& context, double factor,
                          Totals<float>& totals) const = 0;
  virtual Status evaluate(const Batch<double>& batch, const Context& context, double factor,
                          Totals<double>& totals) const = 0;

  // dI/dA for the entries of the affinity as free variables, N x N, for objectives that have one.
  virtual Status affinity_gradient(const DensityRatios& p, const Context& context, double* out) const;

  virtual Cost cost(std::size_t n, std::size_t k) const = 0;

  // A bound of |dI/dlog tau_ik| and |dI/dlog pi_k| / pi_k, at any predictions of n samples whose probabilities are at
  // least epsilon where they are clipped, and their logarithms at least -logarithm where not. Infinite: unknown, so
  // that gradients are checked before they are written.
  virtual double largest_slope(std::size_t, [[maybe_unused]] double epsilon, [[maybe_unused]] double logarithm) const {
    return std::numeric_limits<double>::infinity();
  }

  // How much memory it holds between two evaluations.
  virtual std::size_t kept_bytes() const { return 0; }

  // How many samples its affinity knows; 0 for objectives that need none.
  virtual std::size_t affinity_size() const { return 0; }
};

using ObjectivePtr = std::shared_ptr<const Objective>;

// What the constructor of an objective was given, by name.
class Parameters {
 public:
  struct Term {
    ObjectivePtr objective;
    double factor;
  };
  using Value = std::variant<double, std::string, SharedAffinityPtr, std::vector<Term>, std::vector<std::int32_t>>;

  void set(const std::string& name, Value value) { values_[name] = std::move(value); }
  double number(const std::string& name, double otherwise) const { return get<double>(name, otherwise); }
  bool flag(const std::string& name) const { return number(name, 0) != 0; }
  std::string text(const std::string& name) const { return get<std::string>(name, {}); }
  SharedAffinityPtr affinity() const { return get<SharedAffinityPtr>("affinity", nullptr); }
  bool one_vs_one() const { return text("mode") == "ovo"; }

  template <class T>
  T get(const std::string& name, T otherwise) const {
    const auto found = values_.find(name);
    const T* value = found == values_.end() ? nullptr : std::get_if<T>(&found->second);
    return value == nullptr ? otherwise : *value;
  }

 private:
  std::map<std::string, Value> values_;
};

// Each file of native/objectives registers what it makes under a name; nothing else lists them. Registration allocates
// nothing: a failure while static objects are made would end the process.
class ObjectiveFactory {
 public:
  using Make = Status (*)(const Parameters&, ObjectivePtr&);

  ObjectiveFactory(const char* name, Make make);
  static std::vector<std::string> names();
  static Status make(const std::string& name, const Parameters& parameters, ObjectivePtr& out);

 private:
  const char* name_;
  Make make_;
  const ObjectiveFactory* next_;
};

}  // namespace genmi
