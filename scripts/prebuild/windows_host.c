// Finds the functions of Node-API in the process that loads the addon. An import from node.exe would load only in a
// process of that name; Electron and Bun have others. Calls go through pointers __imp_NAME, which are filled here.
// Keeps the addon loaded, too: threads end with destructors of the C++ library.
#include <windows.h>

enum { kGenericFailure = 9 };  // napi_generic_failure

static int missing(void) { return kGenericFailure; }

// NODE_API_FUNCTIONS(each), each(NAME) for every function, comes from the command line.
#define DEFINE(name) void* __imp_##name = (void*)missing;
NODE_API_FUNCTIONS(DEFINE)

static void find(HMODULE host, const char* name, void** pointer) {
  FARPROC found = GetProcAddress(host, name);
  if (found != NULL) *pointer = (void*)found;
}

__attribute__((constructor)) static void find_all(void) {
  HMODULE self;
  GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, (const char*)find_all, &self);
  HMODULE host = GetModuleHandleA("libnode.dll");  // where Node is a library of its host
  if (host == NULL) host = GetModuleHandleA(NULL);
#define FIND(name) find(host, #name, &__imp_##name);
  NODE_API_FUNCTIONS(FIND)
}
