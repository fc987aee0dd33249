/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_TRANSFER_POOL_H
#define PARTNERCENTER_TRANSFER_POOL_H

#include "transfer.h"

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* Transfers by one route that wait for their next call. A zeroed struct is a pool that keeps
 * none. */
struct pc_transfer_pool {
    const struct pc_route *route; /* its owner's */
    struct pc_transfer **items;
    size_t count, capacity;
};

/* False when memory runs out. */
bool pc_transfer_pool_open(struct pc_transfer_pool *pool, const struct pc_route *route,
                           size_t capacity);
void pc_transfer_pool_close(struct pc_transfer_pool *pool);

/* One that is set up for the route; NULL when memory runs out. */
struct pc_transfer *pc_transfer_pool_take(struct pc_transfer_pool *pool);

/* Takes one back. It serves again where its call has left nothing behind. */
void pc_transfer_pool_put(struct pc_transfer_pool *pool, struct pc_transfer *transfer,
                          bool is_as_new);

#pragma GCC visibility pop

#endif
