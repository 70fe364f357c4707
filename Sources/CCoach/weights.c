// The trained weights of the classifier as bytes of the program itself, so that the server is one
// file and runs from any directory. `make coach-train` writes weights.bin.
#include "ccoach.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const _Alignas(64) unsigned char weights[] = {
#embed "weights.bin"
};

const unsigned char *ccoach_weights(void) { return weights; }

long ccoach_weights_count(void) { return (long)sizeof weights; }
