#ifndef CP_NET_H
#define CP_NET_H

#include <stddef.h>
#include <stdint.h>

#endif
