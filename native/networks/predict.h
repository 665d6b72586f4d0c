// Predictions of a trained network, made in blocks of samples: the memory that they take does not grow with the data.
// Batch normalisations use the statistics of all batches so far.
#pragma once

#include <cstdint>

#include "genmi/context.h"
#include "genmi/status.h"
#include "networks/network.h"
#include "networks/samples.h"

namespace genmi::networks {

// Each call writes a row of `out` for each sample, in order. kOutOfRange: the samples do not fit the network, or logits
// are not finite. kAborted: the context's job was cancelled. `out` is then of no use.

// Logits, rows() x outputs().
template <class T>
Status predict_logits(Network<T>& network, const Samples& samples, const Context& context, T* out);
// Their softmax, rows() x outputs().
template <class T>
Status predict_probabilities(Network<T>& network, const Samples& samples, const Context& context, T* out);
// The likeliest cluster of each sample, the first one of equals.
template <class T>
Status predict_clusters(Network<T>& network, const Samples& samples, const Context& context, std::int32_t* out);

// Whether a network can read these samples.
template <class T>
Status check_samples(const Network<T>& network, const Samples& samples);

}  // namespace genmi::networks
