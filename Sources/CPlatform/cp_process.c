#define _GNU_SOURCE
#include "cp_process.h"

#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

// Present when the program is linked with jemalloc.
__attribute__((weak)) extern int mallctl(const char *name, void *old, size_t *old_size, void *new,
                                         size_t new_size);
__attribute__((weak)) extern void malloc_stats_print(void (*write)(void *, const char *),
                                                     void *opaque, const char *options);

static double seconds(struct timeval time) { return (double)time.tv_sec + time.tv_usec / 1e6; }

void cp_read_cpu_times(cp_cpu_times *times) {
  struct rusage own = {0}, children = {0};
  getrusage(RUSAGE_SELF, &own);
  getrusage(RUSAGE_CHILDREN, &children);
  times->system = seconds(own.ru_stime);
  times->user = seconds(own.ru_utime);
  times->children_system = seconds(children.ru_stime);
  times->children_user = seconds(children.ru_utime);
}

int cp_main_thread_times(double *system, double *user) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)getpid());
  FILE *file = fopen(path, "re");
  if (!file) return -1;
  size_t count = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[count] = 0;
  // The name stands in parentheses and may hold anything; fields 14 and 15 are counted from there.
  char *rest = strrchr(text, ')');
  unsigned long user_ticks = 0, system_ticks = 0;
  if (!rest || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user_ticks,
                      &system_ticks) != 2)
    return -1;
  double ticks = (double)sysconf(_SC_CLK_TCK);
  *user = user_ticks / ticks;
  *system = system_ticks / ticks;
  return 0;
}

uint64_t cp_resident_bytes(void) {
  FILE *file = fopen("/proc/self/statm", "re");
  if (!file) return 0;
  unsigned long total = 0, resident = 0;
  int found = fscanf(file, "%lu %lu", &total, &resident);
  fclose(file);
  return found == 2 ? (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

uint64_t cp_resident_bytes_max(void) {
  struct rusage own = {0};
  getrusage(RUSAGE_SELF, &own);
  return (uint64_t)own.ru_maxrss * 1024;
}

uint64_t cp_memory_bytes(void) {
  return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

int cp_core_count(void) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  // Fails on machines with more cores than the set has places for.
  long count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores)
                                                               : sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : (int)count;
}

void cp_system_name(char *text, size_t capacity) {
  struct utsname name;
  if (uname(&name) != 0) {
    snprintf(text, capacity, "unknown");
    return;
  }
  snprintf(text, capacity, "%s %s %s", name.sysname, name.release, name.machine);
}

uint64_t cp_raise_file_limit(uint64_t wanted) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  struct rlimit raised = limit;
  raised.rlim_cur = wanted;
  // Root may raise the hard limit as well.
  if (raised.rlim_max < wanted) raised.rlim_max = wanted;
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return wanted;
  raised = limit;
  raised.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return raised.rlim_cur;
  return limit.rlim_cur;
}

void cp_sleep_microseconds(int64_t microseconds) {
  struct timespec rest = {microseconds / 1000000, (microseconds % 1000000) * 1000};
  while (nanosleep(&rest, &rest) == -1 && errno == EINTR) {
  }
}

int cp_executable_path(char *text, size_t capacity) {
  ssize_t count = readlink("/proc/self/exe", text, capacity - 1);
  if (count < 0) return -1;
  text[count] = 0;
  return 0;
}

void cp_allocator_name(char *text, size_t capacity) {
  const char *version = NULL;
  size_t size = sizeof version;
  if (mallctl && mallctl("version", &version, &size, NULL, 0) == 0 && version) {
    // "5.3.0-0-g54eaed1d8b..." up to the first dash.
    snprintf(text, capacity, "jemalloc-%.*s", (int)strcspn(version, "-"), version);
  } else {
    snprintf(text, capacity, "libc");
  }
}

int cp_allocator_figures_now(cp_allocator_figures *figures) {
  if (mallctl) {
    uint64_t epoch = 1;
    size_t size = sizeof epoch;
    mallctl("epoch", &epoch, &size, &epoch, size);
    size_t value = 0;
    size = sizeof value;
    if (mallctl("stats.allocated", &value, &size, NULL, 0) != 0) return -1;
    figures->allocated = value;
    mallctl("stats.active", &value, &size, NULL, 0);
    figures->active = value;
    mallctl("stats.resident", &value, &size, NULL, 0);
    figures->resident = value;
    return 0;
  }
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
  struct mallinfo2 info = mallinfo2();
  figures->allocated = info.uordblks + info.hblkhd;
  figures->active = info.arena + info.hblkhd;
  figures->resident = figures->active;
  return 0;
#else
  return -1;
#endif
}

void cp_allocator_purge(void) {
  if (mallctl) {
    // 4096 is MALLCTL_ARENAS_ALL.
    mallctl("arena.4096.purge", NULL, NULL, NULL, 0);
    return;
  }
  malloc_trim(0);
}

int cp_allocator_purge_gradually(void) {
  bool wanted = true;
  return mallctl ? mallctl("background_thread", NULL, NULL, &wanted, sizeof wanted) : -1;
}

void cp_allocator_report(void (*write)(void *opaque, const char *text), void *opaque) {
  if (malloc_stats_print) {
    malloc_stats_print(write, opaque, NULL);
    return;
  }
  char *text = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&text, &size);
  if (!file) return;
  int failed = malloc_info(0, file);
  fclose(file);
  if (!failed) write(opaque, text);
  free(text);
}
