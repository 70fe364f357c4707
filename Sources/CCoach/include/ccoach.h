#ifndef CCOACH_H
#define CCOACH_H

// Bytes of each thread's scratch memory.
#define CCOACH_SCRATCH_BYTES 16384

// The trained weights, aligned to 64.
const unsigned char *ccoach_weights(void);

// Their number of bytes.
long ccoach_weights_count(void);

// The trained weights of the tagger of names and addresses, aligned to 64, and their number of
// bytes.
const unsigned char *ccoach_names(void);
long ccoach_names_count(void);

// Scratch memory of the calling thread, aligned to 64.
void *ccoach_scratch(void);

// What is remembered of a word that was met before: its bytes, padded with zeros, the last byte
// being its length; its share of a token count; its number in the crisis rules; and what else is
// known of it (WordMemory.swift).
struct ccoach_word {
  unsigned long long head;
  unsigned long long tail;
  short sum;
  unsigned short number;
  unsigned facts;
};

#define CCOACH_WORD_BITS 13

// 1 << CCOACH_WORD_BITS words of the calling thread's own.
struct ccoach_word *ccoach_words(void);

#define CCOACH_WORD_ROW_BITS 12
#define CCOACH_WORD_ROW_BYTES 48

// Memory of the calling thread for what words add to a classifier's scores (WordRows.swift),
// aligned to 64, and the stamp of the weights that they are of.
void *ccoach_word_rows(void);
unsigned long long *ccoach_word_rows_stamp(void);

#endif
