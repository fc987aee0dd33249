/* SPDX-License-Identifier: MIT */
#include "random.h"

#include "fork.h"

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

/* So many arrive whole, and without EINTR, once the kernel's own pool is ready. */
#define POOL_SIZE ((size_t)256)

/* Asking the kernel costs as much as 16 ids: each thread asks for as many bytes at once. */
static _Thread_local struct {
    unsigned char bytes[POOL_SIZE];
    size_t left;
    unsigned forks; /* pc_fork_count() when they came: a child must not have its parent's */
} pool;

static bool refill(void) {
    pool.left = 0;
    if (getrandom(pool.bytes, POOL_SIZE, 0) != (ssize_t)POOL_SIZE)
        return false;
    pool.left = POOL_SIZE;
    pool.forks = pc_fork_count();
    return true;
}

bool pc_random_bytes(void *bytes, size_t count) {
    bool has_enough = pool.left >= count && pool.forks == pc_fork_count();
    if (count > POOL_SIZE || (!has_enough && !refill()))
        return false;
    pool.left -= count;
    memcpy(bytes, pool.bytes + pool.left, count);
    return true;
}

double pc_random(void) {
    uint64_t bits = 0;
    if (!pc_random_bytes(&bits, sizeof bits))
        return 0.5;
    return ldexp((double)(bits >> 11), -53); /* the 53 bits that a double holds */
}
