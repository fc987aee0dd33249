/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_CALL_POOL_H
#define PARTNERCENTER_CALL_POOL_H

#include "call.h"

#pragma GCC visibility push(hidden)

/* Calls that have ended, kept for the memory of their buffers. A zeroed struct keeps none. */
struct pc_call_pool {
    struct pc_call *first; /* linked by `next` */
    size_t count, capacity;
};

/* A cleared or new call with one reference; NULL when memory runs out. */
struct pc_call *pc_call_pool_take(struct pc_call_pool *pool);

/* Takes over a reference to a call that has ended. */
void pc_call_pool_put(struct pc_call_pool *pool, struct pc_call *call);

void pc_call_pool_close(struct pc_call_pool *pool);

#pragma GCC visibility pop

#endif
