#ifndef CCOACH_H
#define CCOACH_H

// Bytes of each thread's scratch memory.
#define CCOACH_SCRATCH_BYTES 16384

// The trained weights, aligned to 64.
const unsigned char *ccoach_weights(void);

// Their number of bytes.
long ccoach_weights_count(void);

// Scratch memory of the calling thread, aligned to 64.
void *ccoach_scratch(void);

#endif
