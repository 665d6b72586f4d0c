// Checks products, entries and trainings of a plugin on the first device: `npm run test:gpu`
// on a card, `npm run test:gpu-emulated` on the CPU. It needs no library beside the plugin. Exit codes: 0, all is
// right; 1, something is not, or a call fails; 77, there is no device.
#include "check.h"

namespace {

constexpr int kNoDevice = 77;

bool report(const char* what, const genmi::test::Result& result) {
  std::printf("%zu %s, up to %.3f of the error that is allowed\n", result.compared, what, result.largest);
  return result.largest <= 1;
}

}  // namespace

// check [most samples]
int main(int count, char** arguments) {
  using genmi::test::table;
  const std::size_t most = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 1057;
  GenmiDevice* device = nullptr;
  const GenmiFailure none = table().open(&device);
  if (none.call != nullptr) {
    std::printf("no device: %s: %s\n", none.call, none.error);
    return kNoDevice;
  }
  const bool products = report("products", genmi::test::check_products(device, most));
  const bool pairs = report("matrices of pairs", genmi::test::check_pairs(device, most));
  const bool trainings = report("steps of trainings", genmi::test::check_trainings(device, most));
  table().close(device);
  return products && pairs && trainings ? EXIT_SUCCESS : EXIT_FAILURE;
}
