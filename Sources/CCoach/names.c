// The weights of the tagger of names and addresses and its lists of words, as bytes of the program
// itself. `make coach-train` writes names.bin.
#include "ccoach.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const _Alignas(64) unsigned char names[] = {
#embed "names.bin"
};

const unsigned char *ccoach_names(void) { return names; }

long ccoach_names_count(void) { return (long)sizeof names; }
