// What a plugin for a device offers the addon: a table of C functions with a version. The plugin is a shared object
// that is opened at run time. No class, no exception and no memory passes between the two. Functions may be called from
// any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GENMI_DEVICE_TABLE_VERSION 1

typedef struct GenmiDevice GenmiDevice;  // a device, its stream, and the memory that calls share
typedef struct GenmiMatrix GenmiMatrix;  // the entries of an affinity in its memory

// Why a call failed: the function of the device's own library and its error, which live as long as the plugin. call is
// null where nothing failed. A failed call has written nothing to its results.
typedef struct GenmiFailure {
  const char* call;
  const char* error;
  int out_of_memory;
} GenmiFailure;

typedef struct GenmiDeviceTable {
  uint32_t version;

  GenmiFailure (*open)(GenmiDevice** device);
  // Its matrices stay.
  void (*close)(GenmiDevice* device);
  // As its maker calls it. Lives as long as the device.
  const char* (*name)(const GenmiDevice* device);
  // most_bytes: of the device's memory, for all that is made of this device from now on; 0, as at first, for no limit.
  void (*limit)(GenmiDevice* device, size_t most_bytes);
  // Of the device's memory, held for `device` and its matrices.
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
} GenmiDeviceTable;

// The one symbol of a plugin: its table, or null where it does not have this version.
#define GENMI_DEVICE_TABLE_SYMBOL "genmi_device_table"
typedef const GenmiDeviceTable* (*GenmiDeviceTableOf)(uint32_t version);

#ifdef __cplusplus
}
#endif
