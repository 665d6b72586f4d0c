// For each pixel of a grid: sums or maxima over all others, in which squared distances count. As a squared distance is
// the sum of two squares, they are taken an axis at a time.
#pragma once

#include <cstddef>

#include "genmi/context.h"

namespace genmi {

// Stands for log 0: it is below all other numbers of a plane, and differences of such numbers are finite.
inline constexpr double kLogOfZero = -1e30;

// Planes hold a number for each pixel, in rows of stride() numbers; padding has kLogOfZero. A cancelled job leaves
// results undone.
class Grid {
 public:
  static std::size_t padded(std::size_t size) { return (size + kLanes - 1) / kLanes * kLanes; }
  // Numbers of memory that a Grid takes, and that a plane takes.
  static std::size_t room(std::size_t height, std::size_t width) {
    return 3 * plane(height, width) + 4 * (padded(height) + padded(width));
  }
  static std::size_t plane(std::size_t height, std::size_t width) { return padded(height) * padded(width); }

  Grid(std::size_t height, std::size_t width, const Context& context, double* memory)
      : height_(height), width_(width), context_(context), memory_(memory) {}

  // The place of a pixel in a plane.
  std::size_t place(std::size_t pixel) const { return pixel / width_ * padded(width_) + pixel % width_; }

  // out_q = max_p in_p - unit |p - q|^2.
  void maxima(const double* in, double unit, double* out) { search({in, nullptr}, unit, false, {out, nullptr}); }
  // out_q = log sum_p exp(in_p - unit |p - q|^2). With `costs`, the mean of |p - q|^2 under these weights, too.
  void log_sums(const double* in, double unit, double* out, double* costs = nullptr) {
    search({in, nullptr}, unit, true, {out, costs});
  }
  // The largest potentials of targets that are feasible: out_q = min_p |p - q|^2 - potentials_p over all p with mass,
  // which is a number for each pixel.
  void make_feasible(const double* mass, const double* potentials, double* out);

 private:
  static constexpr std::size_t kLanes = 16;  // vector kernels take a multiple of this many numbers

  struct Source {
    const double *values, *costs;
  };
  struct Target {
    double *values, *costs;
  };

  struct Terms {
    std::size_t rows, columns;
    double unit;
  };

  void search(Source in, double unit, bool sums, Target out);
  void search_columns(Source in, std::size_t rows, std::size_t columns, double unit, bool sums, Target out);
  void add_terms(Source in, std::size_t y, const Terms& of, const double* row_maxima, double* largest, double* costs);

  std::size_t height_, width_;
  const Context& context_;
  double* memory_;
};

}  // namespace genmi
