// product N K PRECISION THREADS SECONDS: {"seconds", "bytes", "read", "answer"} of C = A T for the stored rbf kernel A
// of points in the plane: the bytes of A, how many of them are read from memory, and the projection of C.
#include "affinity/products.h"

#include <cstdint>

#include "affinity/centred_product.h"
#include "genmi/aligned_vector.h"
#include "session.h"
#include "simd/panels.h"
#include "timing.h"

namespace genmi::bench {
namespace {

// Makes the columns of an n x k matrix sum to zero: centred_product expects this of its factor, and products are
// compared after it.
void centre_columns(std::vector<double>& matrix, std::size_t n, std::size_t k) {
  for (std::size_t column = 0; column < k; ++column) {
    double mean = 0;
    for (std::size_t i = 0; i < n; ++i) mean += matrix[i * k + column] / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) matrix[i * k + column] -= mean;
  }
}

// Where entry (i, column) is in panels.
std::size_t in_panels(std::size_t i, std::size_t column, std::size_t k) {
  return (i / simd::kPanel * k + column) * simd::kPanel + i % simd::kPanel;
}

class Products {
 public:
  explicit Products(Session& session) : session_(session) {}

  void answer(std::istream& words, std::ostream& out) {
    std::size_t n = 0, k = 0, threads = 1;
    std::string precision;
    double budget = 0;
    words >> n >> k >> precision >> threads >> budget;
    prepare(n, precision_of(precision));
    const Context context = session_.context(threads);
    if (precision_of(precision) == Precision::kFloat64) multiply<double>(n, k, context, budget, out);
    else multiply<float>(n, k, context, budget, out);
  }

 private:
  template <class T>
  void multiply(std::size_t n, std::size_t k, const Context& context, double budget, std::ostream& out) {
    std::vector<double> t =
        session_.read<double>(kKernelInputs + "t-" + std::to_string(n) + "-" + std::to_string(k) + ".f64", n * k);
    centre_columns(t, n, k);
    AlignedVector<T> v(simd::panel_size(n, k)), product(simd::panel_size(n, k));
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t column = 0; column < k; ++column) v[in_panels(i, column, k)] = static_cast<T>(t[i * k + column]);
    const auto run = [&] { kernel_->products().centred_product({nullptr, n}, v.data(), k, context, product.data()); };
    run();
    const double seconds = median_seconds(budget, run);

    std::vector<double> rows(n * k);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t column = 0; column < k; ++column) rows[i * k + column] = product[in_panels(i, column, k)];
    centre_columns(rows, n, k);
    // The entries on and right of the diagonal, where each entry serves both of its places.
    const std::size_t read = affinity::worth_symmetry<T>(n, k) ? n * (n + 1) / 2 : n * n;
    out << R"({"seconds":)" << seconds << R"(,"bytes":)" << n * n * sizeof(T) << R"(,"read":)" << read * sizeof(T)
        << R"(,"answer":)" << project(rows, n, k, session_) << "}";
  }

  // Made again only when it changes: at N = 16,000 it takes seconds.
  void prepare(std::size_t n, Precision precision) {
    if (kernel_ != nullptr && kernel_->size() == n && kernel_->precision() == precision) return;
    kernel_.reset();
    const std::vector<double> points =
        session_.read<double>(kKernelInputs + "x-" + std::to_string(n) + "-2.f64", 2 * n);
    kernel_ = measure(points, n, Kind::kKernel, "rbf", precision, session_.context(ThreadPool::hardware_threads()));
  }

  Session& session_;
  AffinityPtr kernel_;
};

}  // namespace

Answer answer_products(Session& session) {
  const auto products = std::make_shared<Products>(session);
  return [products](std::istream& words, std::ostream& out) { products->answer(words, out); };
}

}  // namespace genmi::bench
