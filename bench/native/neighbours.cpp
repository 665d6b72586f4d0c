// neighbours N D FILE K THREADS: {"seconds", "answer"} of the distances of n samples, in a file of bench/networks, to
// their k-th nearest others; the answer is a projection (bench/networks/rows.ts).
#include <vector>

#include "genmi/neighbors.h"
#include "network_inputs.h"
#include "session.h"
#include "timing.h"

namespace genmi::bench {

Answer answer_neighbours(Session& session) {
  return [&session](std::istream& words, std::ostream& out) {
    std::size_t n = 0, d = 0, k = 1, threads = 1;
    std::string file;
    words >> n >> d >> file >> k >> threads;
    const std::vector<float> x = session.read<float>(kNetworkInputs + file, n * d);
    const Context context = session.context(threads);
    std::vector<double> distances(n);
    const double seconds =
        seconds_of([&] { expect(kth_neighbor_distances(MatrixView<float>{x.data(), n, d}, k, context, distances)); });
    out << R"({"seconds":)" << seconds << R"(,"answer":)" << project<double>(distances, 1) << "}";
  };
}

}  // namespace genmi::bench
