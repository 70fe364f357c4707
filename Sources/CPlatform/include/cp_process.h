// What the system and the allocator know about this process.
#ifndef CP_PROCESS_H
#define CP_PROCESS_H

#include <stddef.h>
#include <stdint.h>

typedef struct cp_cpu_times {
  double system, user;
  double children_system, children_user;
} cp_cpu_times;

// CPU seconds of the process and of its children that have ended.
void cp_read_cpu_times(cp_cpu_times *times);
// CPU seconds of the main thread. 0, or -1 where /proc does not tell.
int cp_main_thread_times(double *system, double *user);
// Resident bytes now and at most; 0 where the system does not tell.
uint64_t cp_resident_bytes(void);
uint64_t cp_resident_bytes_max(void);
// Bytes of memory of the machine.
uint64_t cp_memory_bytes(void);
// Cores that this process may run on, at least 1: taskset and containers may leave it fewer than
// the machine has.
int cp_core_count(void);
// "Linux 6.1.0 x86_64".
void cp_system_name(char *text, size_t capacity);
// Raises the limit of open files to `wanted` as far as allowed; returns what it is then.
uint64_t cp_raise_file_limit(uint64_t wanted);
void cp_sleep_microseconds(int64_t microseconds);
// The path of the running program. 0, or -1.
int cp_executable_path(char *text, size_t capacity);

typedef struct cp_allocator_figures {
  // Bytes in use, in the pages that hold them, and resident.
  uint64_t allocated, active, resident;
} cp_allocator_figures;

// malloc's name: "jemalloc-5.3.0" or "libc".
void cp_allocator_name(char *text, size_t capacity);
// 0, or -1 where the allocator does not tell.
int cp_allocator_figures_now(cp_allocator_figures *figures);
// Gives free memory back to the system.
void cp_allocator_purge(void);
// Has a thread of the allocator give free memory back bit by bit, from now on. 0; -1: it cannot.
int cp_allocator_purge_gradually(void);
// Calls `write` with pieces of a report for people.
void cp_allocator_report(void (*write)(void *opaque, const char *text), void *opaque);

#endif
