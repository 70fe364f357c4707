#ifndef CP_MEMORY_H
#define CP_MEMORY_H

#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>

// Glibc's Swift module leaves malloc.h out.
static inline size_t cp_usable_size(void *pointer) { return malloc_usable_size(pointer); }

static inline int cp_errno(void) { return errno; }

// Address space without memory behind it; NULL and errno on refusal. Nothing in it may be touched
// before cp_commit: that way a reserve counts for nothing under overcommit mode 2.
void *cp_reserve(size_t bytes);
// 0, or errno.
int cp_commit(void *start, size_t bytes);
// Gives the memory back; the range reads as zero and may be used again at once.
int cp_decommit(void *start, size_t bytes);
// Makes a filled range one huge page, at once. 0: this system does not.
int cp_collapse(void *start, size_t bytes);
void cp_release(void *start, size_t bytes);

// Fills the buffer from the system's random source; traps when there is none.
void cp_random(void *bytes, size_t count);

// Sleeps while *word == expected, at most until woken; spurious returns are allowed.
void cp_futex_wait(void *word, uint32_t expected);
// The same for at most so many milliseconds.
void cp_futex_wait_for(void *word, uint32_t expected, int64_t milliseconds);
void cp_futex_wake_one(void *word);

// A pause in a spinning loop.
static inline void cp_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
