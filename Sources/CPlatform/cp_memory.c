#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cp_memory.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void *cp_reserve(size_t bytes) {
  void *start = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return start == MAP_FAILED ? NULL : start;
}

int cp_commit(void *start, size_t bytes) {
  return mprotect(start, bytes, PROT_READ | PROT_WRITE) == 0 ? 0 : errno;
}

int cp_decommit(void *start, size_t bytes) {
  return madvise(start, bytes, MADV_DONTNEED) == 0 ? 0 : errno;
}

int cp_collapse(void *start, size_t bytes) {
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
  if (madvise(start, bytes, MADV_COLLAPSE) == 0) return 1;
  // Short of memory or busy for the moment: another range may do better. Else never again.
  return errno == EAGAIN || errno == ENOMEM || errno == EBUSY;
}

void cp_release(void *start, size_t bytes) { (void)munmap(start, bytes); }

void cp_random(void *bytes, size_t count) {
  char *next = bytes;
  while (count > 0) {
    ssize_t got = getrandom(next, count, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      abort();
    }
    next += got;
    count -= (size_t)got;
  }
}

void cp_futex_wait(void *word, uint32_t expected) {
  (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

void cp_futex_wait_for(void *word, uint32_t expected, int64_t milliseconds) {
  struct timespec span = {.tv_sec = milliseconds / 1000,
                          .tv_nsec = milliseconds % 1000 * 1000000};
  (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, &span, NULL, 0);
}

void cp_futex_wake_one(void *word) {
  (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
