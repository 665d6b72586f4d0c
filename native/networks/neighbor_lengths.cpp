#include "networks/neighbor_lengths.h"

#include <cmath>
#include <string>
#include <type_traits>

#include "genmi/neighbors.h"

namespace genmi::networks {
namespace {

constexpr std::size_t kNeighbor = 10;
constexpr double kShare = 0.25;

}  // namespace

Status neighbor_lengths(const Samples& samples, const Context& context, std::vector<double>& out) {
  if (samples.rows() <= kNeighbor)
    return {Code::kOutOfRange,
            explain("data", "at least " + std::to_string(kNeighbor + 1) + " samples, for vat.epsilon: 'neighbours'",
                    std::to_string(samples.rows()), "give vat.epsilon as a number")};
  std::vector<double> lengths(samples.rows());
  double factor = kShare;
  const auto find = [&]<class N>(const N& numbers) -> Status {
    if constexpr (std::is_same_v<N, Bytes>) {
      factor *= std::abs(numbers.scale);
      const MatrixView<std::uint8_t> bytes{numbers.data, numbers.rows, numbers.columns};
      return kth_neighbor_distances(bytes, kNeighbor, context, lengths);
    } else {
      return kth_neighbor_distances(numbers, kNeighbor, context, lengths);
    }
  };
  if (Status status = std::visit(find, samples.numbers()); !status) return status;
  for (double& length : lengths) length *= factor;
  out = std::move(lengths);
  return Status::ok();
}

}  // namespace genmi::networks
