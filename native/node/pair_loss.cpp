#include "node/pair_loss.h"

#include "genmi/pair_loss.h"
#include "node/arguments.h"
#include "node/entry.h"
#include "node/errors.h"
#include "node/task.h"

namespace genmi::node {
namespace {

// A view of rows x columns numbers, its gradient, and where JavaScript copies the gradient afterwards.
struct ViewArguments {
  // The view at `first`, its two sizes behind it.
  ViewArguments(const Napi::CallbackInfo& info, std::size_t first, std::size_t out, const char* name, Access access)
      : rows(size_argument(info[first + 1], "rows")),
        columns(size_argument(info[first + 2], "columns")),
        numbers(info[first], rows, columns, name, access),
        gradient(info[out], rows * columns, "out", Presence::kOptional, access),
        lent(info[out + 2], access == Access::kCopy ? rows * columns : 0, "out", Presence::kOptional, Access::kView) {
    if (rows == 0 || columns == 0)
      throw to_error(info.Env(), {Code::kOutOfRange, explain(name, "at least one row and one column", "none")});
  }

  std::size_t rows, columns;
  MatrixArgument numbers;
  Output gradient, lent;
};

// pairLoss(name, parameter, logits, a, rows, columns, b, rows, columns, byA, byB): the loss. Fills the gradients byA
// and byB, unless they are null. pairLossAsync(…, outA, outB, job): JavaScript copies the gradients into outA and outB
// afterwards.
class PairLossTask final : public Task {
 public:
  static constexpr std::size_t kArguments = 13;

  PairLossTask(const Napi::CallbackInfo& info, Access access)
      : loss_{info[0].ToString(), number_argument(info[1], "parameter")},
        from_(info[2].ToBoolean() ? From::kLogits : From::kProbabilities),
        a_(info, 3, 9, "a", access),
        b_(info, 6, 10, "b", access) {
    const Napi::Env env = info.Env();
    for (const auto member : {&ViewArguments::gradient, &ViewArguments::lent}) {
      for (const ViewArguments* view : {&a_, &b_}) {
        check_apart(env, view->*member, a_.numbers.memory(), "that of a");
        check_apart(env, view->*member, b_.numbers.memory(), "that of b");
      }
      check_apart(env, a_.*member, (b_.*member).memory(), "one array for both gradients");
    }
  }

  Status run(Context& context) override {
    return evaluate(loss_, {a_.numbers.view(), b_.numbers.view(), from_}, context, value_,
                    {a_.gradient.numbers(), b_.gradient.numbers()});
  }
  void drop_inputs() override {
    a_.numbers.drop();
    b_.numbers.drop();
  }
  Napi::Value finish(Napi::Env env) override { return Napi::Number::New(env, value_); }

 private:
  PairLoss loss_;
  From from_;
  ViewArguments a_, b_;
  double value_ = 0;
};

}  // namespace

void define_pair_loss(Napi::Env env, Napi::Object exports) {
  define_function<perform<PairLossTask>>(env, exports, "pairLoss");
  define_function<perform_async<PairLossTask>>(env, exports, "pairLossAsync");
}

}  // namespace genmi::node
