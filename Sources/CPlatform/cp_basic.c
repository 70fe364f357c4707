#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include "CPlatform.h"

#include <sched.h>
#include <string.h>

int cp_name_thread(pthread_t thread, const char *name) {
  char text[16];
  strncpy(text, name, sizeof text - 1);
  text[sizeof text - 1] = 0;
  return pthread_setname_np(thread, text);
}

int cp_pin_thread(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return sched_setaffinity(0, sizeof set, &set);
}

static _Thread_local int thread_number = -1;

void cp_set_thread_number(int number) { thread_number = number; }

int cp_thread_number(void) { return thread_number; }

int cp_make_temporary(char *name_template) {
  return mkostemp(name_template, O_CLOEXEC);
}
