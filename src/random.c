/* SPDX-License-Identifier: MIT */
#include "random.h"

#include <math.h>
#include <stdint.h>
#include <sys/random.h>

double pc_random(void) {
    uint64_t bits = 0;
    if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits)
        return 0.5;
    return ldexp((double)(bits >> 11), -53); /* the 53 bits that a double holds */
}
