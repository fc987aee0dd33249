/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_RETRY_AFTER_H
#define PARTNERCENTER_RETRY_AFTER_H

#include <time.h>

#pragma GCC visibility push(hidden)

/* The seconds a Retry-After header (RFC 9110, section 10.2.3) asks to wait, from either of its
 * forms: a number of seconds, or an HTTP date. A date is measured against the answer's own `date`
 * header, so that a wrong local clock does not matter, and against `now` where there is none.
 * Never negative: a date that has passed is 0. Both texts may be empty. Returns PC_NO_RETRY_AFTER
 * when the header is absent or says nothing we understand. */
double pc_retry_after(const char *retry_after, const char *date, time_t now);
#define PC_NO_RETRY_AFTER (-1.0)

#pragma GCC visibility pop

#endif
