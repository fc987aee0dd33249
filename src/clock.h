/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_CLOCK_H
#define PARTNERCENTER_CLOCK_H

/* Seconds of a clock that never goes back and has nothing to do with the time of day. */
double pc_clock(void);

#endif
