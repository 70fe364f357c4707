#include "cp_bits.h"

#include <string.h>

// One loop, compiled for several instruction sets, because a binary for every x86-64 may not use
// the instructions that count bits. With them the loop keeps up with memory.
#define BODY                                                   \
  size_t total = 0;                                            \
  size_t words = count / 8;                                    \
  for (size_t i = 0; i < words; i++) {                         \
    uint64_t word;                                             \
    memcpy(&word, bytes + i * 8, 8);                           \
    total += (size_t)__builtin_popcountll(word);               \
  }                                                            \
  for (size_t i = words * 8; i < count; i++) {                 \
    total += (size_t)__builtin_popcount(bytes[i]);             \
  }                                                            \
  return total;

static size_t count_plain(const uint8_t *bytes, size_t count) { BODY }

#if defined(__x86_64__)
__attribute__((target("popcnt"))) static size_t count_popcnt(
    const uint8_t *bytes, size_t count) {
  BODY
}
__attribute__((target("avx2,popcnt"))) static size_t count_avx2(
    const uint8_t *bytes, size_t count) {
  BODY
}
__attribute__((target("avx512f,avx512vl,avx512vpopcntdq,popcnt"))) static size_t count_avx512(
    const uint8_t *bytes, size_t count) {
  BODY
}

size_t cp_bit_count(const uint8_t *bytes, size_t count) {
  if (count >= 256) {
    if (__builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("avx512vl")) {
      return count_avx512(bytes, count);
    }
    if (__builtin_cpu_supports("avx2")) return count_avx2(bytes, count);
  }
  if (__builtin_cpu_supports("popcnt")) return count_popcnt(bytes, count);
  return count_plain(bytes, count);
}
#else
size_t cp_bit_count(const uint8_t *bytes, size_t count) { return count_plain(bytes, count); }
#endif
