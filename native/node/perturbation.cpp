#include "node/perturbation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "genmi/image_transport.h"
#include "genmi/perturbation.h"
#include "genmi/projection.h"
#include "node/arguments.h"
#include "node/entry.h"
#include "node/errors.h"
#include "node/task.h"

namespace genmi::node {
namespace {

using Type = ArrayArgument::Type;

[[noreturn]] void refuse(Napi::Env env, Code code, const char* argument, const char* expected) {
  throw to_error(env, {code, explain(argument, expected, "another value")});
}

std::size_t product(Napi::Env env, std::initializer_list<std::size_t> sizes) {
  constexpr std::size_t kMost = SIZE_MAX / 8;
  std::size_t result = 1;
  for (const std::size_t size : sizes) {
    if (size != 0 && result > kMost / size) refuse(env, Code::kOutOfRange, "images", "a smaller shape");
    result *= size;
  }
  return result;
}

// The map's name, and its numbers from `first` on.
Map map_argument(const Napi::CallbackInfo& info, std::size_t first) {
  const Napi::Env env = info.Env();
  double p[8];
  for (std::size_t k = 0; k < 8; ++k) {
    p[k] = info[first + k].IsUndefined() ? 0 : number_argument(info[first + k], "map");
    if (!(std::abs(p[k]) <= 1e6)) refuse(env, Code::kOutOfRange, "map", "numbers of at most 1e6");
  }
  const std::string name = info[0].ToString();
  if (name == "affine") return AffineMap{{p[0], p[1]}, {p[2], p[3]}, {p[4], p[5]}, {p[6], p[7]}};
  if (name != "elastic" || !(p[1] >= 0 && p[1] <= 100))
    refuse(env, Code::kOutOfRange, "map", "'affine', or 'elastic' with a sigma in [0, 100]");
  return ElasticMap{p[0], p[1]};
}

// count x height x width x channels numbers or bytes, their scale and offset, and the numbers of the images that are
// perturbed. An asynchronous call copies these images alone.
class ImagesArgument {
 public:
  ImagesArgument(const Napi::CallbackInfo& info, std::size_t first, Access access)
      : array(info[first], "images",
              access == Access::kView ? ArrayArgument::Access::kView : ArrayArgument::Access::kBorrow),
        rows_argument(info[first + 7]) {
    const Napi::Env env = info.Env();
    images = {{},
              size_argument(info[first + 1], "count"),
              size_argument(info[first + 2], "height"),
              size_argument(info[first + 3], "width"),
              size_argument(info[first + 4], "channels"),
              number_argument(info[first + 5], "scale"),
              number_argument(info[first + 6], "offset")};
    if (array.type() == Type::kFloat64) refuse(env, Code::kInvalidType, "images", "a Float32Array or Uint8Array");
    check_length(env, array.length(), product(env, {images.height, images.width, images.channels, images.count}),
                 "images");
    rows = rows_argument.view();
    if (rows.index == nullptr) rows.count = images.count;
    length = product(env, {images.height, images.width, images.channels, rows.count});
    set_data(array.data());
    if (access == Access::kCopy) copy_rows(env);
  }

  const ArrayArgument array;
  const RowsArgument rows_argument;
  Images images;
  Rows rows;
  std::size_t length = 0;  // of the result
  Copy copy;

 private:
  void set_data(const void* data) {
    if (array.type() == Type::kBytes) images.data = static_cast<const std::uint8_t*>(data);
    else images.data = static_cast<const float*>(data);
  }

  void copy_rows(Napi::Env env) {
    const std::size_t bytes = images.size() * (array.type() == Type::kBytes ? 1 : sizeof(float));
    const auto* const from = static_cast<const std::byte*>(array.data());
    if (rows.index == nullptr) {
      copy = Copy(env, from, rows.count * bytes);
    } else {
      check(env, check_rows(rows, rows.count, std::max<std::size_t>(1, images.count)));
      copy = Copy(rows.count * bytes);
      for (std::size_t i = 0; i < rows.count; ++i) copy.fill(env, i * bytes, from + rows[i] * bytes, bytes);
      images.count = rows.count;
      rows.index = nullptr;
    }
    set_data(copy.data());
  }
};

// perturb(map, images, count, height, width, channels, scale, offset, rows, probability, outside, seed, out, null,
// null, …numbers): fills out. perturbAsync(…, out, lent, job, …numbers): JavaScript copies out into lent afterwards.
class PerturbTask final : public Task {
 public:
  static constexpr std::size_t kArguments = 14;

  PerturbTask(const Napi::CallbackInfo& info, Access access)
      : perturbation_{map_argument(info, kArguments + 1), number_argument(info[9], "probability"), std::nullopt,
                      static_cast<std::uint64_t>(size_argument(info[11], "seed"))},
        images_(info, 1, access),
        out_(info[12], images_.length, "out", Presence::kRequired, access),
        lent_(info[13], access == Access::kCopy ? images_.length : 0, "out", Presence::kOptional, Access::kView) {
    const Napi::Env env = info.Env();
    if (info[10].IsNumber()) perturbation_.outside = info[10].As<Napi::Number>().FloatValue();
    if (!std::holds_alternative<std::span<float>>(out_.numbers()))
      refuse(env, Code::kInvalidType, "out", "a Float32Array");
    for (const Output* out : {&out_, &lent_}) {
      check_apart(env, *out, images_.array.memory(), "that of images");
      check_apart(env, *out, images_.rows_argument.memory(), "that of rows");
    }
  }

  Status run(Context& context) override {
    return perturb(images_.images, images_.rows, perturbation_, context, std::get<std::span<float>>(out_.numbers()));
  }
  void drop_inputs() override { images_.copy = Copy(); }
  Napi::Value finish(Napi::Env env) override { return env.Undefined(); }

 private:
  Perturbation perturbation_;
  ImagesArgument images_;
  Output out_, lent_;
};

ArrayArgument::Access to_access(Access access) {
  return access == Access::kView ? ArrayArgument::Access::kView : ArrayArgument::Access::kCopy;
}

// Two arrays of `length` float64 numbers, and the float64 numbers that a task makes of them.
struct MassArguments {
  MassArguments(const Napi::CallbackInfo& info, std::size_t length, const Napi::Value& result, std::size_t results,
                Access access)
      : first(info[0], "images", to_access(access)),
        second(info[1], "images", to_access(access)),
        out(result, results, "out", Presence::kRequired, access) {
    const Napi::Env env = info.Env();
    for (const ArrayArgument* each : {&first, &second}) {
      if (each->type() != Type::kFloat64) refuse(env, Code::kInvalidType, "images", "a Float64Array");
      check_length(env, each->length(), length, "images");
      check_apart(env, out, each->memory(), "that of images");
    }
    if (!std::holds_alternative<std::span<double>>(out.numbers()))
      refuse(env, Code::kInvalidType, "out", "a Float64Array");
  }

  const double* numbers(const ArrayArgument& of) const { return static_cast<const double*>(of.data()); }
  std::span<double> results() const { return std::get<std::span<double>>(out.numbers()); }
  void drop() {
    first.drop();
    second.drop();
  }

  ArrayArgument first, second;
  Output out;
};

std::optional<Convergence> convergence_arguments(const Napi::CallbackInfo& info, std::size_t first) {
  if (info[first].IsNull()) return std::nullopt;
  return Convergence{number_argument(info[first], "tolerance"), size_argument(info[first + 1], "iterations")};
}

// project(centers, images, count, channels, height, width, reach, cost, lambda, tolerance, iterations, out): fills out.
// The last two numbers are null for the largest values of linear functions, whose gradients are the images.
// projectAsync(…, job).
class ProjectTask final : public Task {
 public:
  static constexpr std::size_t kArguments = 12;

  ProjectTask(const Napi::CallbackInfo& info, Access access)
      : balls_{size_argument(info[2], "count"),    size_argument(info[4], "height"), size_argument(info[5], "width"),
               size_argument(info[3], "channels"), size_argument(info[6], "reach"),  number_argument(info[7], "cost"),
               number_argument(info[8], "lambda")},
        convergence_(convergence_arguments(info, 9)),
        size_(product(info.Env(), {balls_.channels, balls_.height, balls_.width, balls_.count})),
        masses_(info, size_, info[11], size_ + (convergence_ ? kProjectionNumbers * balls_.count : 0), access) {
    const Napi::Env env = info.Env();
    constexpr std::size_t kNumbers =
        1 << 15;  // more than the core takes for a pixel and its surroundings, on all threads
    product(env, {balls_.height + 2 * balls_.reach, balls_.width + 2 * balls_.reach, balls_.channels, kNumbers});
    if (size_ == 0 || balls_.reach > std::max(balls_.height, balls_.width) || !(balls_.cost > 0 && balls_.lambda > 0))
      refuse(env, Code::kOutOfRange, "reach, cost and lambda", "pixels, a window within the image, positive numbers");
  }

  Status run(Context& context) override {
    return project(balls_, convergence_, masses_.numbers(masses_.first), masses_.numbers(masses_.second), context,
                   masses_.results());
  }
  void drop_inputs() override { masses_.drop(); }
  Napi::Value finish(Napi::Env env) override { return env.Undefined(); }

 private:
  WassersteinBalls balls_;
  std::optional<Convergence> convergence_;
  std::size_t size_;  // of all images
  MassArguments masses_;
};

// transportImages(a, b, count, height, width, tolerance, iterations, potentials, out): fills out. Without limits, which
// are null, transport is exact. transportImagesAsync(…, job).
class TransportImagesTask final : public Task {
 public:
  static constexpr std::size_t kArguments = 9;

  TransportImagesTask(const Napi::CallbackInfo& info, Access access)
      : count_(size_argument(info[2], "count")),
        height_(size_argument(info[3], "height")),
        width_(size_argument(info[4], "width")),
        potentials_(info[7].ToBoolean()),
        masses_(info, product(info.Env(), {count_, height_, width_}), info[8],
                count_ * (kImageNumbers + (potentials_ ? height_ * width_ : 0)), access) {
    if (!info[5].IsNull()) limits_ = {number_argument(info[5], "tolerance"), size_argument(info[6], "iterations")};
    constexpr std::size_t kNumbers = 1 << 17;  // more than the core takes for 16 x 16 pixels, on all threads
    product(info.Env(), {height_ + 15, width_ + 15, kNumbers});
    if (masses_.first.length() == 0) refuse(info.Env(), Code::kOutOfRange, "images", "pixels");
  }

  Status run(Context& context) override {
    return transport_images({count_, height_, width_, masses_.numbers(masses_.first), masses_.numbers(masses_.second)},
                            limits_, potentials_, context, masses_.results());
  }
  void drop_inputs() override { masses_.drop(); }
  Napi::Value finish(Napi::Env env) override { return env.Undefined(); }

 private:
  std::size_t count_, height_, width_;
  bool potentials_;
  std::optional<EntropicLimits> limits_;
  MassArguments masses_;
};

}  // namespace

void define_perturbation(Napi::Env env, Napi::Object exports) {
  define_function<perform<PerturbTask>>(env, exports, "perturb");
  define_function<perform_async<PerturbTask>>(env, exports, "perturbAsync");
  define_function<perform<ProjectTask>>(env, exports, "project");
  define_function<perform_async<ProjectTask>>(env, exports, "projectAsync");
  define_function<perform<TransportImagesTask>>(env, exports, "transportImages");
  define_function<perform_async<TransportImagesTask>>(env, exports, "transportImagesAsync");
}

}  // namespace genmi::node
