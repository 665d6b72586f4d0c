// Samples go through in blocks of kRows, in panels (simd/panels.h): vectors run along the samples. A task has some
// blocks and sums of its own; which blocks these are depends on the sizes alone, and tasks' sums are added in order.
//
// Diagonal components near the centre c of all means are a product of matrices, since with o = m - c
//
//   |F (x - m)|^2 = sum_f F_f^2 (x_f - c_f)^2 - 2 F_f^2 o_f (x_f - c_f) + F_f^2 o_f^2.
//
// This loses the digits of |F o|^2, at most kNear. All others are measured from their own means.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <variant>

#include "genmi/mixture.h"
#include "simd/kernels.h"

namespace genmi {
namespace {

using simd::kPanel;
using simd::kProductRows;
using simd::Panels;
using simd::place_in_panels;

constexpr std::size_t kPanelsPerBlock = 4, kRows = kPanelsPerBlock * kPanel;
constexpr std::size_t kMostTasks = 64, kMostNumbers = std::size_t{1} << 23;  // of the sums of all tasks
constexpr double kNear = 1e4;
// exp of it is 0.
constexpr double kNone = -1000;

// What all tasks read.
struct Plan {
  const AnyMatrix& samples;
  const Components& components;
  const Responsibilities& responsibilities;
  const Context& context;
  const simd::ProductKernels<double>& kernels;
  bool diagonal, with_sums;
  std::size_t count, features;
  std::size_t terms;    // of a sample and a diagonal component: x - c, (x - c)^2 and 1
  std::size_t squares;  // numbers of a component's sum of squares or products; these are in panels
  std::size_t sums, common;

  std::span<double> centre;  // c
  std::span<char> near;      // whether a component is a column of the matrix
  std::span<double> matrix;  // terms x count in panels; of triangles, entry (r, c) of a component's is F(c, r)
};

// A block of samples, the memory that a thread computes with, and the sums of a task.
struct Block {
  std::size_t first, rows;
  double *x, *difference, *product;  // [panel][feature][16]
  double* terms;                     // [panel][term][16], about c, and then about the means of components
  double *logarithms, *weights;      // [panel][component][16]
  const double** pointers;
  double* sums;    // for each component, about its mean
  double* common;  // count x terms in panels, about c
  double log_density = 0, entropy = 0;
};

// Rows beyond the last one are copies of it.
void read_samples(const Plan& plan, Block& block) {
  const std::size_t d = plan.features;
  const auto copy = [&](const auto& samples) {
    for (std::size_t i = 0; i < kRows; ++i)
      for (std::size_t f = 0; f < d; ++f)
        block.x[place_in_panels(i, f, d)] = static_cast<double>(samples(block.first + std::min(i, block.rows - 1), f));
  };
  std::visit(copy, plan.samples);
}

// The terms of the samples about a point p: x - p, (x - p)^2 and 1.
void write_terms(const Plan& plan, const double* point, Block& block) {
  const std::size_t d = plan.features;
  for (std::size_t p = 0; p < kPanelsPerBlock; ++p) {
    double* const terms = block.terms + p * plan.terms * kPanel;
    for (std::size_t f = 0; f < d; ++f) {
      double differences[kPanel], squares[kPanel];  // arrays of their own, so that the compiler uses vectors
      for (std::size_t lane = 0; lane < kPanel; ++lane) {
        differences[lane] = block.x[(p * d + f) * kPanel + lane] - point[f];
        squares[lane] = differences[lane] * differences[lane];
      }
      std::copy_n(differences, kPanel, terms + f * kPanel);
      std::copy_n(squares, kPanel, terms + (d + f) * kPanel);
    }
    std::fill_n(terms + 2 * d * kPanel, kPanel, 1.0);
  }
}

// The differences of the samples from a component's mean.
void subtract_mean(const Plan& plan, std::size_t k, Block& block) {
  const std::size_t d = plan.features;
  for (std::size_t p = 0; p < kPanelsPerBlock; ++p)
    for (std::size_t f = 0; f < d; ++f) {
      const std::size_t at = (p * d + f) * kPanel;
      const double mean = plan.components.means[k * d + f];
      for (std::size_t lane = 0; lane < kPanel; ++lane) block.difference[at + lane] = block.x[at + lane] - mean;
    }
}

// out = the product of rows and a matrix. Of a triangle, column c has entries in rows up to c only.
void multiply(const Plan& plan, const double* rows, std::size_t row_count, const double* matrix, std::size_t columns,
              bool triangle, Block& block, double* out) {
  std::fill_n(out, kRows * columns, 0.0);
  for (std::size_t r = 0; r < row_count; ++r) block.pointers[r] = rows + r * kPanel;
  for (std::size_t first = 0; first < columns; first += plan.kernels.width) {
    const std::size_t width = std::min(plan.kernels.width, columns - first);
    plan.kernels.add_rows(block.pointers, kPanel * row_count, triangle ? first + width : row_count,
                          Panels<const double>{matrix + first * kPanel, kPanel * columns}, width, kPanelsPerBlock,
                          Panels<double>{out + first * kPanel, kPanel * columns});
  }
}

// out(r, c) += <row r, column c> over a block; out is in panels. Of a triangle, only r >= c is wanted.
void add_products(const Plan& plan, Panels<const double> rows, std::size_t row_count, const double* columns,
                  std::size_t column_count, bool triangle, double* out) {
  for (std::size_t first = 0; first < column_count; first += plan.kernels.width) {
    const std::size_t width = std::min(plan.kernels.width, column_count - first);
    for (std::size_t at = triangle ? first / kProductRows * kProductRows : 0; at < row_count; at += kProductRows) {
      const double* four[kProductRows];
      for (std::size_t r = 0; r < kProductRows; ++r) four[r] = rows.data + std::min(at + r, row_count - 1) * kPanel;
      plan.kernels.multiply_rows(four, rows.step, Panels<const double>{columns + first * kPanel, kPanel * column_count},
                                 width, kPanelsPerBlock, four, out + place_in_panels(at, first, column_count));
    }
  }
}

// The logarithms of a component that is measured from its own mean.
void find_logarithms(const Plan& plan, std::size_t k, Block& block) {
  const std::size_t d = plan.features;
  subtract_mean(plan, k, block);
  const double* numbers = block.difference;
  if (!plan.diagonal) {
    multiply(plan, numbers, d, plan.matrix.data() + k * plan.squares, d, true, block, block.product);
    numbers = block.product;
  }
  for (std::size_t p = 0; p < kPanelsPerBlock; ++p) {
    double* const out = block.logarithms + (p * plan.count + k) * kPanel;
    std::fill_n(out, kPanel, plan.components.constants[k]);
    for (std::size_t f = 0; f < d; ++f) {
      const double factor = plan.diagonal ? plan.components.factors[k * d + f] : 1;
      for (std::size_t lane = 0; lane < kPanel; ++lane) {
        const double scaled = factor * numbers[(p * d + f) * kPanel + lane];
        out[lane] -= scaled * scaled / 2;
      }
    }
  }
}

// The softmax of a panel, and the sums over its first lanes.
void take_softmax(const Plan& plan, std::size_t lanes, double* logarithms, double* weights, Block& block) {
  const std::size_t numbers = plan.count * kPanel;
  const auto& kernels = plan.context.kernels.panel<double>();
  double largest[kPanel], sums[kPanel] = {}, products[kPanel] = {}, log_sums[kPanel];
  std::copy_n(logarithms, kPanel, largest);
  for (std::size_t at = 0; at < numbers; at += kPanel)
    for (std::size_t lane = 0; lane < kPanel; ++lane) largest[lane] = std::max(largest[lane], logarithms[at + lane]);
  for (std::size_t at = 0; at < numbers; at += kPanel)
    for (std::size_t lane = 0; lane < kPanel; ++lane)
      logarithms[at + lane] = std::max(logarithms[at + lane] - largest[lane], kNone);
  kernels.exp(logarithms, numbers, weights);
  for (std::size_t at = 0; at < numbers; at += kPanel)
    for (std::size_t lane = 0; lane < kPanel; ++lane) {
      sums[lane] += weights[at + lane];
      products[lane] += weights[at + lane] * logarithms[at + lane];
    }
  kernels.log(sums, kPanel, log_sums);
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    block.log_density += largest[lane] + log_sums[lane];
    block.entropy += products[lane] / sums[lane] - log_sums[lane];
  }
  for (double& sum : sums) sum = 1 / sum;
  for (std::size_t at = 0; at < numbers; at += kPanel)
    for (std::size_t lane = 0; lane < kPanel; ++lane) weights[at + lane] *= sums[lane];
}

// Weights of rows beyond the last one are 0.
void find_weights(const Plan& plan, Block& block) {
  const auto& [numbers, given] = plan.responsibilities;
  if (!given) {
    if (plan.diagonal)
      multiply(plan, block.terms, plan.terms, plan.matrix.data(), plan.count, false, block, block.logarithms);
    for (std::size_t k = 0; k < plan.count; ++k)
      if (plan.near[k] == 0) find_logarithms(plan, k, block);
  }
  for (std::size_t p = 0; p < kPanelsPerBlock; ++p) {
    const std::size_t lanes = std::min(block.rows - std::min(block.rows, p * kPanel), kPanel);
    const std::size_t at = p * plan.count * kPanel;
    if (!given) take_softmax(plan, lanes, block.logarithms + at, block.weights + at, block);
    if (lanes == kPanel && numbers.empty()) continue;
    for (std::size_t lane = 0; lane < kPanel; ++lane)
      for (std::size_t k = 0; k < plan.count; ++k) {
        double& weight = block.weights[at + k * kPanel + lane];
        const std::size_t place = (block.first + p * kPanel + lane) * plan.count + k;
        if (lane >= lanes) weight = 0;
        else if (given) weight = numbers[place];
        else if (!numbers.empty()) numbers[place] = weight;
      }
  }
}

// Adds the sums of a diagonal component about its own mean: the products of its weights and the terms about it.
void add_diagonal(const Plan& plan, std::size_t k, Block& block) {
  const std::size_t d = plan.features;
  double *const sums = block.sums + k * plan.sums, *const products = block.product;
  write_terms(plan, plan.components.means.data() + k * d, block);
  std::fill_n(products, simd::panel_size(1, plan.terms), 0.0);
  add_products(plan, {block.weights + k * kPanel, kPanel * plan.count}, 1, block.terms, plan.terms, false, products);
  sums[0] += products[place_in_panels(0, 2 * d, plan.terms)];
  for (std::size_t at = 0; at < 2 * d; ++at) sums[1 + at] += products[place_in_panels(0, at, plan.terms)];
}

// Adds the sums of a component of any shape about its own mean.
void add_full(const Plan& plan, std::size_t k, Block& block) {
  const std::size_t d = plan.features;
  double* const sums = block.sums + k * plan.sums;
  subtract_mean(plan, k, block);
  for (std::size_t p = 0; p < kPanelsPerBlock; ++p) {
    const double* const weights = block.weights + (p * plan.count + k) * kPanel;
    for (std::size_t lane = 0; lane < kPanel; ++lane) sums[0] += weights[lane];
    for (std::size_t f = 0; f < d; ++f) {
      double sum = 0;
      for (std::size_t lane = 0; lane < kPanel; ++lane) {
        const std::size_t at = (p * d + f) * kPanel + lane;
        block.product[at] = weights[lane] * block.difference[at];
        sum += block.product[at];
      }
      sums[1 + f] += sum;
    }
  }
  add_products(plan, {block.product, kPanel * d}, d, block.difference, d, true, sums + 1 + d);
}

void add_sums(const Plan& plan, Block& block) {
  if (plan.common > 0)
    add_products(plan, {block.weights, kPanel * plan.count}, plan.count, block.terms, plan.terms, false, block.common);
  for (std::size_t k = 0; k < plan.count; ++k)
    if (plan.near[k] == 0) plan.diagonal ? add_diagonal(plan, k, block) : add_full(plan, k, block);
}

// A near component's column of the matrix: factors of x - c, of (x - c)^2, and of 1.
void write_column(Plan& plan, std::size_t k) {
  const std::size_t d = plan.features;
  double distance = 0;
  const auto entry = [&](std::size_t term) -> double& { return plan.matrix[place_in_panels(term, k, plan.count)]; };
  for (std::size_t f = 0; f < d; ++f) {
    const double factor = plan.components.factors[k * d + f];
    const double offset = factor * (plan.components.means[k * d + f] - plan.centre[f]);
    distance += offset * offset;
    entry(f) = factor * offset;
    entry(d + f) = -factor * factor / 2;
  }
  entry(2 * d) = plan.components.constants[k] - distance / 2;
  plan.near[k] = distance <= kNear && !plan.responsibilities.given ? 1 : 0;
  for (std::size_t term = 0; term < (plan.near[k] == 0 ? plan.terms : 0); ++term) entry(term) = 0;
}

void prepare(Plan& plan) {
  const std::size_t d = plan.features;
  Workspace& workspace = plan.context.workspace;
  plan.centre = workspace.take_zeroed<double>(d);
  plan.near = workspace.take_zeroed<char>(plan.count);
  plan.matrix = workspace.take_zeroed<double>(plan.diagonal ? simd::panel_size(plan.terms, plan.count)
                                                            : plan.count * plan.squares);
  for (std::size_t at = 0; at < plan.count * d; ++at)
    plan.centre[at % d] += plan.components.means[at] / static_cast<double>(plan.count);
  for (std::size_t k = 0; k < plan.count; ++k) {
    if (plan.diagonal) write_column(plan, k);
    for (std::size_t row = 0; row < (plan.diagonal ? 0 : d); ++row)
      for (std::size_t f = 0; f <= row; ++f)
        plan.matrix[k * plan.squares + place_in_panels(f, row, d)] = plan.components.factors[(k * d + row) * d + f];
  }
}

// Adds the sums of a task, about means.
void add_task(const Plan& plan, const double* task, double* out) {
  const std::size_t d = plan.features;
  for (std::size_t k = 0; k < plan.count; ++k) {
    const double* const from = task + k * plan.sums;
    double* const first = out + k * (1 + d + (plan.diagonal ? d : d * d)) + 1;
    double* const second = first + d;
    const auto term = [&](std::size_t f) { return task[plan.count * plan.sums + place_in_panels(k, f, plan.terms)]; };
    if (plan.near[k] != 0) first[-1] += term(2 * d);
    else first[-1] += from[0];
    for (std::size_t f = 0; f < d; ++f) {
      if (plan.near[k] != 0) {
        const double offset = plan.components.means[k * d + f] - plan.centre[f], moved = offset * term(2 * d);
        first[f] += term(f) - moved;
        second[f] += term(d + f) - offset * (2 * term(f) - moved);
        continue;
      }
      first[f] += from[1 + f];
      if (plan.diagonal) second[f] += from[1 + d + f];
      for (std::size_t g = 0; g < (plan.diagonal ? 0 : d); ++g)
        second[f * d + g] += from[1 + d + place_in_panels(std::max(f, g), std::min(f, g), d)];
    }
  }
}

void run_task(const Plan& plan, std::size_t first, std::size_t rows, double* memory, Block& block) {
  const auto take = [&](std::size_t wanted) { return std::exchange(memory, memory + kRows * wanted); };
  block.x = take(plan.features);
  block.difference = take(plan.features);
  block.product = take(plan.features);
  block.terms = take(plan.terms);
  block.logarithms = take(plan.count);
  block.weights = take(plan.count);
  for (std::size_t done = 0; done < rows && !plan.context.cancelled(); done += kRows) {
    block.first = first + done;
    block.rows = std::min(kRows, rows - done);
    read_samples(plan, block);
    if (plan.common > 0) write_terms(plan, plan.centre.data(), block);  // which near components read
    find_weights(plan, block);
    if (plan.with_sums) add_sums(plan, block);
  }
}

}  // namespace

Status pass_over_samples(const AnyMatrix& samples, const Components& components,
                         const Responsibilities& responsibilities, const Context& context, MixtureSums& sums) {
  constexpr double kNanosecondsPerNumber = 0.5;
  const Workspace::Frame frame(context.workspace);
  const std::size_t rows = std::visit([](const auto& matrix) { return matrix.rows; }, samples);
  const std::size_t d = components.features, count = components.count;
  const bool diagonal = components.diagonal(), with_sums = !sums.components.empty();
  Plan plan{samples,
            components,
            responsibilities,
            context,
            context.kernels.product<double>(),
            diagonal,
            with_sums,
            count,
            d,
            2 * d + 1,
            diagonal ? d : simd::panel_size(d, d)};
  plan.sums = 1 + d + plan.squares;
  plan.common = diagonal && !responsibilities.given ? simd::panel_size(count, plan.terms) : 0;
  prepare(plan);
  const std::size_t size = with_sums ? count * plan.sums + plan.common : 0;
  // A task has whole blocks, as many as make the sums of all tasks fit.
  const std::size_t most = std::clamp<std::size_t>(kMostNumbers / (size + 1), 1, kMostTasks);
  const std::size_t length = ((rows + kRows - 1) / kRows + most - 1) / most * kRows;
  const std::size_t tasks = (rows + length - 1) / length, scratch = kRows * (3 * d + plan.terms + 2 * count);
  const std::span<double> partial = context.workspace.take_zeroed<double>(tasks * (size + 2));
  const std::span<double> memory = context.workspace.take<double>(context.slots() * scratch);
  const std::span<const double*> pointers = context.workspace.take<const double*>(context.slots() * plan.terms);
  const auto run = [&](std::size_t first, std::size_t task_rows, std::size_t slot) {
    double* const out = partial.data() + first / length * (size + 2);
    Block block{};
    block.pointers = pointers.data() + slot * plan.terms;
    block.sums = out + 2;
    block.common = block.sums + count * plan.sums;
    run_task(plan, first, task_rows, memory.data() + slot * scratch, block);
    out[0] = block.log_density;
    out[1] = block.entropy;
  };
  const double numbers = static_cast<double>(rows) * static_cast<double>(components.factors.size());
  context.for_each_range(rows, length, kNanosecondsPerNumber * numbers, run);
  if (context.cancelled()) return aborted();
  std::fill(sums.components.begin(), sums.components.end(), 0.0);
  for (std::size_t task = 0; task < tasks; ++task) {
    const double* const from = partial.data() + task * (size + 2);
    sums.log_density += from[0];
    sums.entropy += from[1];
    if (with_sums) add_task(plan, from + 2, sums.components.data());
  }
  return Status::ok();
}

}  // namespace genmi
