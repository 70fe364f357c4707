// Memory of each thread's own, for reading one message at a time without allocating.
#include "ccoach.h"

static _Thread_local _Alignas(64) unsigned char scratch[CCOACH_SCRATCH_BYTES];

void *ccoach_scratch(void) { return scratch; }
