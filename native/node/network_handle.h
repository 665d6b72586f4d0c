// Networks as JavaScript objects. V8 knows the size of their native memory.
#pragma once

#include <napi.h>

#include <memory>
#include <optional>
#include <variant>

#include "genmi/workspace.h"
#include "networks/network.h"
#include "node/handle.h"
#include "node/held_memory.h"

namespace genmi::node {

// A network, and the last forward pass of a loop that JavaScript runs.
template <class T>
struct NetworkParts {
  std::unique_ptr<networks::Network<T>> network;  // null after dispose()
  Workspace workspace;
  std::optional<Workspace::Frame> frame;  // of the pass
  std::optional<typename networks::Network<T>::Pass> pass;

  void forget_pass() {
    pass.reset();
    frame.reset();
  }
};

// The training that a network was in last. It may still need the network as it is, for a snapshot.
class LastTraining {
 public:
  virtual ~LastTraining() = default;
  // Called once, before the network changes.
  virtual void keep_snapshot() = 0;
};

// What the handle shares with calls, optimisers and trainings. JavaScript's thread alone uses it; a running call uses
// the network itself, which stays as it is meanwhile: a call may only begin where the checks let it.
struct NetworkState {
  explicit NetworkState(HeldMemoryPtr memory) : charge(std::move(memory)) {}

  std::variant<NetworkParts<float>, NetworkParts<double>> parts;
  std::size_t readers = 0;   // asynchronous calls that read the network
  bool in_training = false;  // from the start of a training to its end
  bool changing = false;     // an asynchronous call changes the network
  std::size_t bytes = 0;     // of the network itself
  Charge charge;

  std::weak_ptr<LastTraining> last_training;

  // Throw where the network was disposed of, or where it may not be read, or changed, now.
  void check_open(Napi::Env env) const;
  void check_readable(Napi::Env env) const;
  // The same for the training that the network is in.
  void check_trainable(Napi::Env env) const;
  // Must be called before each change, except by a training.
  void begin_change(Napi::Env env);
  // From now on a training alone changes the network. It begins once no call reads the network.
  void begin_training(Napi::Env env);

  void forget_pass();
  void dispose();
};
using NetworkStatePtr = std::shared_ptr<NetworkState>;

// new Network(description)
class NetworkHandle final : public Handle {
 public:
  static constexpr HandleClass kClass = HandleClass::kNetwork;
  static constexpr const char* kName = "Network";
  static constexpr const char* kExpected = "a Network of this copy of genmi";

  explicit NetworkHandle(const Napi::CallbackInfo& info);
  static NetworkStatePtr state(const Napi::Value& value);

  Napi::Value bytes(const Napi::CallbackInfo& info);
  Napi::Value arrays(const Napi::CallbackInfo& info);
  void read(const Napi::CallbackInfo& info);
  void write(const Napi::CallbackInfo& info);
  Napi::Value predict(const Napi::CallbackInfo& info);
  Napi::Value predict_async(const Napi::CallbackInfo& info);
  void forward(const Napi::CallbackInfo& info);
  void backward(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);

 private:
  NetworkStatePtr state_;
};

void define_network(Napi::Env env, Napi::Object exports);

}  // namespace genmi::node
