#include "library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#include "CPostgres.h"

struct cpg_library cpg_library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char problem[256];

static void load(void) {
  // The number is that of the interface; pipelines came with PostgreSQL 14.
  void *handle = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    snprintf(problem, sizeof problem, "libpq cannot be loaded: %s", dlerror());
    return;
  }
#define CPG_FIND(name) \
  cpg_library.name = (__typeof__(&name))dlsym(handle, #name); \
  if (!cpg_library.name) { \
    snprintf(problem, sizeof problem, "this libpq has no %s", #name); \
    return; \
  }
  CPG_FUNCTIONS(CPG_FIND)
#undef CPG_FIND
}

const char *cpg_load(void) {
  pthread_once(&once, load);
  return problem[0] ? problem : NULL;
}

int32_t cpg_version(void) { return cpg_library.PQlibVersion(); }
