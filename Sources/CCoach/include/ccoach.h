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

// The tokens of a word that was counted before: its bytes, padded with zeros, the last byte being
// its length.
struct ccoach_word_sum {
  unsigned long long head;
  unsigned long long tail;
  long sum;
};

#define CCOACH_WORD_SUM_BITS 10

// 1 << CCOACH_WORD_SUM_BITS sums of the calling thread's own.
struct ccoach_word_sum *ccoach_word_sums(void);

#endif
