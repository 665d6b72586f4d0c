// Transport between images. Exact: the network simplex between the pixels that have mass.
#include "genmi/image_transport.h"

#include <algorithm>
#include <vector>

#include "genmi/transport.h"
#include "perturbations/entropic_transport.h"
#include "perturbations/grid.h"
#include "simd/kernels.h"
#include "transport/costs.h"

namespace genmi {
namespace {

// Pixels with mass.
struct Support {
  Support(const double* masses, const ImagePair& pair) {
    for (std::size_t p = 0; p < pair.size(); ++p) {
      if (!(masses[p] > 0)) continue;
      pixels.push_back(p);
      mass.push_back(masses[p]);
      rows.push_back(static_cast<double>(p / pair.width));
      columns.push_back(static_cast<double>(p % pair.width));
    }
  }

  std::vector<std::size_t> pixels;
  std::vector<double> mass, rows, columns;
};

std::vector<double> squared_distances(const Support& from, const Support& to) {
  const std::size_t targets = to.mass.size();
  std::vector<double> squares(from.mass.size() * targets);
  for (std::size_t i = 0; i < from.mass.size(); ++i) {
    for (std::size_t j = 0; j < targets; ++j) {
      const double down = to.rows[j] - from.rows[i], right = to.columns[j] - from.columns[i];
      squares[i * targets + j] = down * down + right * right;
    }
  }
  return squares;
}

// potentials: a plane that receives those of the pixels of a with mass.
Status solve_exactly(const ImagePair& pair, const Grid& grid, const Context& context, transport::Solver& solver,
                     double* potentials, double* numbers) {
  const Support a(pair.a, pair), b(pair.b, pair);
  const std::vector<double> squares = squared_distances(a, b);
  transport::Costs costs;
  costs.use(context.kernels.transport);
  if (Status status = costs.prepare({squares.data(), a.mass.size(), b.mass.size()}); !status) return status;
  transport::Options options;
  options.job = context.job;
  transport::Result result;
  if (Status status = solver.solve(costs, a.mass, b.mass, options, result); !status) return status;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) potentials[grid.place(a.pixels[i])] = result.u[i];
  numbers[0] = numbers[1] = std::max(0.0, result.cost);
  numbers[2] = static_cast<double>(result.pivots);
  return Status::ok();
}

}  // namespace

Status transport_images(const ImagePairs& pairs, const std::optional<EntropicLimits>& limits, bool potentials,
                        const Context& context, std::span<double> out) {
  const Workspace::Frame frame(context.workspace);
  const std::size_t size = pairs.height * pairs.width, plane = Grid::plane(pairs.height, pairs.width);
  const std::size_t room =
      limits ? EntropicTransport::room(pairs.height, pairs.width) : Grid::room(pairs.height, pairs.width) + 2 * plane;
  const std::span<double> memory = context.workspace.take<double>(room * context.slots());
  std::vector<transport::Solver> solvers(limits ? 0 : context.slots());
  std::vector<Status> statuses(pairs.count, Status::ok());
  context.for_each(pairs.count, [&](std::size_t i, std::size_t slot) {
    if (context.cancelled()) return;
    const ImagePair pair{pairs.height, pairs.width, pairs.a + i * size, pairs.b + i * size};
    double *const own = &memory[slot * room], *const numbers = &out[i * (kImageNumbers + (potentials ? size : 0))];
    Grid grid(pairs.height, pairs.width, context, own);
    const auto write = [&](const double* plane_of_b) {
      for (std::size_t q = 0; potentials && q < size; ++q) numbers[kImageNumbers + q] = plane_of_b[grid.place(q)];
    };
    if (limits) {
      EntropicTransport entropic(pair, context, own);
      entropic.solve(*limits, numbers);
      return write(entropic.potentials());
    }
    double *const u = own + room - plane, *const v = u - plane;
    statuses[i] = solve_exactly(pair, grid, context, solvers[slot], u, numbers);
    if (!statuses[i] || !potentials) return;
    grid.make_feasible(pair.a, u, v);
    write(v);
  });
  if (context.cancelled()) return aborted();
  const auto failed = std::find_if(statuses.begin(), statuses.end(), [](const Status& each) { return !each; });
  return failed == statuses.end() ? Status::ok() : *failed;
}

}  // namespace genmi
