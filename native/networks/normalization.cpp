#include "networks/normalization.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "simd/kernels.h"

namespace genmi::networks {
namespace {

constexpr double kMomentum = 0.1, kEpsilon = 1e-5;
// This many columns are worked on together: their sums stay in a cache.
constexpr std::size_t kColumns = 64;
constexpr double kNanosecondsPerNumber = 1;

}  // namespace

template <class T>
Normalization<T>::Normalization(std::string name, std::size_t width, simd::Activation activation)
    : name_(std::move(name)),
      width_(width),
      activation_(activation),
      scale_(name_ + ".scale", Parameter<T>::Kind::kOffsets, 1, width, width),
      shift_(name_ + ".shift", Parameter<T>::Kind::kOffsets, 1, width, width),
      running_mean_(width, T{0}),
      running_variance_(width, T{1}) {
  std::fill(scale_.values.begin(), scale_.values.end(), T{1});
}

// Notes mean and deviation of some columns of the batch. The running variance takes the unbiased one, as in torch.
template <class T>
void Normalization<T>::measure_batch(const Passage& passage, std::size_t first, std::size_t count) {
  const auto n = static_cast<double>(passage.x.rows);
  double sums[kColumns] = {}, squares[kColumns] = {};
  for (std::size_t i = 0; i < passage.x.rows; ++i)
    for (std::size_t j = 0; j < count; ++j) sums[j] += static_cast<double>(passage.x(i, first + j));
  for (std::size_t j = 0; j < count; ++j) sums[j] /= n;
  for (std::size_t i = 0; i < passage.x.rows; ++i)
    for (std::size_t j = 0; j < count; ++j) {
      const double difference = static_cast<double>(passage.x(i, first + j)) - sums[j];
      squares[j] += difference * difference;
    }
  for (std::size_t j = 0; j < count; ++j) {
    const std::size_t column = first + j;
    mean(passage)[column] = static_cast<T>(sums[j]);
    inverse_deviation(passage)[column] = static_cast<T>(1 / std::sqrt(squares[j] / n + kEpsilon));
    if (passage.mode != Mode::kTraining) continue;
    const auto remember = [](T& running, double now) {
      running = static_cast<T>((1 - kMomentum) * static_cast<double>(running) + kMomentum * now);
    };
    remember(running_mean_[column], sums[j]);
    remember(running_variance_[column], squares[j] / std::max(1.0, n - 1));
  }
}

template <class T>
void Normalization<T>::forward(const Passage& passage, const Context& context) {
  const MatrixView<T> x = passage.x;
  const auto activate = context.kernels.network<T>().activate[static_cast<std::size_t>(activation_)];
  const auto normalise = [&](std::size_t first, std::size_t count, std::size_t) {
    if (passage.mode != Mode::kPrediction) measure_batch(passage, first, count);
    else
      for (std::size_t j = first; j < first + count; ++j) {
        mean(passage)[j] = running_mean_[j];
        inverse_deviation(passage)[j] =
            static_cast<T>(1 / std::sqrt(static_cast<double>(running_variance_[j]) + kEpsilon));
      }
    alignas(64) T row[kColumns], shift[kColumns] = {};
    std::copy_n(shift_.values.data() + first, count, shift);
    std::fill_n(row, kColumns, T{0});
    for (std::size_t i = 0; i < x.rows; ++i) {
      for (std::size_t j = 0; j < count; ++j) {
        const std::size_t column = first + j;
        row[j] = scale_.values[column] * ((x(i, column) - mean(passage)[column]) * inverse_deviation(passage)[column]);
      }
      activate({row, kColumns, 1, kColumns}, shift);
      std::copy_n(row, count, passage.y + i * width_ + first);
    }
  };
  context.for_each_range(width_, kColumns, kNanosecondsPerNumber * static_cast<double>(x.rows * width_), normalise);
}

// With z = (x - mean) / deviation and g = dL/d(scale z + shift), in batches of n:
//   dL/dx = scale / deviation (g - mean g - z mean(g z)), and scale / deviation g where mean and deviation are fixed.
template <class T>
void Normalization<T>::backward(const Passage& passage, T* gradient, bool learn, const Context& context, T* by_input) {
  const MatrixView<T> x = passage.x;
  const std::size_t n = x.rows;
  const auto differentiate = context.kernels.network<T>().differentiate[static_cast<std::size_t>(activation_)];
  if (activation_ != simd::Activation::kIdentity) differentiate(passage.y, n * width_, gradient);
  if (learn)
    for (Parameter<T>* parameter : {&scale_, &shift_}) parameter->prepare_to_add();
  const auto normalised = [&](std::size_t i, std::size_t column) {
    return (x(i, column) - mean(passage)[column]) * inverse_deviation(passage)[column];
  };
  const auto go_back = [&](std::size_t first, std::size_t count, std::size_t) {
    double by_shift[kColumns] = {}, by_scale[kColumns] = {};
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < count; ++j) {
        const auto g = static_cast<double>(gradient[i * width_ + first + j]);
        by_shift[j] += g;
        by_scale[j] += g * static_cast<double>(normalised(i, first + j));
      }
    for (std::size_t j = 0; j < count && learn; ++j) {
      shift_.gradient[first + j] += static_cast<T>(by_shift[j]);
      scale_.gradient[first + j] += static_cast<T>(by_scale[j]);
    }
    if (by_input == nullptr) return;
    const double share = passage.mode == Mode::kPrediction ? 0 : 1 / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < count; ++j) {
        const std::size_t column = first + j, at = i * width_ + column;
        const T centre = static_cast<T>(share * by_shift[j]), slope = static_cast<T>(share * by_scale[j]);
        by_input[at] = scale_.values[column] * inverse_deviation(passage)[column] *
                       (gradient[at] - centre - normalised(i, column) * slope);
      }
  };
  context.for_each_range(width_, kColumns, 2 * kNanosecondsPerNumber * static_cast<double>(n * width_), go_back);
}

template class Normalization<float>;
template class Normalization<double>;

}  // namespace genmi::networks
