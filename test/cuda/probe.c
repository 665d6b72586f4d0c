/* Opens a plugin as the addon does, and tells what it answers: a product of two numbers, or why there is no device. */
#include <dlfcn.h>
#include <stdio.h>

#include "genmi/device_table.h"

static int failed(const char* step, GenmiFailure failure) {
  if (failure.call != NULL) fprintf(stderr, "%s: %s: %s\n", step, failure.call, failure.error);
  return failure.call != NULL;
}

int main(int count, char** arguments) {
  void* plugin = count == 2 ? dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  if (plugin == NULL) return fprintf(stderr, "%s\n", count == 2 ? dlerror() : "expected a plugin's file"), 1;
  GenmiDeviceTableOf table_of = NULL;
  *(void**)&table_of = dlsym(plugin, GENMI_DEVICE_TABLE_SYMBOL);
  const GenmiDeviceTable* table = table_of != NULL ? table_of(GENMI_DEVICE_TABLE_VERSION) : NULL;
  if (table == NULL || table_of(GENMI_DEVICE_TABLE_VERSION + 1) != NULL) return fputs("no such table\n", stderr), 1;
  GenmiDevice* device = NULL;
  const GenmiFailure none = table->open(0, &device);
  if (none.call != NULL) return printf("no device, %s: %s\n", none.call, none.error), 0;
  GenmiMatrix* matrix = NULL;
  const double three = 3, five = 5;
  double product = 0;
  if (failed("create", table->create(device, 1, 8, &matrix)) || failed("write", table->write(matrix, 0, 1, &three)) ||
      failed("multiply", table->multiply(matrix, NULL, 1, &five, 1, &product)))
    return 1;
  table->release(matrix);
  table->close(device);
  printf("a device, 3 * 5 = %g\n", product);
  return product == 15 ? 0 : 1;
}
