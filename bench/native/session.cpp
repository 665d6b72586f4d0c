#include "session.h"

#include <cmath>
#include <fstream>
#include <iomanip>
#include <stdexcept>

#include "genmi/measured.h"

namespace genmi::bench {

template <class T>
std::vector<T> Session::read(const std::string& file, std::size_t count) const {
  std::vector<T> values(count);
  const std::string path = folder_ + "/" + file;
  if (!std::ifstream(path, std::ios::binary)
           .read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(count * sizeof(T)))) {
    throw std::runtime_error(path + " does not have " + std::to_string(count) + " numbers");
  }
  return values;
}

template std::vector<float> Session::read(const std::string&, std::size_t) const;
template std::vector<double> Session::read(const std::string&, std::size_t) const;

void expect(const Status& status) {
  if (!status) throw std::runtime_error(status.message());
}

Precision precision_of(const std::string& name) {
  return name == "float64" ? Precision::kFloat64 : Precision::kFloat32;
}

AffinityPtr measure(const std::vector<double>& x, std::size_t n, Kind kind, const std::string& name,
                    Precision precision, const Context& context) {
  MeasureOptions options;
  options.kind = kind;
  options.name = name;
  AffinityPtr affinity;
  const MatrixView<double> features{x.data(), n, x.size() / n};
  expect(measure_affinity(features, options, Storage::kDense, precision, context, affinity));
  return affinity;
}

Projection project(const std::vector<double>& matrix, std::size_t rows, std::size_t columns, const Session& session) {
  const std::vector<double> w = session.read<double>(kKernelInputs + "row-weights.f64", rows);
  const std::vector<double> v = session.read<double>(kKernelInputs + "column-weights.f64", columns);
  Projection projection;
  for (std::size_t i = 0; i < rows; ++i) {
    double product = 0;
    for (std::size_t j = 0; j < columns; ++j) {
      const double entry = matrix[i * columns + j];
      product += entry * v[j];
      projection.scale += entry * entry;
    }
    projection.value += w[i] * product;
  }
  projection.scale = std::sqrt(projection.scale);
  return projection;
}

std::ostream& operator<<(std::ostream& out, const Projection& projection) {
  return out << std::setprecision(17) << "[" << projection.value << "," << projection.scale << "]";
}

}  // namespace genmi::bench
