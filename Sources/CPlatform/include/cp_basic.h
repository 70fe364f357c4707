#ifndef CP_BASIC_H
#define CP_BASIC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>


#endif
