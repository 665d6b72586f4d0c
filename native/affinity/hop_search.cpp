#include "affinity/hop_search.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "genmi/aligned_vector.h"
#include "simd/kernels.h"

namespace genmi::affinity {
namespace {

using simd::kSources;
using simd::SourceSet;
using Sets = AlignedVector<SourceSet>;

// Searches from a group of up to 512 consecutive nodes at once. One object serves group after group, with one memory.
class GroupSearch {
 public:
  GroupSearch(const NeighborhoodGraph& graph, const Components& components, const simd::GraphKernels& kernels)
      : kernels_(kernels),
        graph_(graph),
        components_(components),
        reachable_(components.count),
        remaining_(graph.size()),
        current_(graph.size()),
        next_(graph.size()),
        frontier_(graph.size()),
        reached_(graph.size()),
        unfinished_(graph.size()) {
    search_.offsets = graph.offsets.data();
    search_.neighbors = graph.neighbors.data();
  }

  // Searches from the nodes first, first + 1, ... until every reachable node is reached. A path that is too long, or a
  // cancelled job, ends the search unfinished.
  void run(std::size_t first, const Context& context) {
    start(first);
    search_.job = context.job;
    if (context.job != nullptr)
      search_.stops = [](const void* job) { return static_cast<const Job*>(job)->cancelled(); };
    while (search_.unfinished_nodes > 0 && search_.level <= kMostHops && !context.cancelled()) advance();
  }

  bool finished() const { return search_.unfinished_nodes == 0; }
  std::size_t levels() const { return search_.level - 1; }

  // Writes the hops from the sources to each node into the node's row: hops are symmetric.
  void write(PaddedMatrix<std::uint16_t>& hops, const Context& context) {
    const std::size_t count = std::min(kSources, hops.stride() - first_);
    for (SourceSet& sources : reachable_)  // from here on: the sources in other components
      for (std::size_t word = 0; word < kSources / 64; ++word) sources.words[word] ^= sources_.words[word];
    for (std::size_t node = 0; node < graph_.size() && !context.cancelled(); ++node)
      kernels_.expand(search_.planes, plane_count_, node, sources_of(node), hops.row(node) + first_, count);
  }

 private:
  SourceSet& sources_of(std::size_t node) { return reachable_[static_cast<std::size_t>(components_.of_node[node])]; }

  void start(std::size_t first) {
    const std::size_t n = graph_.size();
    first_ = first;
    sources_ = {};
    std::fill(reachable_.begin(), reachable_.end(), SourceSet{});
    for (std::size_t source = 0; source < std::min(kSources, n - first); ++source) {
      sources_.insert(source);
      sources_of(first + source).insert(source);
    }
    for (Sets* sets : {&current_, &next_}) std::fill(sets->begin(), sets->end(), SourceSet{});
    for (std::size_t node = 0; node < n; ++node) remaining_[node] = sources_of(node);
    search_.remaining = remaining_.data();
    search_.current = current_.data();
    search_.next = next_.data();
    search_.frontier = {frontier_.data(), 0};
    search_.reached = {reached_.data(), 0};
    search_.level = 1;
    plane_count_ = 0;
    search_.frontier_edges = 0;
    for (std::size_t source = 0; source < std::min(kSources, n - first); ++source) {
      const std::size_t node = first + source;
      remaining_[node].remove(source);
      current_[node].insert(source);
      frontier_[search_.frontier.count++] = static_cast<std::int32_t>(node);
      search_.frontier_edges += graph_.degree(node);
    }
    list_unfinished();
  }

  void list_unfinished() {
    search_.unfinished = {unfinished_.data(), 0};
    search_.unfinished_edges = 0;
    for (std::size_t node = 0; node < graph_.size(); ++node) {
      const auto& words = remaining_[node].words;
      if (std::all_of(std::begin(words), std::end(words), [](std::uint64_t word) { return word == 0; })) continue;
      unfinished_[search_.unfinished.count++] = static_cast<std::int32_t>(node);
      search_.unfinished_edges += graph_.degree(node);
    }
    search_.unfinished_nodes = search_.unfinished.count;
  }

  void advance() {
    if (search_.level >> plane_count_ != 0) add_plane();
    const bool few = 2 * search_.frontier_edges < search_.unfinished_edges;
    (few ? kernels_.push : kernels_.pull)(search_);
    for (std::size_t i = 0; i < search_.frontier.count; ++i)
      search_.current[static_cast<std::size_t>(search_.frontier.nodes[i])] = {};
    std::swap(search_.current, search_.next);
    std::swap(search_.frontier, search_.reached);
    ++search_.level;
  }

  void add_plane() {
    if (planes_.size() == plane_count_) planes_.emplace_back(graph_.size());
    else std::fill(planes_[plane_count_].begin(), planes_[plane_count_].end(), SourceSet{});
    search_.planes[plane_count_] = planes_[plane_count_].data();
    ++plane_count_;
  }

  const simd::GraphKernels& kernels_;
  const NeighborhoodGraph& graph_;
  const Components& components_;
  std::size_t first_ = 0;
  SourceSet sources_{};
  Sets reachable_;  // for each component, the sources in it
  Sets remaining_, current_, next_;
  std::vector<std::int32_t> frontier_, reached_, unfinished_;
  std::vector<Sets> planes_;
  std::size_t plane_count_ = 0;
  simd::HopSearch search_{};
};

}  // namespace

Status too_long() {
  return {Code::kOutOfRange, explain("x", "samples at most " + std::to_string(kMostHops) + " hops apart",
                                     "a longer shortest path", "raise quantile, threshold or neighbors")};
}

Status search_hops(const NeighborhoodGraph& graph, const Components& components, const Context& context,
                   Progress& progress, PaddedMatrix<std::uint16_t>& hops, std::size_t& longest) {
  const std::size_t n = graph.size(), groups = (n + kSources - 1) / kSources;
  std::vector<std::unique_ptr<GroupSearch>> searches(context.slots());
  std::vector<std::size_t> levels(groups, 0);
  std::atomic<bool> fits{true};
  context.for_each(groups, [&](std::size_t group, std::size_t slot) {
    if (context.cancelled() || !fits.load(std::memory_order_relaxed)) return;
    if (searches[slot] == nullptr)
      searches[slot] = std::make_unique<GroupSearch>(graph, components, context.kernels.graph);
    GroupSearch& search = *searches[slot];
    search.run(group * kSources, context);
    if (!search.finished()) return fits.store(false, std::memory_order_relaxed);
    search.write(hops, context);
    levels[group] = search.levels();
    for (std::size_t i = group * kSources; i < std::min(n, (group + 1) * kSources); ++i) progress.finish_part();
  });
  if (context.cancelled()) return aborted();
  longest = *std::max_element(levels.begin(), levels.end());
  return fits.load() ? Status::ok() : too_long();
}

}  // namespace genmi::affinity
