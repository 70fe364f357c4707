#ifndef CP_RACY_H
#define CP_RACY_H

#include <stddef.h>
#include <stdint.h>

#endif
