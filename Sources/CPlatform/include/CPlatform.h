// The C side of Platform: what Swift's Glibc module does not offer, and nothing else.
#ifndef CPLATFORM_H
#define CPLATFORM_H

#include "cp_basic.h"
#include "cp_bits.h"
#include "cp_memory.h"
#include "cp_net.h"
#include "cp_number.h"
#include "cp_process.h"
#include "cp_racy.h"
#include "cp_ticks.h"

#endif
