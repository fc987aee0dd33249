/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_CLOCK_H
#define PARTNERCENTER_CLOCK_H

#pragma GCC visibility push(hidden)

/* Seconds of a clock that never goes back and has nothing to do with the time of day. */
double pc_clock(void);

/* Seconds since the epoch, for people and for other machines. */
double pc_time(void);

#ifdef PARTNERCENTER_TEST_CLOCK
/* Lets the clock jump ahead: only in the module that the tests build for themselves, so that no
 * test sleeps to prove a pause. libcurl's own timeouts keep real time. */
void pc_clock_advance(double seconds);
#endif

#pragma GCC visibility pop

#endif
