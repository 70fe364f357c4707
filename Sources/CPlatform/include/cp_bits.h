#ifndef CP_BITS_H
#define CP_BITS_H

#include <stddef.h>
#include <stdint.h>

// Number of one bits in `count` bytes.
size_t cp_bit_count(const uint8_t *bytes, size_t count);

#endif
