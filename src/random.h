/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_RANDOM_H
#define PARTNERCENTER_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* Random bytes from getrandom(2), at most 256; false when the kernel gives none. */
bool pc_random_bytes(void *bytes, size_t count);

/* A random number from 0 up to 1, from getrandom(2). Where the kernel gives none it is 0.5: it
 * spreads retries, and no more. */
double pc_random(void);

#pragma GCC visibility pop

#endif
