#ifndef CP_TICKS_H
#define CP_TICKS_H

#include <stdint.h>
#include <time.h>

// A counter that runs at a constant rate and is read in a few nanoseconds, without a system call:
// the time stamp counter on x86-64, the virtual counter on 64-bit Arm, else nanoseconds.
static inline uint64_t cp_ticks(void) {
#if defined(__x86_64__)
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return ((uint64_t)high << 32) | low;
#elif defined(__aarch64__)
  uint64_t value;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
  return value;
#else
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
#endif
}

#endif
