// Memory of each thread's own, for reading one message at a time without allocating and without a
// lock.
#include "ccoach.h"

static _Thread_local _Alignas(64) unsigned char scratch[CCOACH_SCRATCH_BYTES];

void *ccoach_scratch(void) { return scratch; }

static _Thread_local _Alignas(64) struct ccoach_word words[1 << CCOACH_WORD_BITS];

struct ccoach_word *ccoach_words(void) { return words; }

static _Thread_local _Alignas(64) unsigned char
    rows[CCOACH_WORD_ROW_BYTES << CCOACH_WORD_ROW_BITS];
static _Thread_local unsigned long long rows_stamp;

void *ccoach_word_rows(void) { return rows; }

unsigned long long *ccoach_word_rows_stamp(void) { return &rows_stamp; }
