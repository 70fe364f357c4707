#ifndef CP_RACY_H
#define CP_RACY_H

#include <stddef.h>
#include <stdint.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// Reads that race with a writer on purpose: whatever they return is only a hint, verified later
// under the lock. ThreadSanitizer is told so, here and nowhere else (no_sanitize("thread") would
// leave atomic operations under watch).
#define CP_RACY static inline __attribute__((disable_sanitizer_instrumentation))

CP_RACY uint8_t cp_racy_u8(const void *p) {
  return __atomic_load_n((const uint8_t *)p, __ATOMIC_RELAXED);
}
CP_RACY uint32_t cp_racy_u32(const void *p) {
  return __atomic_load_n((const uint32_t *)p, __ATOMIC_RELAXED);
}
CP_RACY uint64_t cp_racy_u64(const void *p) {
  return __atomic_load_n((const uint64_t *)p, __ATOMIC_RELAXED);
}
CP_RACY uint32_t cp_racy_acquire_u32(const void *p) {
  return __atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE);
}
// Stores that racing readers may see; each is a plain store on x86.
CP_RACY void cp_publish_u32(void *p, uint32_t value) {
  __atomic_store_n((uint32_t *)p, value, __ATOMIC_RELEASE);
}
CP_RACY void cp_publish_u64(void *p, uint64_t value) {
  __atomic_store_n((uint64_t *)p, value, __ATOMIC_RELEASE);
}
// Which of the 12 bytes at p equal `byte`, as a bit mask; 16 bytes are read.
CP_RACY uint32_t cp_racy_match12(const void *p, uint8_t byte) {
#if defined(__SSE2__)
  __m128i group = _mm_loadu_si128((const __m128i *)p);
  return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(group, _mm_set1_epi8((char)byte))) & 0xFFF;
#else
  uint32_t mask = 0;
  for (int i = 0; i < 12; i++) mask |= (uint32_t)(((const uint8_t *)p)[i] == byte) << i;
  return mask;
#endif
}

// Copies bytes that somebody may be changing.
void cp_racy_copy(void *target, const void *source, size_t count);

static inline void cp_prefetch(const void *p) { __builtin_prefetch(p, 0, 3); }

// Which of the 16 bytes at p equal `byte`, as a bit mask. p needs no alignment.
static inline uint32_t cp_match16(const void *p, uint8_t byte) {
#if defined(__SSE2__)
  __m128i group = _mm_loadu_si128((const __m128i *)p);
  return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(group, _mm_set1_epi8((char)byte)));
#else
  uint32_t mask = 0;
  const uint8_t *bytes = (const uint8_t *)p;
  for (int i = 0; i < 16; i++) mask |= (uint32_t)(bytes[i] == byte) << i;
  return mask;
#endif
}

// The same for the 12 tags of a bucket: the four bytes after them may change meanwhile
// without effect.
static inline uint32_t cp_match12(const void *p, uint8_t byte) {
  return cp_match16(p, byte) & 0xFFF;
}

#endif
