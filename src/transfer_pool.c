/* SPDX-License-Identifier: MIT */
#include "transfer_pool.h"

#include <stdlib.h>

bool pc_transfer_pool_open(struct pc_transfer_pool *pool, const struct pc_route *route,
                           size_t capacity) {
    pool->route = route;
    pool->items = calloc(capacity, sizeof(struct pc_transfer *));
    pool->capacity = pool->items ? capacity : 0;
    return pool->items != NULL;
}

void pc_transfer_pool_close(struct pc_transfer_pool *pool) {
    while (pool->count > 0)
        pc_transfer_free(pool->items[--pool->count]);
    free(pool->items);
    *pool = (struct pc_transfer_pool){ 0 };
}

struct pc_transfer *pc_transfer_pool_take(struct pc_transfer_pool *pool) {
    return pool->count > 0 ? pool->items[--pool->count] : pc_transfer_new(pool->route);
}

void pc_transfer_pool_put(struct pc_transfer_pool *pool, struct pc_transfer *transfer,
                          bool is_as_new) {
    if (!is_as_new || pool->count >= pool->capacity) {
        pc_transfer_free(transfer);
        return;
    }
    pc_transfer_forget(transfer);
    pool->items[pool->count++] = transfer;
}
