// What a plugin for a device offers the addon: a table of C functions with a version. The plugin is a shared object
// that is opened at run time. No class, no exception and no memory passes between the two. Functions may be called from
// any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GENMI_DEVICE_TABLE_VERSION 3

typedef struct GenmiDevice GenmiDevice;      // a device, its stream, and the memory that calls share
typedef struct GenmiMatrix GenmiMatrix;      // the entries of an affinity in its memory
typedef struct GenmiEntries GenmiEntries;    // what entries of an affinity are made of, in its memory
typedef struct GenmiGraph GenmiGraph;        // an undirected graph in its memory
typedef struct GenmiTraining GenmiTraining;  // samples, a network and its optimiser in its memory

// Why a call failed: the function of the device's own library and its error, which live as long as the plugin. call is
// null where nothing failed. A failed call has written nothing to its results.
typedef struct GenmiFailure {
  const char* call;
  const char* error;
  int out_of_memory;
} GenmiFailure;

// The entry of samples i and j: f(r) + added[i] + added[j], for a reduction r of their features x and y. A term or
// quotient 0 / 0 counts as 0.
typedef struct GenmiPairs {
  int width;  // the bytes of a number
  size_t n, features;
  const void* samples;  // n x features numbers
  // 0: sum x y; 1: sum (x - y)^2; 2: sum |x - y|; 3: max |x - y|; 4: sum (x - y)^2 / (x + y), for x, y >= 0;
  // 5: sum |x - y| / (|x| + |y|); 6: sum |x - y| / sum |x + y|
  int reduction;
  // f, 0: scale (r - subtract); 1: scale sqrt(r); 2: exp(-gamma r); 3: scale (exp(-gamma (r - subtract)) - 1), or
  // at_zero where r = 0; 4: g^degree; 5: tanh g, for g = gamma r + inner[i] + inner[j]
  int finish;
  double scale, gamma, degree, subtract, at_zero;
  double most;                  // a larger r counts as this
  const double *added, *inner;  // n numbers each
  size_t rows;                  // the largest number of rows that are made at a time
} GenmiPairs;

// A layer of a network: y = f(x W + b), or batch normalisation, y = f(scale z + shift).
typedef struct GenmiLayer {
  int normalises;
  int activation;  // f: 0 for x, 1 for max(x, 0), 2 for tanh x
  size_t inputs, outputs;
} GenmiLayer;

// What a training learns, and how; vat: virtual adversarial training (native/networks/adversarial.h).
typedef struct GenmiLearner {
  int width;  // the bytes of a number
  size_t samples;
  const GenmiLayer* layers;  // each takes the outputs of the one before
  size_t layer_count;
  int skip;                // whether the logits get x W_skip, too: the last layer's f is then x
  int rule;                // 0 for Adam, 1 for SGD, 2 for RMSprop (native/networks/optimizer.h)
  double first, second;    // the shares that moments keep
  double decay;            // of weights: what is added to their gradient is decay W
  double largest_norm;     // longer gradients are shortened to this norm; 0: never
  double vat_weight;       // 0: no such training
  double epsilon;          // the length of perturbations
  const double* epsilons;  // a length for each sample instead, unless null
  double xi;               // the length of probes
  size_t power;            // steps of the power iteration
  int exact;               // whether directions are divided by their norms, with nothing added
} GenmiLearner;

typedef struct GenmiDeviceTable {
  uint32_t version;

  GenmiFailure (*open)(GenmiDevice** device);
  // Its matrices, graphs and trainings stay.
  void (*close)(GenmiDevice* device);
  // As its maker calls it. Lives as long as the device.
  const char* (*name)(const GenmiDevice* device);
  // most_bytes: of the device's memory, for all that is made of this device from now on; 0, as at first, for no limit.
  void (*limit)(GenmiDevice* device, size_t most_bytes);
  // Of the device's memory, held for `device` and all that was made of it.
  size_t (*bytes)(const GenmiDevice* device);

  // An n x n matrix of numbers of `width` bytes: 4 for float32, 8 for float64. Its numbers are undefined.
  GenmiFailure (*create)(GenmiDevice* device, size_t n, int width, GenmiMatrix** matrix);
  // The n x n matrix exp(-gamma |x - y|^2) - constant of n samples with d features of `width` bytes. Its features are
  // undefined; its entries are made in each product, and never stored. gamma > 0.
  GenmiFailure (*create_rbf)(GenmiDevice* device, size_t n, size_t d, int width, double gamma, double constant,
                             GenmiMatrix** matrix);
  void (*release)(GenmiMatrix* matrix);
  // Rows first, ..., first + count - 1 of the matrix: count x n numbers of its width. Or count x d features.
  GenmiFailure (*write)(GenmiMatrix* matrix, size_t first, size_t count, const void* rows);
  // out = A(rows, rows) V for count rows, each < n; null for the first `count`. V and out: count x k numbers of its
  // width.
  GenmiFailure (*multiply)(const GenmiMatrix* matrix, const int32_t* rows, size_t count, const void* v, size_t k,
                           void* out);

  // Nothing of `pairs` is kept.
  GenmiFailure (*create_entries)(GenmiDevice* device, const GenmiPairs* pairs, GenmiEntries** entries);
  void (*release_entries)(GenmiEntries* entries);
  // Rows first, ..., first + count - 1: count x n numbers of its width. After a failure they are undefined.
  GenmiFailure (*make_entries)(GenmiEntries* entries, size_t first, size_t count, void* rows);

  // Of n nodes, in compressed sparse rows: the neighbours of node i are neighbors[offsets[i]] to
  // neighbors[offsets[i + 1] - 1], in both directions.
  GenmiFailure (*create_graph)(GenmiDevice* device, size_t n, const size_t* offsets, const int32_t* neighbors,
                               GenmiGraph** graph);
  void (*release_graph)(GenmiGraph* graph);
  // hops: count x n numbers of edges on the shortest paths from nodes first, ..., first + count - 1, count <= 512 and
  // n, to each node; 65535 where there is no path. longest: the largest other one; 65535 where a path is longer than
  // 65534, and the hops are then undefined.
  GenmiFailure (*search_hops)(GenmiGraph* graph, size_t first, size_t count, uint16_t* hops, size_t* longest);

  // Its samples and numbers are undefined. Nothing of `learner` is kept.
  GenmiFailure (*create_training)(GenmiDevice* device, const GenmiLearner* learner, GenmiTraining** training);
  void (*release_training)(GenmiTraining* training);
  // Samples first, ..., first + count - 1: count x inputs numbers of its width.
  GenmiFailure (*write_samples)(GenmiTraining* training, size_t first, size_t count, const void* samples);
  // All numbers that a training changes, one after the other, matrices row by row: W, b of each dense layer and scale,
  // shift of each normalisation, in the order of the layers, and W_skip; running mean and variance of each
  // normalisation; of each of these parameters the first moment (Adam, SGD) and the second one (Adam, RMSprop).
  GenmiFailure (*write_numbers)(GenmiTraining* training, const void* numbers);
  // After an update that failed this fails, too, until write_numbers succeeds. After a failure the numbers read are
  // undefined.
  GenmiFailure (*read_numbers)(GenmiTraining* training, void* numbers);
  // The first call of a step: the logits of `count` samples, count x K numbers.
  GenmiFailure (*forward)(GenmiTraining* training, const int32_t* rows, size_t count, void* logits);
  // The second call: the gradients of all parameters. gradient: of the loss, with respect to these logits. The gradient
  // of vat is added, with its weight; seed and step choose its first directions. lds: its mean divergence, maybe NaN.
  GenmiFailure (*backward)(GenmiTraining* training, const void* gradient, uint64_t seed, uint64_t step, double* lds);
  // The last call: changes the numbers. The caller has applied Adam's corrections to rate and epsilon.
  GenmiFailure (*update)(GenmiTraining* training, double rate, double epsilon);
} GenmiDeviceTable;

// The one symbol of a plugin: its table, or null where it does not have this version.
#define GENMI_DEVICE_TABLE_SYMBOL "genmi_device_table"
typedef const GenmiDeviceTable* (*GenmiDeviceTableOf)(uint32_t version);

#ifdef __cplusplus
}
#endif
