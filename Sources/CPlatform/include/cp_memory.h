#ifndef CP_MEMORY_H
#define CP_MEMORY_H

#include <malloc.h>
#include <stddef.h>
#include <stdint.h>

// Glibc's Swift module leaves malloc.h out.
static inline size_t cp_usable_size(void *pointer) { return malloc_usable_size(pointer); }

#endif
