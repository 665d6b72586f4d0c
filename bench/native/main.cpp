// What `npm run bench:kernels` cannot time through the package: a bare product of a stored kernel, a quantile, and the
// limits of the machine. It reads a command a line, of words, and answers with a line of JSON:
//
//   product N K PRECISION THREADS SECONDS: {"seconds", "bytes"}, of one product, and that the kernel takes in memory
//   quantile FILE N D PRECISION THREADS SECONDS: {"seconds", "value"}, of the 5 % quantile of all distances
//   read BYTES THREADS SECONDS: {"perSecond"}, bytes
//   peak PRECISION THREADS SECONDS: {"perSecond"}, operations
#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "genmi/affinity.h"
#include "genmi/aligned_vector.h"
#include "genmi/graph.h"
#include "limits.h"
#include "simd/panels.h"
#include "timing.h"

namespace genmi::bench {
namespace {

constexpr double kQuantile = 0.05;

class Machine {
 public:
  Context context(std::size_t threads) { return {workspace_, pool_.get(), threads}; }

 private:
  Workspace workspace_;
  std::shared_ptr<ThreadPool> pool_ = ThreadPool::shared();
};

void expect(const Status& status) {
  if (!status) throw std::runtime_error(status.message());
}

Precision precision_of(const std::string& name) {
  return name == "float64" ? Precision::kFloat64 : Precision::kFloat32;
}

AffinityPtr measure(const std::vector<double>& x, std::size_t n, Kind kind, const std::string& name,
                    const std::string& precision, const Context& context) {
  MeasureOptions options;
  options.kind = kind;
  options.name = name;
  AffinityPtr affinity;
  const MatrixView<double> features{x.data(), n, x.size() / n};
  expect(measure_affinity(features, options, Storage::kDense, precision_of(precision), context, affinity));
  return affinity;
}

// Numbers in [-1, 1) without pattern.
std::vector<double> numbers(std::size_t count) {
  std::vector<double> values(count);
  std::uint64_t state = 1;
  for (double& value : values) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    value = static_cast<double>(state >> 11) * 0x1p-52 - 1;
  }
  return values;
}

// An n x k matrix in panels, n being a multiple of a panel's rows, whose columns sum to zero as centred_product
// expects.
template <class T>
AlignedVector<T> centred_panels(std::size_t n, std::size_t k) {
  const std::vector<double> values = numbers(n * k);
  const auto column = [k](std::size_t at) { return at / simd::kPanel % k; };
  std::vector<double> means(k);
  for (std::size_t at = 0; at < n * k; ++at) means[column(at)] += values[at] / static_cast<double>(n);
  AlignedVector<T> panels(n * k);
  for (std::size_t at = 0; at < n * k; ++at) panels[at] = static_cast<T>(values[at] - means[column(at)]);
  return panels;
}

class Products {
 public:
  void answer(std::istream& words, Machine& machine, std::ostream& out) {
    std::size_t n = 0, k = 0, threads = 1;
    std::string precision;
    double budget = 0;
    words >> n >> k >> precision >> threads >> budget;
    prepare(n, precision, machine);
    const Context context = machine.context(threads);
    const double seconds =
        precision == "float64" ? seconds_of<double>(n, k, context, budget) : seconds_of<float>(n, k, context, budget);
    out << R"({"seconds":)" << seconds << R"(,"bytes":)" << kernel_->bytes() << "}";
  }

 private:
  template <class T>
  double seconds_of(std::size_t n, std::size_t k, const Context& context, double budget) const {
    const AlignedVector<T> v = centred_panels<T>(n, k);
    AlignedVector<T> product(n * k);
    const auto multiply = [&] { kernel_->centred_product({nullptr, n}, v.data(), k, context, product.data()); };
    multiply();
    return median_seconds(budget, multiply);
  }

  // Made again only when it changes: at N = 16,000 it takes seconds.
  void prepare(std::size_t n, const std::string& precision, Machine& machine) {
    if (kernel_ != nullptr && kernel_->size() == n && kernel_->precision() == precision_of(precision)) return;
    kernel_.reset();
    kernel_ =
        measure(numbers(2 * n), n, Kind::kKernel, "rbf", precision, machine.context(ThreadPool::hardware_threads()));
  }

  AffinityPtr kernel_;
};

void answer_quantile(std::istream& words, Machine& machine, std::ostream& out) {
  std::string file, precision;
  std::size_t n = 0, d = 0, threads = 1;
  double budget = 0;
  words >> file >> n >> d >> precision >> threads >> budget;
  std::vector<double> x(n * d);
  if (!std::ifstream(file, std::ios::binary)
           .read(reinterpret_cast<char*>(x.data()), static_cast<std::streamsize>(n * d * sizeof(double)))) {
    throw std::runtime_error(file + " does not have so many numbers");
  }
  const Context context = machine.context(threads);
  const AffinityPtr distances = measure(x, n, Kind::kDistance, "euclidean", precision, context);
  double value = 0;
  const double seconds =
      median_seconds(budget, [&] { expect(distance_quantile(*distances, kQuantile, context, value)); });
  out.precision(17);
  out << R"({"seconds":)" << seconds << R"(,"value":)" << value << "}";
}

void answer_read(std::istream& words, Machine& machine, std::ostream& out) {
  std::size_t bytes = 0, threads = 1;
  double budget = 0;
  words >> bytes >> threads >> budget;
  out << R"({"perSecond":)" << read_limit(bytes, budget, machine.context(threads)) << "}";
}

void answer_peak(std::istream& words, Machine& machine, std::ostream& out) {
  std::string precision;
  std::size_t threads = 1;
  double budget = 0;
  words >> precision >> threads >> budget;
  const Context context = machine.context(threads);
  const bool wide = precision_of(precision) == Precision::kFloat64;
  out << R"({"perSecond":)"
      << (wide ? multiply_add_peak<double>(budget, context) : multiply_add_peak<float>(budget, context)) << "}";
}

void serve() {
  Machine machine;
  Products products;
  std::cout << "{}" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::ostringstream out;
    std::string command;
    words >> command;
    if (command == "product") products.answer(words, machine, out);
    else if (command == "quantile") answer_quantile(words, machine, out);
    else if (command == "read") answer_read(words, machine, out);
    else if (command == "peak") answer_peak(words, machine, out);
    else throw std::runtime_error("unknown command " + command);
    std::cout << out.str() << std::endl;
  }
}

}  // namespace
}  // namespace genmi::bench

int main() {
  try {
    genmi::bench::serve();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "bench/native: " << error.what() << "\n";
    return 1;
  }
}
