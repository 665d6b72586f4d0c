#include "node/optimizer_handle.h"

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "node/arguments.h"
#include "node/environment.h"
#include "node/network_handle.h"

namespace genmi::node {
namespace {

template <class T>
using OptimizerPtr = std::unique_ptr<networks::Optimizer<T>>;

// new Optimizer(network, options): of one network, whose parameters it changes
class OptimizerHandle final : public Handle {
 public:
  static constexpr HandleClass kClass = HandleClass::kOptimizer;
  static constexpr const char* kName = "Optimizer";
  static constexpr const char* kExpected = "an Optimizer of this copy of genmi";

  explicit OptimizerHandle(const Napi::CallbackInfo& info)
      : network_(NetworkHandle::state(info[0])), charge_(Environment::of(info.Env()).memory) {
    const networks::OptimizerOptions options = read_optimizer(object_argument(info[1], "optimizer"));
    network_->check_open(info.Env());
    const auto make = [&]<class T>(NetworkParts<T>& all) {
      optimizer_ = std::make_unique<networks::Optimizer<T>>(options, all.network->parameters());
    };
    std::visit(make, network_->parts);
    charge_.set(network_->bytes);  // two moments of each parameter: as much as values and gradients
  }

  // step(share): changes the network along the gradients of its backward passes, and clears these
  void step(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const double share = number_argument(info[0], "learningRate");
    network_->begin_change(env);
    Environment& environment = Environment::of(env);
    const auto go = [&]<class T>(NetworkParts<T>& all) {
      const Context context{environment.workspace, environment.pool.get(), environment.threads, nullptr,
                            simd::kernels(environment.isa)};
      std::get<OptimizerPtr<T>>(optimizer_)->step(context, share);
      all.network->clear_gradients();
    };
    std::visit(go, network_->parts);
    network_->forget_pass();
  }

 private:
  NetworkStatePtr network_;
  std::variant<OptimizerPtr<float>, OptimizerPtr<double>> optimizer_;
  Charge charge_;
};

}  // namespace

networks::OptimizerOptions read_optimizer(const Napi::Object& object) {
  using Rule = networks::OptimizerOptions::Rule;
  networks::OptimizerOptions options;
  const std::string rule = text_option(object, "rule");
  options.rule = rule == "sgd" ? Rule::kSgd : rule == "rmsprop" ? Rule::kRmsprop : Rule::kAdam;
  options.rate = number_option(object, "rate").value_or(options.rate);
  options.first = number_option(object, "first").value_or(options.first);
  options.second = number_option(object, "second").value_or(options.second);
  options.epsilon = number_option(object, "epsilon").value_or(options.epsilon);
  options.corrected_epsilon = flag_option(object, "correctedEpsilon");
  options.decay = number_option(object, "decay").value_or(0);
  options.largest_norm = number_option(object, "largestNorm").value_or(0);
  return options;
}

void define_optimizer(Napi::Env env, Napi::Object exports) {
  exports.Set("Optimizer",
              define_class<OptimizerHandle>(env, {method<OptimizerHandle, &OptimizerHandle::step>("step")}));
}

}  // namespace genmi::node
