/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <time.h>

#ifdef PARTNERCENTER_TEST_CLOCK
static double advanced;

void pc_clock_advance(double seconds) {
    advanced += seconds;
}
#else
static const double advanced = 0;
#endif

double pc_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9 + advanced;
}
