// The vector kernels of pairwise affinities: see kernels.inl, which includes this once per instruction set.

#include "simd/pairwise_reduce.inl"
//
#include "simd/pairwise_finish.inl"
//
#include "simd/pairwise_move.inl"

namespace genmi::simd {
namespace {

template <class T>
constexpr PairwiseKernels<T> kPairwiseKernels = {
    .pack = pack<T>,
    .magnitudes = magnitudes<T>,
    .reduce = {reduce_tile<T, Inner>, reduce_tile<T, SquaredDifferences>, reduce_tile<T, Differences>,
               reduce_tile<T, LargestDifference>, reduce_tile<T, ChiSquared>, reduce_tile<T, Canberra>,
               reduce_tile<T, Totals>, reduce_tile<T, Minima>},
    .join = {join_tile<T, Inner>, join_tile<T, SquaredDifferences>, join_tile<T, Differences>,
             join_tile<T, LargestDifference>, join_tile<T, ChiSquared>, join_tile<T, Canberra>, join_tile<T, Totals>,
             join_tile<T, Minima>},
    .divide = divide_tile<T>,
    .add_squares = add_squares<T>,
    .add_sums = add_sums<T>,
    .affine = affine<T>,
    .root = root<T>,
    .exponential = exponential_kernel<T>,
    .exponential_less_one = exponential_less_one_kernel<T>,
    .power = power<T>,
    .tanh = hyperbolic_tangent<T>,
    .store = store_tile<T>,
    .mirror = mirror_tile<T>,
};

}  // namespace
}  // namespace genmi::simd
