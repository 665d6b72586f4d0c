#include "cuda/plugin/training.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "cuda/networks/adversarial.h"
#include "cuda/networks/dense.h"
#include "cuda/networks/normalization.h"
#include "cuda/networks/optimizer.h"
#include "cuda/networks/samples.h"

namespace genmi::cuda {
namespace {

// Where a layer's parameters begin among all parameters, and a normalisation's mean and variance among all statistics.
struct Places {
  std::size_t weights, offsets;  // W and b, or scale and shift
  std::size_t mean, variance;
};

// A matrix or vector of parameters.
struct Parameter {
  std::size_t begin, count;
  bool decays;
};

// The layers of a learner, and the places of their numbers in the order of genmi/device_table.h.
struct Plan {
  std::vector<GenmiLayer> layers;
  std::vector<Places> places;
  std::vector<Parameter> parameters;
  std::optional<std::size_t> skip;  // where W_skip begins
  std::size_t numbers = 0, statistics = 0, widest = 0;

  explicit Plan(const GenmiLearner& learner) : layers(learner.layers, learner.layers + learner.layer_count) {
    for (const GenmiLayer& layer : layers) {
      const bool dense = layer.normalises == 0;
      Places at{};
      at.weights = add(dense ? layer.inputs * layer.outputs : layer.outputs, dense);
      at.offsets = add(layer.outputs, false);
      at.mean = statistics;
      at.variance = statistics + layer.outputs;
      if (!dense) statistics += 2 * layer.outputs;
      places.push_back(at);
      widest = std::max({widest, layer.inputs, layer.outputs});
    }
    if (learner.skip != 0) skip = add(inputs() * outputs(), true);
  }
  std::size_t inputs() const { return layers.front().inputs; }
  std::size_t outputs() const { return layers.back().outputs; }

 private:
  std::size_t add(std::size_t count, bool decays) {
    parameters.push_back({numbers, count, decays});
    return std::exchange(numbers, numbers + count);
  }
};

// The activations of a pass through the network.
template <class T>
struct Pass {
  T* x = nullptr;
  std::vector<T*> outputs;          // of each layer
  std::vector<Moments<T>> moments;  // of each layer that normalises
  T* logits() const { return outputs.back(); }

  void lay_out(const Plan& plan, std::size_t n, Room& room) {
    *this = {};
    x = room.take<T>(n * plan.inputs());
    for (const GenmiLayer& layer : plan.layers) {
      const std::size_t noted = layer.normalises == 0 ? 0 : layer.outputs;
      outputs.push_back(room.take<T>(n * layer.outputs));
      moments.push_back({room.take<T>(noted), room.take<T>(noted)});
    }
  }
};

// The numbers of a step with at most `most` samples.
template <class T>
struct Step {
  std::size_t most = 0;
  Pass<T> own, moved;
  T *directions, *by_logits, *gradients[2];
  double *sums, *terms;  // of normalisations; of divergences
  std::int32_t* rows;

  std::size_t lay_out(const Plan& plan, std::size_t n, bool vat, char* memory) {
    Room room(memory);
    own.lay_out(plan, n, room);
    if (vat) moved.lay_out(plan, n, room);
    directions = room.take<T>(vat ? n * plan.inputs() : 0);
    by_logits = room.take<T>(n * plan.outputs());
    for (T*& each : gradients) each = room.take<T>(n * plan.widest);
    sums = room.take<double>(2 * plan.widest);
    terms = room.take<double>(n);
    rows = room.take<std::int32_t>(n);
    return room.used();
  }
};

template <class T>
class TrainingOf final : public Training {
 public:
  TrainingOf(const std::shared_ptr<Device>& device, const GenmiLearner& learner)
      : device_(device), options_(learner), plan_(learner) {
    options_.layers = nullptr;
    const bool first = rule() != Rule::kRmsprop, second = rule() != Rule::kSgd;
    moments_ = (first ? 1u : 0u) + (second ? 1u : 0u);
    changing_ = plan_.numbers * (1 + moments_) + plan_.statistics;
    samples_ = numbers_of<T>(learner.samples, plan_.inputs());
    numbers_ = numbers_of<T>(changing_);
    gradients_ = numbers_of<T>(plan_.numbers);
    next_statistics_ = numbers_of<T>(plan_.statistics);
    squares_ = numbers_of<double>(kSquaresScratch);
    if (learner.epsilons == nullptr) return;
    lengths_ = numbers_of<double>(learner.samples);
    upload(*device, lengths_.data(), learner.epsilons, learner.samples * sizeof(double));
  }

  const std::shared_ptr<Device>& device() const override { return device_; }

  void write_samples(std::size_t first, std::size_t count, const void* samples) override {
    const std::size_t row = plan_.inputs() * sizeof(T);
    upload(*device_, samples_.data() + first * row, samples, count * row);
  }

  void write_numbers(const void* numbers) override {
    upload(*device_, numbers_.data(), numbers, changing_ * sizeof(T));
    lost_.reset();
  }

  void read_numbers(void* numbers) override {
    if (lost_) throw Failed(*lost_);
    download(*device_, numbers, numbers_.data(), changing_ * sizeof(T));
  }

  // In pinned memory: the row numbers, then the logits.
  void forward(const std::int32_t* rows, std::size_t count, void* logits) override {
    make_room(count);
    count_ = count;
    const std::size_t logits_at = aligned(count * sizeof(std::int32_t)), bytes = count * plan_.outputs() * sizeof(T);
    device_->reserve(logits_at + bytes, 0);
    char* const pinned = device_->pinned.data();
    std::memcpy(pinned, rows, count * sizeof(std::int32_t));
    perform(*device_, [&](Stream& stream) {
      stream.copy(step_.rows, pinned, count * sizeof(std::int32_t), cudaMemcpyHostToDevice);
      check("gather", gather(of<T>(samples_), plan_.inputs(), step_.rows, count, step_.own.x, stream.get()));
      go_forward_through(step_.own, true, stream.get());
      stream.copy(pinned + logits_at, step_.own.logits(), bytes, cudaMemcpyDeviceToHost);
    });
    std::memcpy(logits, pinned + logits_at, bytes);
  }

  // In pinned memory: the gradient, then the terms of the divergence.
  void backward(const void* gradient, std::uint64_t seed, std::uint64_t step, double* lds) override {
    const std::size_t bytes = count_ * plan_.outputs() * sizeof(T), terms_at = aligned(bytes);
    device_->reserve(terms_at + count_ * sizeof(double), 0);
    char* const pinned = device_->pinned.data();
    std::memcpy(pinned, gradient, bytes);
    const bool vat = options_.vat_weight != 0;
    perform(*device_, [&](Stream& stream) {
      stream.copy(step_.by_logits, pinned, bytes, cudaMemcpyHostToDevice);
      go_back_through(step_.own, Learning::kWritten, nullptr, stream.get());
      if (!vat) return;
      learn_adversarially(seed, step, stream.get());
      stream.copy(pinned + terms_at, step_.terms, count_ * sizeof(double), cudaMemcpyDeviceToHost);
    });
    *lds = 0;
    const auto* const terms = reinterpret_cast<const double*>(pinned + terms_at);
    for (std::size_t i = 0; i < count_ && vat; ++i) *lds += terms[i] / static_cast<double>(count_);
  }

  void update(double rate, double epsilon) override {
    lost_ = Failed{"update", cudaErrorInvalidValue};
    try {
      perform(*device_, [&](Stream& stream) { change_numbers(rate, epsilon, stream); });
    } catch (const Failed& failed) {
      lost_ = failed;
      throw;
    }
    lost_.reset();
  }

 private:
  enum class Learning { kNone, kWritten, kAdded };  // gradients of parameters

  Rule rule() const { return static_cast<Rule>(options_.rule); }
  template <class S>
  DeviceMemory numbers_of(std::size_t rows, std::size_t columns = 1) {
    if (rows == 0 || columns == 0) return {};
    if (rows > ~std::size_t{0} / columns / sizeof(S)) throw Failed{"cudaMalloc", cudaErrorMemoryAllocation};
    return {device_->budget, rows * columns * sizeof(S)};
  }
  template <class S>
  static S* of(const DeviceMemory& memory) {
    return reinterpret_cast<S*>(memory.data());
  }
  T* values() const { return of<T>(numbers_); }
  T* statistics() const { return values() + plan_.numbers; }
  T* gradients() const { return of<T>(gradients_); }

  void make_room(std::size_t n) {
    if (n <= step_.most) return;
    step_.most = 0;
    memory_of_step_ = {};
    const bool vat = options_.vat_weight != 0;
    memory_of_step_ = DeviceMemory(device_->budget, step_.lay_out(plan_, n, vat, nullptr));
    step_.lay_out(plan_, n, vat, memory_of_step_.data());
    step_.most = n;
  }

  Dense<T> dense(std::size_t l) const {
    const GenmiLayer& layer = plan_.layers[l];
    const Places& at = plan_.places[l];
    return {values() + at.weights, values() + at.offsets, layer.inputs, layer.outputs,
            static_cast<Activation>(layer.activation)};
  }
  Dense<T> skip() const {
    return {values() + *plan_.skip, nullptr, plan_.inputs(), plan_.outputs(), Activation::kIdentity};
  }
  Normalization<T> normalization(std::size_t l) const {
    const Places& at = plan_.places[l];
    return {values() + at.weights, values() + at.offsets, plan_.layers[l].outputs,
            static_cast<Activation>(plan_.layers[l].activation)};
  }

  void go_forward_through(const Pass<T>& pass, bool remember, cudaStream_t stream) const {
    const T* below = pass.x;
    T* const next = of<T>(next_statistics_);
    for (std::size_t l = 0; l < plan_.layers.size(); below = pass.outputs[l++]) {
      if (plan_.layers[l].normalises == 0) {
        check("go_forward", go_forward(dense(l), below, count_, false, pass.outputs[l], stream));
        continue;
      }
      const Places& at = plan_.places[l];
      const Running<T> running{statistics() + at.mean, statistics() + at.variance, next + at.mean, next + at.variance};
      check("go_forward", go_forward(normalization(l), below, count_, pass.moments[l], remember ? &running : nullptr,
                                     pass.outputs[l], stream));
    }
    if (plan_.skip) check("go_forward", go_forward(skip(), pass.x, count_, true, pass.logits(), stream));
  }

  // From dL/dlogits in by_logits; dL/dx to by_input, unless it is null.
  void go_back_through(const Pass<T>& pass, Learning learning, T* by_input, cudaStream_t stream) const {
    const bool add = learning == Learning::kAdded;
    if (plan_.skip && learning != Learning::kNone)
      check("weights_gradient",
            weights_gradient(skip(), pass.x, step_.by_logits, count_, add, gradients() + *plan_.skip, stream));
    T* by_output = step_.by_logits;
    for (std::size_t l = plan_.layers.size(); l-- > 0;) {
      const GenmiLayer& layer = plan_.layers[l];
      T* const below = l == 0 ? by_input : step_.gradients[l % 2];
      const T* const x = l == 0 ? pass.x : pass.outputs[l - 1];
      check("differentiate", differentiate(static_cast<Activation>(layer.activation), pass.outputs[l],
                                           count_ * layer.outputs, by_output, stream));
      if (layer.normalises == 0) go_back_through_dense(l, x, by_output, learning, below, stream);
      else go_back_through_normalization(l, x, pass.moments[l], by_output, learning, below, stream);
      by_output = below;
    }
    if (plan_.skip && by_input != nullptr)
      check("input_gradient", input_gradient(skip(), step_.by_logits, count_, true, by_input, stream));
  }

  void go_back_through_dense(std::size_t l, const T* x, const T* by_sum, Learning learning, T* below,
                             cudaStream_t stream) const {
    const Places& at = plan_.places[l];
    const bool add = learning == Learning::kAdded;
    if (learning != Learning::kNone) {
      check("weights_gradient", weights_gradient(dense(l), x, by_sum, count_, add, gradients() + at.weights, stream));
      check("bias_gradient", bias_gradient(dense(l), by_sum, count_, add, gradients() + at.offsets, stream));
    }
    if (below != nullptr) check("input_gradient", input_gradient(dense(l), by_sum, count_, false, below, stream));
  }

  void go_back_through_normalization(std::size_t l, const T* x, const Moments<T>& moments, const T* gradient,
                                     Learning learning, T* below, cudaStream_t stream) const {
    const Places& at = plan_.places[l];
    const NormalizationGradients<T> own{gradients() + at.weights, gradients() + at.offsets,
                                        learning == Learning::kAdded};
    check("go_back", go_back(normalization(l), x, count_, moments, gradient,
                             learning == Learning::kNone ? nullptr : &own, step_.sums, below, stream));
  }

  // As train_adversarially() of native/networks/adversarial.h.
  void learn_adversarially(std::uint64_t seed, std::uint64_t step, cudaStream_t stream) const {
    check("draw_directions", draw_directions(seed, step, step_.rows, count_, plan_.inputs(), step_.directions, stream));
    set_lengths_of_directions(1, options_.power == 0, stream);
    for (std::size_t left = options_.power; left > 0; --left) {
      diverge_nearby(options_.xi, 1, stream);
      go_back_through(step_.moved, Learning::kNone, step_.directions, stream);
      set_lengths_of_directions(options_.xi, left == 1, stream);  // dKL/d direction = xi dKL/dx
    }
    diverge_nearby(1, options_.vat_weight, stream);
    go_back_through(step_.moved, Learning::kAdded, nullptr, stream);
  }

  void set_lengths_of_directions(double factor, bool is_last, cudaStream_t stream) const {
    const Length length{is_last ? options_.epsilon : 1, is_last ? of<double>(lengths_) : nullptr, step_.rows,
                        options_.exact != 0};
    check("set_lengths", set_lengths(factor, length, count_, plan_.inputs(), step_.directions, stream));
  }

  // A pass at x + scale directions, and the gradient of weight times its mean divergence.
  void diverge_nearby(double scale, double weight, cudaStream_t stream) const {
    check("move",
          move(step_.own.x, static_cast<T>(scale), step_.directions, count_ * plan_.inputs(), step_.moved.x, stream));
    go_forward_through(step_.moved, false, stream);
    check("diverge", diverge(step_.own.logits(), step_.moved.logits(), count_, plan_.outputs(),
                             weight / static_cast<double>(count_), step_.terms, step_.by_logits, stream));
  }

  void change_numbers(double rate, double epsilon, Stream& stream) const {
    auto* const squares = of<double>(squares_);
    if (options_.largest_norm > 0) check("add_squares", add_squares(gradients(), plan_.numbers, squares, stream.get()));
    T* const moments = statistics() + plan_.statistics;
    for (const auto& [begin, count, decays] : plan_.parameters) {
      const Update<T> step{rule(),
                           decays ? static_cast<T>(options_.decay) : T{0},
                           static_cast<T>(rate),
                           static_cast<T>(options_.first),
                           static_cast<T>(options_.second),
                           static_cast<T>(epsilon),
                           squares,
                           options_.largest_norm};
      T* const first = moments + moments_ * begin;
      T* const second = rule() == Rule::kAdam ? first + count : first;
      check("update",
            genmi::cuda::update(step, gradients() + begin, first, second, count, values() + begin, stream.get()));
    }
    if (plan_.statistics > 0)
      stream.copy(statistics(), next_statistics_.data(), plan_.statistics * sizeof(T), cudaMemcpyDeviceToDevice);
  }

  std::shared_ptr<Device> device_;
  GenmiLearner options_;  // except its layers and lengths
  Plan plan_;
  std::size_t moments_ = 0, changing_ = 0;  // of each parameter; the numbers that a step changes
  DeviceMemory samples_, numbers_, gradients_, next_statistics_, squares_, lengths_, memory_of_step_;
  Step<T> step_;
  std::size_t count_ = 0;       // of the samples of this step
  std::optional<Failed> lost_;  // why the numbers are no network's any more
};

}  // namespace

std::unique_ptr<Training> make_training(const std::shared_ptr<Device>& device, const GenmiLearner& learner) {
  if (learner.width == sizeof(float)) return std::make_unique<TrainingOf<float>>(device, learner);
  return std::make_unique<TrainingOf<double>>(device, learner);
}

}  // namespace genmi::cuda
