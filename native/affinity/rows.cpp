#include "genmi/rows.h"

#include <string>

namespace genmi {

Status check_rows(Rows rows, std::size_t n, std::size_t size) {
  if (rows.index == nullptr) {
    if (size == 0 || n == size) return Status::ok();
    return {Code::kOutOfRange,
            explain("predictions", std::to_string(size) + " rows, one for each sample of the affinity",
                    std::to_string(n), "for a mini-batch pass rows, the samples' indices")};
  }
  if (rows.count != n)
    return {Code::kOutOfRange, explain("rows", std::to_string(n) + " indices, one for each row of the predictions",
                                       std::to_string(rows.count))};
  for (std::size_t i = 0; i < n && size != 0; ++i)
    if (rows.index[i] < 0 || static_cast<std::size_t>(rows.index[i]) >= size)
      return {Code::kOutOfRange, explain("rows", "integers in [0, " + std::to_string(size) + ")",
                                         std::to_string(rows.index[i]) + " at index " + std::to_string(i))};
  return Status::ok();
}

}  // namespace genmi
