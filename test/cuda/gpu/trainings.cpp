// Steps of trainings: logits against definitions in long double, gradients against central differences in float64,
// updates against their rules, and float32 against float64 where virtual adversarial training takes part.
#include "check.h"

namespace genmi::test {
namespace {

using Long = long double;

constexpr std::size_t kInputs = 70, kWidths[] = {37, 65}, kOutputs = 9;

// dense, normalisation with ReLU, dense with tanh, dense, and a skip connection where wanted.
const std::vector<GenmiLayer>& layers() {
  static const std::vector<GenmiLayer> all = {{0, 0, kInputs, kWidths[0]},
                                              {1, 1, kWidths[0], kWidths[0]},
                                              {0, 2, kWidths[0], kWidths[1]},
                                              {0, 0, kWidths[1], kOutputs}};
  return all;
}

// In the order of genmi/device_table.h.
struct Parameter {
  std::size_t count;
  bool decays;
};
std::vector<Parameter> parameters_of(bool skip) {
  std::vector<Parameter> all;
  for (const GenmiLayer& each : layers()) {
    const bool dense = each.normalises == 0;
    all.push_back({dense ? each.inputs * each.outputs : each.outputs, dense});
    all.push_back({each.outputs, false});
  }
  if (skip) all.push_back({kInputs * kOutputs, true});
  return all;
}
std::size_t parameters(bool skip) {
  std::size_t count = 0;
  for (const Parameter& each : parameters_of(skip)) count += each.count;
  return count;
}

// How a network learns: by default with SGD without a moment, so that a step of rate 1 takes the gradient off.
struct Learning {
  int rule = 1;
  double first = 0, second = 0, decay = 0, largest_norm = 0, vat = 0;
  std::size_t moments() const { return rule == 0 ? 2 : 1; }
};

// A network with its samples, which are in float32 in both precisions, and so are its first numbers.
template <class T>
class Trained {
 public:
  Trained(GenmiDevice* device, std::size_t n, bool skip, const Learning& how) : n_(n), skip_(skip) {
    const std::vector<double> lengths(n, 0.5);
    GenmiLearner learner{};
    learner.width = sizeof(T);
    learner.samples = n;
    learner.layers = layers().data();
    learner.layer_count = layers().size();
    learner.skip = skip;
    learner.rule = how.rule;
    learner.first = how.first;
    learner.second = how.second;
    learner.decay = how.decay;
    learner.largest_norm = how.largest_norm;
    learner.vat_weight = how.vat;
    learner.epsilons = lengths.data();
    learner.xi = 1;
    learner.power = 2;
    Generator random(n);
    const std::vector<float> x = draw<float>(random, n * kInputs), first = draw<float>(random, parameters(skip), 0.3);
    x_.assign(x.begin(), x.end());
    numbers_.assign(first.begin(), first.end());
    // Running means and variances, and moments.
    numbers_.resize((1 + how.moments()) * first.size() + 2 * kWidths[0], T{1});
    const std::vector<float> by_logits = draw<float>(random, n * kOutputs);
    gradient_.assign(by_logits.begin(), by_logits.end());
    require(table().create_training(device, &learner, &training_));
    require(table().write_samples(training_, 0, n, x_.data()));
    for (std::size_t i = 0; i < n; ++i) rows_.push_back(static_cast<std::int32_t>(n - 1 - i));
  }
  ~Trained() { table().release_training(training_); }
  Trained(const Trained&) = delete;
  Trained& operator=(const Trained&) = delete;

  std::vector<T>& numbers() { return numbers_; }
  std::vector<T> logits() {
    require(table().write_numbers(training_, numbers_.data()));
    std::vector<T> out(n_ * kOutputs);
    require(table().forward(training_, rows_.data(), n_, out.data()));
    return out;
  }
  // sum gradient logits.
  double loss() {
    const std::vector<T> out = logits();
    double sum = 0;
    for (std::size_t at = 0; at < out.size(); ++at) sum += static_cast<double>(gradient_[at] * out[at]);
    return sum;
  }
  // The numbers after a step.
  std::vector<T> stepped(double rate, double epsilon, double& lds) {
    logits();
    require(table().backward(training_, gradient_.data(), 5, 6, &lds));
    require(table().update(training_, rate, epsilon));
    std::vector<T> after(numbers_.size());
    require(table().read_numbers(training_, after.data()));
    return after;
  }
  // The gradient of the loss and the divergence, as a step of rate 1 takes it off.
  std::vector<double> gradient(double& lds) {
    const std::vector<T> after = stepped(1, 0, lds);
    std::vector<double> all(parameters(skip_));
    for (std::size_t at = 0; at < all.size(); ++at) all[at] = static_cast<double>(numbers_[at] - after[at]);
    return all;
  }

  // The definition of the logits.
  std::vector<Long> defined() const {
    std::vector<Long> x;
    for (const std::int32_t row : rows_)
      for (std::size_t f = 0; f < kInputs; ++f) x.push_back(x_[static_cast<std::size_t>(row) * kInputs + f]);
    std::vector<Long> y = x;
    const T* at = numbers_.data();
    for (const GenmiLayer& layer : layers()) {
      y = layer.normalises != 0 ? normalised(layer, y, at) : multiplied(layer.inputs, layer.outputs, y, at);
      const T* const offsets = at + (layer.normalises != 0 ? layer.outputs : layer.inputs * layer.outputs);
      for (std::size_t p = 0; p < y.size(); ++p) {
        y[p] += offsets[p % layer.outputs];
        if (layer.activation == 1) y[p] = std::max<Long>(y[p], 0);
        if (layer.activation == 2) y[p] = std::tanh(y[p]);
      }
      at = offsets + layer.outputs;
    }
    if (!skip_) return y;
    const std::vector<Long> straight = multiplied(kInputs, kOutputs, x, at);
    for (std::size_t p = 0; p < y.size(); ++p) y[p] += straight[p];
    return y;
  }

 private:
  std::vector<Long> multiplied(std::size_t inputs, std::size_t outputs, const std::vector<Long>& x, const T* w) const {
    std::vector<Long> y(n_ * outputs);
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t f = 0; f < inputs; ++f)
        for (std::size_t o = 0; o < outputs; ++o) y[i * outputs + o] += x[i * inputs + f] * w[f * outputs + o];
    return y;
  }
  std::vector<Long> normalised(const GenmiLayer& layer, std::vector<Long> x, const T* scale) const {
    for (std::size_t c = 0; c < layer.outputs; ++c) {
      Long mean = 0, variance = 0;
      for (std::size_t i = 0; i < n_; ++i) mean += x[i * layer.outputs + c] / static_cast<Long>(n_);
      for (std::size_t i = 0; i < n_; ++i) {
        Long& own = x[i * layer.outputs + c];
        own -= mean;
        variance += own * own / static_cast<Long>(n_);
      }
      for (std::size_t i = 0; i < n_; ++i) x[i * layer.outputs + c] *= scale[c] / std::sqrt(variance + 1e-5L);
    }
    return x;
  }

  std::size_t n_;
  bool skip_;
  std::vector<T> x_, numbers_, gradient_;
  std::vector<std::int32_t> rows_;
  GenmiTraining* training_ = nullptr;
};

template <class T>
void check_logits(GenmiDevice* device, std::size_t n, bool skip, Result& result) {
  Trained<T> trained(device, n, skip, {});
  const std::vector<T> found = trained.logits();
  const std::vector<Long> expected = trained.defined();
  Long scale = 1;
  for (const Long each : expected) scale = std::max(scale, std::abs(each));
  // Of each layer as many roundings as it has inputs; a normalisation of few samples makes more of them.
  const Long allowed = static_cast<Long>(std::numeric_limits<T>::epsilon()) * 200 * scale;
  for (std::size_t at = 0; at < found.size(); ++at)
    result.add(static_cast<double>(std::abs(static_cast<Long>(found[at]) - expected[at]) / allowed));
  ++result.compared;
}

// ReLU has no derivative where a number is 0: none is as near to 0 as these differences.
void check_gradient(GenmiDevice* device, std::size_t n, bool skip, Result& result) {
  constexpr double kStep = 1e-6, kAllowed = 5e-8;
  constexpr std::size_t kChecked = 29;
  Trained<double> trained(device, n, skip, {});
  double lds = 0;
  const std::vector<double> found = trained.gradient(lds);
  double scale = 1;
  for (const double each : found) scale = std::max(scale, std::abs(each));
  for (std::size_t at = 0; at < found.size(); at += found.size() / kChecked) {
    double& number = trained.numbers()[at];
    const double begin = number;
    number = begin + kStep;
    const double above = trained.loss();
    number = begin - kStep;
    const double below = trained.loss();
    number = begin;
    result.add(std::abs((above - below) / (2 * kStep) - found[at]) / (kAllowed * scale));
  }
  ++result.compared;
}

// A rule of native/networks/optimizer.h, with all that it may have.
void check_update(GenmiDevice* device, std::size_t n, bool skip, int rule, Result& result) {
  constexpr double kRate = 0.01, kEpsilon = 1e-3, kAllowed = 1e-12;
  const Learning how{rule, 0.9, 0.99, 0.02, 0.5, 0};
  double lds = 0;
  std::vector<double> gradient = Trained<double>(device, n, skip, {}).gradient(lds);
  double square = 0;
  for (const double each : gradient) square += each * each;
  const double scale = std::min(1.0, how.largest_norm / std::sqrt(square));
  Trained<double> trained(device, n, skip, how);
  const std::vector<double> before = trained.numbers(), after = trained.stepped(kRate, kEpsilon, lds);
  std::vector<double> expected = before;
  std::size_t at = 0, moments = gradient.size() + 2 * kWidths[0];
  for (const Parameter& each : parameters_of(skip)) {
    double* const first = expected.data() + moments;
    double* const second = rule == 0 ? first + each.count : first;
    for (std::size_t p = 0; p < each.count; ++p, ++at) {
      double& w = expected[at];
      const double g = scale * gradient[at] + (each.decays ? how.decay : 0) * w;
      if (rule == 1) {
        first[p] = how.first * first[p] - kRate * g;
        w += how.first * first[p] - kRate * g;
        continue;
      }
      if (rule == 0) first[p] = how.first * first[p] + (1 - how.first) * g;
      second[p] = how.second * second[p] + (1 - how.second) * g * g;
      w -= kRate * (rule == 0 ? first[p] : g) / (std::sqrt(second[p]) + kEpsilon);
    }
    moments += how.moments() * each.count;
  }
  // Running means and variances are those of the batch: they have moved.
  for (std::size_t p = 0; p < 2 * kWidths[0]; ++p) {
    result.add(after[gradient.size() + p] == before[gradient.size() + p] ? 2 : 0);
    expected[gradient.size() + p] = after[gradient.size() + p];
  }
  for (std::size_t p = 0; p < after.size(); ++p) result.add(std::abs(after[p] - expected[p]) / kAllowed);
  ++result.compared;
}

void check_adversarial(GenmiDevice* device, std::size_t n, bool skip, Result& result) {
  double in_float = 0, in_double = 0, again = 0;
  Learning adversarial;
  adversarial.vat = 1;
  Trained<float> single(device, n, skip, adversarial);
  Trained<double> precise(device, n, skip, adversarial);
  const std::vector<double> found = single.gradient(in_float), expected = precise.gradient(in_double);
  result.add(expected == precise.gradient(again) && again == in_double ? 0 : 2);  // the same bits each time
  result.add(std::abs(in_float - in_double) / (2e-4 * in_double));
  double difference = 0, norm = 0;
  for (std::size_t at = 0; at < found.size(); ++at) {
    difference += std::pow(found[at] - expected[at], 2);
    norm += std::pow(expected[at], 2);
  }
  result.add(std::sqrt(difference / norm) / 2e-4);
  ++result.compared;
}

}  // namespace

Result check_trainings(GenmiDevice* device, std::size_t most) {
  Result result;
  for (const std::size_t n : {std::size_t{33}, std::size_t{67}, std::size_t{250}, std::size_t{1057}}) {
    if (n > most) break;
    for (const bool skip : {false, true}) {
      check_logits<float>(device, n, skip, result);
      check_logits<double>(device, n, skip, result);
      check_gradient(device, n, skip, result);
      check_adversarial(device, n, skip, result);
      for (const int rule : {0, 1, 2}) check_update(device, n, skip, rule, result);
    }
  }
  return result;
}

}  // namespace genmi::test
