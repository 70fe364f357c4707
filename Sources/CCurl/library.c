#include "library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "CCurl.h"

struct cc_library cc_library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char problem[256];

static void load(void) {
  // Debian's name for every flavour of OpenSSL's; the number is that of the interface.
  void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    snprintf(problem, sizeof problem, "libcurl cannot be loaded: %s", dlerror());
    return;
  }
#define CC_FIND(name) \
  cc_library.name = (__typeof__(&name))dlsym(handle, #name); \
  if (!cc_library.name) { \
    snprintf(problem, sizeof problem, "this libcurl has no %s", #name); \
    return; \
  }
  CC_FUNCTIONS(CC_FIND)
#undef CC_FIND
  if (cc_library.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    snprintf(problem, sizeof problem, "libcurl cannot be initialised");
  }
}

const char *cc_load(void) {
  pthread_once(&once, load);
  return problem[0] ? problem : NULL;
}

const char *cc_version(void) { return cc_library.curl_version(); }

void cc_block_broken_pipe(void) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
}
