// A generalised mutual information is a function of the predictions, to be maximised: the expected distance between a
// cluster's distribution and that of all data (one-vs-all), or between the distributions of two clusters (one-vs-one).
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

// The predictions of one step, and the sums of an evaluation: native/objectives/predictions.h.
template <class T>
class Batch;
template <class T>
struct Totals;
class DensityRatios;

// An estimate for a call with N samples and K clusters.
struct Cost {
  double operations = 0;  // up to a constant of the objective
  double bytes = 0;       // of scratch memory
};

class Objective {
 public:
  virtual ~Objective() = default;

  // Adds factor times the value to totals, and factor times the gradient if totals.with_gradient().
  virtual Status evaluate(const Batch<float>& batch, const Context& context, double factor,
                          Totals<float>& totals) const = 0;
  virtual Status evaluate(const Batch<double>& batch, const Context& context, double factor,
                          Totals<double>& totals) const = 0;

  // dI/dA for the entries of the affinity as free variables, N x N, for objectives that have one.
  virtual Status affinity_gradient(const DensityRatios& p, const Context& context, double* out) const;

  virtual Cost cost(std::size_t n, std::size_t k) const = 0;

  // An upper bound of |dI/dlog tau_ik| and |dI/dlog pi_k| / pi_k at any predictions of n samples. Clipped probabilities
  // are at least epsilon; logarithms of others are at least -logarithm. Infinite means unknown: gradients are then
  // checked before they are written.
  virtual double largest_slope(std::size_t, [[maybe_unused]] double epsilon, [[maybe_unused]] double logarithm) const {
    return std::numeric_limits<double>::infinity();
  }

  // The bytes that this objective holds between two evaluations.
  virtual std::size_t kept_bytes() const { return 0; }

  // The number of samples of the objective's affinity; 0 for objectives without an affinity.
  virtual std::size_t affinity_size() const { return 0; }

  // The largest number of a sample that the objective knows by its number, plus 1; 0 where it knows none.
  virtual std::size_t named_samples() const { return 0; }
};

using ObjectivePtr = std::shared_ptr<const Objective>;

// The arguments of an objective's constructor, by name.
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

// Each file of native/objectives registers its objectives by name; there is no other list. Registration allocates
// nothing, because a failure during static initialisation would end the process.
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
