// Memory of each thread's own, for reading one message at a time without allocating and without a
// lock.
#include "ccoach.h"

static _Thread_local _Alignas(64) unsigned char scratch[CCOACH_SCRATCH_BYTES];

void *ccoach_scratch(void) { return scratch; }

static _Thread_local _Alignas(64) struct ccoach_word_sum sums[1 << CCOACH_WORD_SUM_BITS];

struct ccoach_word_sum *ccoach_word_sums(void) { return sums; }
