// Predictions on a device: probabilities of logits, and the proportions of clusters (native/objectives/predictions.h).
// All pointers are to memory of the device; matrices are row-major. Each function returns an error of its launches.
#pragma once

#include <cstddef>

#include "device.h"

namespace genmi::cuda {

// tau = softmax(logits), row by row: n x k. Sums are in float64.
template <class T>
cudaError_t softmax(const T* logits, std::size_t n, std::size_t k, T* tau, cudaStream_t stream);

// How many numbers proportions() needs beside its result.
std::size_t proportions_scratch(std::size_t n, std::size_t k);
// pi[c] = the mean of column c, in float64; the same bits each time. scratch: proportions_scratch(n, k) numbers.
template <class T>
cudaError_t proportions(const T* tau, std::size_t n, std::size_t k, double* scratch, double* pi, cudaStream_t stream);

}  // namespace genmi::cuda
