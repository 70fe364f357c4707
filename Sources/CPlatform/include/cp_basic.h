#ifndef CP_BASIC_H
#define CP_BASIC_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

// Names a thread by the first 15 bytes of `name`.
int cp_name_thread(pthread_t thread, const char *name);
// A number that each thread has for itself; -1 until it is set.
void cp_set_thread_number(int number);
int cp_thread_number(void);
// Runs the calling thread on `cpu` only.
int cp_pin_thread(int cpu);

// mkostemp with O_CLOEXEC: a new file, its name put in the place of the template's six "X"; -1 with
// errno on failure.
int cp_make_temporary(char *name_template);

#endif
