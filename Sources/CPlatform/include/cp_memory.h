#ifndef CP_MEMORY_H
#define CP_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#endif
