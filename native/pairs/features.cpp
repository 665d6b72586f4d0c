#include "pairs/features.h"

#include <limits>

#include "objectives/panel_algebra.h"
#include "objectives/predictions.h"
#include "simd/kernels.h"

namespace genmi::pairs {

using simd::panel_size;
using simd::place_in_panels;

template <class T>
Features<T>::Features(std::size_t vectors, std::size_t features, Workspace& workspace)
    : count(vectors),
      length(features),
      by_vector(workspace.take_zeroed<T>(panel_size(count, length)).data()),
      by_feature(workspace.take_zeroed<T>(panel_size(length, count)).data()) {}

template <class T>
Status check_finite(MatrixView<T> view, const char* argument, const Context& context) {
  constexpr T kLargest = std::numeric_limits<T>::max();
  if (context.kernels.panel<T>().are_within(view.data, view.rows * view.columns, -kLargest, kLargest))
    return Status::ok();
  return not_finite(view, argument);
}

template <class T>
T* scores(const Features<T>& a, const Features<T>& b, const Context& context) {
  T* const out = context.workspace.take<T>(panel_size(a.count, b.count)).data();
  objectives::multiply_panels(a.by_vector, a.count, a.length, b.by_feature, b.count, context, out);
  return out;
}

template <class T>
T* through_scores(const T* by_score, std::size_t count, const Features<T>& b, const Context& context) {
  T* const out = context.workspace.take<T>(panel_size(count, b.length)).data();
  objectives::multiply_panels(by_score, count, b.count, b.by_vector, b.length, context, out);
  return out;
}

template struct Features<float>;
template struct Features<double>;
template Status check_finite(MatrixView<float>, const char*, const Context&);
template Status check_finite(MatrixView<double>, const char*, const Context&);
template float* scores(const Features<float>&, const Features<float>&, const Context&);
template double* scores(const Features<double>&, const Features<double>&, const Context&);
template float* through_scores(const float*, std::size_t, const Features<float>&, const Context&);
template double* through_scores(const double*, std::size_t, const Features<double>&, const Context&);

ScoredViews::ScoredViews(const Call<double>& call)
    : n(call.a.rows),
      units(call.a.columns),
      locations(call.b.columns / units),
      whole(n, units, call.context.workspace),
      local(n * locations, units, call.context.workspace) {}

Status ScoredViews::read(const Call<double>& call) {
  if (Status status = check_finite(call.a, "a", call.context); !status) return status;
  if (Status status = check_finite(call.b, "b", call.context); !status) return status;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t u = 0; u < units; ++u) {
      whole.set(i, u, call.a(i, u));
      for (std::size_t p = 0; p < locations; ++p) local.set(i * locations + p, u, call.b(i, u * locations + p));
    }
  scores = pairs::scores(whole, local, call.context);
  return call.context.cancelled() ? aborted() : Status::ok();
}

Status ScoredViews::write_gradients(const Call<double>& call, double factor) const {
  const std::size_t columns = n * locations;
  if (call.by_a != nullptr) {
    const double* const by_whole = through_scores(scores, n, local, call.context);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t u = 0; u < units; ++u)
        call.by_a[i * units + u] = factor * by_whole[place_in_panels(i, u, units)];
  }
  if (call.by_b != nullptr) {
    double* const turned = call.context.workspace.take<double>(panel_size(columns, n)).data();
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < columns; ++j)
        turned[place_in_panels(j, i, n)] = scores[place_in_panels(i, j, columns)];
    const double* const by_local = through_scores(turned, columns, whole, call.context);
    for (std::size_t j = 0; j < columns; ++j)
      for (std::size_t u = 0; u < units; ++u)
        call.by_b[(j / locations * units + u) * locations + j % locations] =
            factor * by_local[place_in_panels(j, u, units)];
  }
  return call.context.cancelled() ? aborted() : Status::ok();
}

}  // namespace genmi::pairs
