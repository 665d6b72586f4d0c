#include "networks/predict.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace genmi::networks {
namespace {

constexpr std::size_t kFewest = 64, kMost = 4096;
// The activations of a block have about this many numbers.
constexpr std::size_t kNumbers = std::size_t{1} << 21;
constexpr double kNanosecondsPerLogit = 10;

// Calls visit(first, logits) for each block of samples.
template <class T, class Visit>
Status for_each_block(Network<T>& network, const Samples& samples, const Context& context, const Visit& visit) {
  if (Status status = check_samples(network, samples); !status) return status;
  const std::size_t columns = network.inputs(), n = samples.rows();
  const std::size_t block = std::clamp(kNumbers / network.width(), kFewest, kMost);
  std::vector<std::int32_t> numbers(std::min(block, n));
  for (std::size_t first = 0; first < n; first += block) {
    if (context.cancelled()) return aborted();
    const Workspace::Frame frame(context.workspace);
    const Rows rows{numbers.data(), std::min(block, n - first)};
    std::iota(numbers.begin(), numbers.end(), static_cast<std::int32_t>(first));
    const std::span<T> x = context.workspace.take<T>(rows.count * columns);
    if (columns > 0) samples.gather(rows, context, x.data());
    const auto pass = network.forward({x.data(), rows.count, columns}, Mode::kPrediction, context, rows);
    if (Status status = visit(first, MatrixView<T>{pass.logits.data(), rows.count, network.outputs()}); !status)
      return status;
  }
  return Status::ok();
}

// Calls visit(i, row) for each row of logits, in parallel, unless one of them has a number that is not finite.
template <class T, class Visit>
Status for_each_row(std::size_t first, MatrixView<T> logits, const Context& context, const Visit& visit) {
  for (std::size_t i = 0; i < logits.rows; ++i)
    for (std::size_t k = 0; k < logits.columns; ++k)
      if (!std::isfinite(logits(i, k)))
        return {Code::kOutOfRange, explain("data", "samples with finite logits",
                                           "sample " + std::to_string(first + i) + " with a logit that is not",
                                           "look for features that are not finite or very large")};
  context.for_each_range(logits.rows, 64, kNanosecondsPerLogit * static_cast<double>(logits.rows * logits.columns),
                         [&](std::size_t begin, std::size_t count, std::size_t) {
                           for (std::size_t i = begin; i < begin + count; ++i) visit(first + i, logits.row(i));
                         });
  return Status::ok();
}

template <class T>
void write_softmax(const T* logits, std::size_t k, T* out) {
  const T largest = *std::max_element(logits, logits + k);
  T total = 0;
  for (std::size_t c = 0; c < k; ++c) total += out[c] = std::exp(logits[c] - largest);
  for (std::size_t c = 0; c < k; ++c) out[c] /= total;
}

}  // namespace

template <class T>
Status check_samples(const Network<T>& network, const Samples& samples) {
  const auto expect = [](const char* name, std::size_t expected, std::size_t received) -> Status {
    if (expected == received) return Status::ok();
    return {Code::kOutOfRange, explain(name, std::to_string(expected), std::to_string(received))};
  };
  if (network.samples() > 0) return expect("the number of samples of data", network.samples(), samples.rows());
  return expect("the number of features of data", network.inputs(), samples.columns());
}

template <class T>
Status predict_logits(Network<T>& network, const Samples& samples, const Context& context, T* out) {
  const std::size_t k = network.outputs();
  return for_each_block(network, samples, context, [&](std::size_t first, MatrixView<T> logits) {
    return for_each_row(first, logits, context,
                        [&](std::size_t sample, const T* row) { std::copy_n(row, k, out + sample * k); });
  });
}

template <class T>
Status predict_probabilities(Network<T>& network, const Samples& samples, const Context& context, T* out) {
  const std::size_t k = network.outputs();
  return for_each_block(network, samples, context, [&](std::size_t first, MatrixView<T> logits) {
    return for_each_row(first, logits, context,
                        [&](std::size_t sample, const T* row) { write_softmax(row, k, out + sample * k); });
  });
}

template <class T>
Status predict_clusters(Network<T>& network, const Samples& samples, const Context& context, std::int32_t* out) {
  const std::size_t k = network.outputs();
  return for_each_block(network, samples, context, [&](std::size_t first, MatrixView<T> logits) {
    return for_each_row(first, logits, context, [&](std::size_t sample, const T* row) {
      out[sample] = static_cast<std::int32_t>(std::max_element(row, row + k) - row);
    });
  });
}

template Status check_samples(const Network<float>&, const Samples&);
template Status check_samples(const Network<double>&, const Samples&);
template Status predict_logits(Network<float>&, const Samples&, const Context&, float*);
template Status predict_logits(Network<double>&, const Samples&, const Context&, double*);
template Status predict_probabilities(Network<float>&, const Samples&, const Context&, float*);
template Status predict_probabilities(Network<double>&, const Samples&, const Context&, double*);
template Status predict_clusters(Network<float>&, const Samples&, const Context&, std::int32_t*);
template Status predict_clusters(Network<double>&, const Samples&, const Context&, std::int32_t*);

}  // namespace genmi::networks
