/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_CLOCK_H
#define PARTNERCENTER_CLOCK_H

#pragma GCC visibility push(hidden)

/* Seconds of a clock that never goes back and has nothing to do with the time of day. */
double pc_clock(void);

#pragma GCC visibility pop

#endif
