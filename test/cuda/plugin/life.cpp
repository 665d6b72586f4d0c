// Beside the emulated plugin, in its shared object: lets one of its calls fail, and reports what the process has left.
// GENMI_EMULATED_FAILING: the number of the call and its error, GENMI_EMULATED_REPORT: the file.
#include <cstdlib>
#include <fstream>
#include <string>

#include "runtime.h"

namespace genmi::cuda::emulated {
namespace {

struct Life {
  Life() {
    const char* const failing = std::getenv("GENMI_EMULATED_FAILING");
    char* name = nullptr;
    const std::size_t call = failing == nullptr ? kNever : std::strtoul(failing, &name, 10);
    cudaError_t error = cudaErrorLaunchFailure;
    if (name != nullptr && std::string(name) == ":cudaErrorInsufficientDriver") error = cudaErrorInsufficientDriver;
    begin_record(call, error);
  }
  ~Life() {
    const char* const file = std::getenv("GENMI_EMULATED_REPORT");
    if (file == nullptr) return;
    const Record left = record();
    std::ofstream report(file);
    report << left.live << " live";
    for (const std::string& mistake : left.mistakes) report << ", " << mistake;
    report << '\n';
    for (const std::string& call : left.calls) report << call << '\n';
  }
} life;

}  // namespace
}  // namespace genmi::cuda::emulated
