/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <time.h>

#ifdef PARTNERCENTER_TEST_CLOCK
static _Atomic double advanced;

void pc_clock_advance(double seconds) {
    advanced = advanced + seconds;
}
#else
static const double advanced = 0;
#endif

static double read_clock(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9 + advanced;
}

double pc_clock(void) {
    return read_clock(CLOCK_MONOTONIC);
}

double pc_time(void) {
    return read_clock(CLOCK_REALTIME);
}
