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
  Status (*in_single)(const pairs::Call<float>&, double&);
  Status (*in_double)(const pairs::Call<double>&, double&);

  Status evaluate(const pairs::Call<float>& call, double& value) const { return in_single(call, value); }
  Status evaluate(const pairs::Call<double>& call, double& value) const { return in_double(call, value); }
};

constexpr Entry kLosses[] = {
    {"iic", pairs::iic, pairs::iic},
};

struct Shape {
  std::size_t rows, columns;
  bool operator==(const Shape&) const = default;
};

Shape shape_of(const AnyMatrix& view) {
  return std::visit([](const auto& matrix) { return Shape{matrix.rows, matrix.columns}; }, view);
}

std::size_t length(const AnyOutput& out) {
  return std::visit([](const auto& numbers) { return numbers.size(); }, out);
}

Status wrong_shape() {
  return {Code::kOutOfRange, explain("b", "the shape of a", "another shape", "row i of both views is one sample")};
}

Status overflow() {
  return {Code::kOutOfRange, explain("a and b", "views whose loss and gradients are finite numbers", "an overflow",
                                     "use Float64Array for views and out, or smaller numbers")};
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
    return overflow();
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
  if (entry == std::end(kLosses)) return {Code::kOutOfRange, explain("loss", "a known name", quote(loss.name))};
  if (views.a.index() != views.b.index())
    return {Code::kInvalidType, explain("b", "numbers in the precision of a", "the other precision")};
  if (shape_of(views.a) != shape_of(views.b)) return wrong_shape();
  const bool single = std::holds_alternative<MatrixView<float>>(views.a);
  const auto go = single ? evaluate_as<float> : evaluate_as<double>;
  return go(*entry, loss, views, context, value, gradients);
}

}  // namespace genmi
