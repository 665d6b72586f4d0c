#include "genmi/pair_loss.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <variant>

#include "pairs/losses.h"
#include "simd/kernels.h"

namespace genmi {
namespace {

struct Entry {
  const char* name;
  bool same_shape;  // otherwise a multiple of the columns of a: one for each location
  Status (*in_double)(const pairs::Call<double>&, double&);
  Status (*in_single)(const pairs::Call<float>&, double&) = nullptr;  // null: float32 is computed in float64

  Status evaluate(const pairs::Call<float>& call, double& value) const { return in_single(call, value); }
  Status evaluate(const pairs::Call<double>& call, double& value) const { return in_double(call, value); }
};

constexpr Entry kLosses[] = {
    {"iic", true, pairs::iic, pairs::iic},
    {"nt-xent", true, pairs::nt_xent, pairs::nt_xent},
    {"info-nce", false, pairs::info_nce},
    {"fenchel", false, pairs::fenchel},
    {"donsker-varadhan", false, pairs::donsker_varadhan},
};

struct Shape {
  std::size_t rows, columns;
};

Shape shape_of(const AnyMatrix& view) {
  return std::visit([](const auto& matrix) { return Shape{matrix.rows, matrix.columns}; }, view);
}

MatrixView<double> in_double(const AnyMatrix& view, const Context& context) {
  const auto& single = *std::get_if<MatrixView<float>>(&view);
  const std::span<double> copy = context.workspace.take<double>(single.rows * single.columns);
  std::copy_n(single.data, copy.size(), copy.data());
  return {copy.data(), single.rows, single.columns};
}

std::size_t length(const AnyOutput& out) {
  return std::visit([](const auto& numbers) { return numbers.size(); }, out);
}

Status refuse(Code code, const char* argument, const char* expected, const char* received, const char* remedy = "") {
  return {code, explain(argument, expected, received, remedy)};
}

// Whether all numbers are finite in their precision and in that of `out`.
template <class T>
bool fit(std::span<const T> numbers, const AnyOutput& out, const Context& context) {
  const bool single = sizeof(T) == 4 || std::holds_alternative<std::span<float>>(out);
  const auto largest = static_cast<T>(single ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max());
  return context.kernels.panel<T>().are_within(numbers.data(), numbers.size(), -largest, largest);
}

template <class T>
void copy(std::span<const T> numbers, const AnyOutput& out) {
  const auto write = [&]<class Out>(std::span<Out> to) {
    for (std::size_t i = 0; i < numbers.size(); ++i) to[i] = static_cast<Out>(numbers[i]);
  };
  std::visit(write, out);
}

template <class T>
Status evaluate_as(const Entry& entry, const PairLoss& loss, const Views& views, const Context& context, double& value,
                   const ViewGradients& gradients) {
  const Workspace::Frame frame(context.workspace);
  const std::span<T> by_a = context.workspace.take<T>(length(gradients.a));
  const std::span<T> by_b = context.workspace.take<T>(length(gradients.b));
  const auto begin = [](std::span<T> numbers) { return numbers.empty() ? nullptr : numbers.data(); };
  const auto &a = *std::get_if<MatrixView<T>>(&views.a), &b = *std::get_if<MatrixView<T>>(&views.b);
  double result = 0;
  const pairs::Call<T> call{a, b, views.from, loss.parameter, context, begin(by_a), begin(by_b)};
  if (Status status = entry.evaluate(call, result); !status) return status;
  if (!std::isfinite(result) || !fit<T>(by_a, gradients.a, context) || !fit<T>(by_b, gradients.b, context))
    return refuse(Code::kOutOfRange, "a and b", "views whose loss and gradients are finite numbers", "an overflow",
                  "use Float64Array for views and out, or smaller numbers");
  value = result;
  copy<T>(by_a, gradients.a);
  copy<T>(by_b, gradients.b);
  return Status::ok();
}

}  // namespace

Status evaluate(const PairLoss& loss, const Views& views, const Context& context, double& value,
                const ViewGradients& gradients) {
  const Entry* const entry =
      std::find_if(std::begin(kLosses), std::end(kLosses), [&](const Entry& each) { return loss.name == each.name; });
  if (entry == std::end(kLosses)) return refuse(Code::kOutOfRange, "loss", "a known name", "another");
  if (views.a.index() != views.b.index())
    return refuse(Code::kInvalidType, "b", "numbers in the precision of a", "the other precision");
  const Shape a = shape_of(views.a), b = shape_of(views.b);
  if (a.rows != b.rows || a.columns == 0 || b.columns % a.columns != 0 || (entry->same_shape && a.columns != b.columns))
    return refuse(Code::kOutOfRange, "b", "the shape of a", "another shape", "row i of both views is one sample");
  if (std::holds_alternative<MatrixView<double>>(views.a))
    return evaluate_as<double>(*entry, loss, views, context, value, gradients);
  if (entry->in_single != nullptr) return evaluate_as<float>(*entry, loss, views, context, value, gradients);
  const Workspace::Frame frame(context.workspace);
  const Views wider{in_double(views.a, context), in_double(views.b, context), views.from};
  return evaluate_as<double>(*entry, loss, wider, context, value, gradients);
}

}  // namespace genmi
