// order SEED EPOCH N: the order of n samples in an epoch of a training.
// dense N D H COUNT THREADS: {"seconds", "answer"} of x W for the files a-N-D.f32 and b-D-H.f32, by the forward pass of
// a dense layer without bias and activation: the mean of COUNT products, and a projection (bench/networks/rows.ts).
#include "networks/dense.h"

#include <cstdint>
#include <vector>

#include "network_inputs.h"
#include "networks/training.h"
#include "session.h"
#include "timing.h"

namespace genmi::bench {

Answer answer_order() {
  return [](std::istream& words, std::ostream& out) {
    std::uint64_t seed = 0;
    std::size_t epoch = 0, n = 0;
    words >> seed >> epoch >> n;
    std::vector<std::int32_t> order(n);
    networks::draw_order(seed, epoch, order);
    for (std::size_t i = 0; i < n; ++i) out << (i == 0 ? "[" : ",") << order[i];
    out << "]";
  };
}

Answer answer_dense(Session& session) {
  return [&session](std::istream& words, std::ostream& out) {
    std::size_t n = 0, d = 0, h = 0, count = 1, threads = 1;
    words >> n >> d >> h >> count >> threads;
    const auto file = [](char name, std::size_t rows, std::size_t columns) {
      return kNetworkInputs + name + "-" + std::to_string(rows) + "-" + std::to_string(columns) + ".f32";
    };
    const std::vector<float> x = session.read<float>(file('a', n, d), n * d);
    const std::vector<float> w = session.read<float>(file('b', d, h), d * h);
    using Dense = networks::Dense<float>;
    Dense layer("product", d, h, simd::Activation::kIdentity, Dense::Bias::kNone);
    networks::Parameter<float>& weights = *layer.parameters()[0];
    for (std::size_t row = 0; row < d; ++row)
      for (std::size_t column = 0; column < h; ++column)
        weights.values[weights.place(row, column)] = w[row * h + column];

    std::vector<float> y(n * h);
    const Context context = session.context(threads);
    const Dense::Passage passage{{x.data(), n, d}, y.data(), {}, networks::Mode::kPrediction, {}};
    const double seconds = seconds_of([&] {
      for (std::size_t product = 0; product < count; ++product) layer.forward(passage, context);
    });
    out << R"({"seconds":)" << seconds / static_cast<double>(count) << R"(,"answer":)" << project<float>(y, h) << "}";
  };
}

}  // namespace genmi::bench
