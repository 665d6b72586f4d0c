// Times work that `npm run bench:kernels`, `bench:transport` and `bench:networks` cannot time through the package: bare
// products, a quantile, a search for hops, transport without JavaScript, and the limits of the machine. The argument is
// the folder of the inputs. Each input line is a command of several words; each answer is a line of JSON. The other
// files describe their commands. Two are here:
//
//   read BYTES THREADS SECONDS: {"perSecond"}, bytes
//   peak PRECISION THREADS SECONDS: {"perSecond"}, operations
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "limits.h"
#include "session.h"

namespace genmi::bench {
namespace {

Answer answer_read(Session& session) {
  return [&session](std::istream& words, std::ostream& out) {
    std::size_t bytes = 0, threads = 1;
    double budget = 0;
    words >> bytes >> threads >> budget;
    out << R"({"perSecond":)" << read_limit(bytes, budget, session.context(threads)) << "}";
  };
}

Answer answer_peak(Session& session) {
  return [&session](std::istream& words, std::ostream& out) {
    std::string precision;
    std::size_t threads = 1;
    double budget = 0;
    words >> precision >> threads >> budget;
    const Context context = session.context(threads);
    const bool wide = precision_of(precision) == Precision::kFloat64;
    out << R"({"perSecond":)"
        << (wide ? multiply_add_peak<double>(budget, context) : multiply_add_peak<float>(budget, context)) << "}";
  };
}

void serve(const char* folder) {
  Session session(folder);
  const std::map<std::string, Answer> answers{
      {"product", answer_products(session)},
      {"quantile", answer_quantile(session)},
      {"hops", answer_hops(session)},
      {"transport", answer_transport(session)},
      {"read", answer_read(session)},
      {"peak", answer_peak(session)},
      {"order", answer_order()},
      {"dense", answer_dense(session)},
      {"neighbours", answer_neighbours(session)},
  };
  std::cout << "{}" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::ostringstream out;
    std::string command;
    words >> command;
    answers.at(command)(words, out);
    std::cout << out.str() << std::endl;
  }
}

}  // namespace
}  // namespace genmi::bench

int main(int count, char** arguments) {
  try {
    if (count != 2) throw std::invalid_argument("expected the folder of the inputs");
    genmi::bench::serve(arguments[1]);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "bench/native: " << error.what() << "\n";
    return 1;
  }
}
