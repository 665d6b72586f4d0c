// Shared by the commands of this program: the folder of the inputs, scratch memory, threads, and the projections
// that answers are compared by.
#pragma once

#include <cstddef>
#include <functional>
#include <istream>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "genmi/affinity.h"
#include "genmi/context.h"
#include "genmi/status.h"

namespace genmi::bench {

// Where bench/kernels/inputs.ts makes its files, in the folder of the inputs.
inline const std::string kKernelInputs = "kernels-2/";

class Session {
 public:
  explicit Session(std::string folder) : folder_(std::move(folder)) {}

  Context context(std::size_t threads) { return {workspace_, pool_.get(), threads}; }

  // Numbers of a file of the inputs, which has at least so many.
  template <class T>
  std::vector<T> read(const std::string& file, std::size_t count) const;

 private:
  std::string folder_;
  Workspace workspace_;
  std::shared_ptr<ThreadPool> pool_ = ThreadPool::shared();
};

void expect(const Status& status);

Precision precision_of(const std::string& name);

// A stored affinity of n samples with d features.
AffinityPtr measure(const std::vector<double>& x, std::size_t n, Kind kind, const std::string& name,
                    Precision precision, const Context& context);

// w' A v for fixed weights w and v, and the root of the sum of squares of A, which its error is relative to. The other
// contestants summarise their matrices in the same way.
struct Projection {
  double value = 0, scale = 0;
};
Projection project(const std::vector<double>& matrix, std::size_t rows, std::size_t columns, const Session& session);

std::ostream& operator<<(std::ostream& out, const Projection& projection);

// Reads the rest of a command's words, writes a line of JSON.
using Answer = std::function<void(std::istream& words, std::ostream& out)>;

Answer answer_products(Session& session);
Answer answer_quantile(Session& session);
Answer answer_hops(Session& session);
Answer answer_transport(Session& session);
Answer answer_order();
Answer answer_dense(Session& session);
Answer answer_neighbours(Session& session);

}  // namespace genmi::bench
