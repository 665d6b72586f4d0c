// Samples that asynchronous calls own. JavaScript copies large ones in parts, with turns of the event loop in between.
#pragma once

#include <napi.h>

#include <memory>
#include <optional>

#include "networks/samples.h"
#include "node/arguments.h"
#include "node/copy.h"
#include "node/handle.h"
#include "node/held_memory.h"

namespace genmi::node {

// Shared by the calls that read the samples.
struct OwnedSamples {
  OwnedSamples(Copy copied, std::size_t bytes, networks::Samples of, HeldMemoryPtr memory)
      : copy(std::move(copied)), samples(of), charge(std::move(memory), bytes) {}

  Copy copy;
  networks::Samples samples;
  Charge charge;
};
using OwnedSamplesPtr = std::shared_ptr<const OwnedSamples>;

// The features of a call: an array, or Samples, which have a shape of their own.
class FeaturesArgument {
 public:
  FeaturesArgument(const Napi::Value& value, const SamplesShape& shape, const char* argument,
                   ArrayArgument::Access access);
  const networks::Samples& samples() const { return *samples_; }
  // Who frees the numbers of Samples; null for an array.
  const OwnedSamplesPtr& owner() const { return owner_; }
  // Frees copies; the samples must not be used any more.
  void drop();

 private:
  OwnedSamplesPtr owner_;
  std::optional<ArrayArgument> array_;
  std::optional<networks::Samples> samples_;
};

// new Samples(type, rows, columns, scale, offset), with the type of the arrays, which is a property: 'float32',
// 'float64' or 'uint8'
class SamplesHandle final : public Handle {
 public:
  static constexpr HandleClass kClass = HandleClass::kSamples;
  static constexpr const char* kName = "Samples";
  static constexpr const char* kExpected = "Samples of this copy of genmi";

  explicit SamplesHandle(const Napi::CallbackInfo& info);
  // The samples behind an argument. Throws unless all their numbers have been appended.
  static OwnedSamplesPtr complete(const Napi::Value& value);

  // prepareAsync(job): takes the memory of large samples from the system. Nothing may be appended meanwhile.
  Napi::Value prepare_async(const Napi::CallbackInfo& info);
  // append(array, count): copies the next numbers of the array with all of them.
  void append(const Napi::CallbackInfo& info);

 private:
  ArrayArgument::Type type_;
  SamplesShape shape_;
  std::shared_ptr<OwnedSamples> samples_;
  std::size_t appended_ = 0;  // numbers
};

void define_samples(Napi::Env env, Napi::Object exports);

}  // namespace genmi::node
