#include "cp_racy.h"

__attribute__((disable_sanitizer_instrumentation, noinline)) void cp_racy_copy(
    void *target, const void *source, size_t count) {
  // Volatile keeps the compiler from turning the loop into memcpy, which the sanitizer watches.
  const volatile uint8_t *from = source;
  uint8_t *to = target;
  for (size_t i = 0; i < count; i++) to[i] = from[i];
}
