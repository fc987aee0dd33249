/* SPDX-License-Identifier: MIT */
#include "call_pool.h"

struct pc_call *pc_call_pool_take(struct pc_call_pool *pool) {
    struct pc_call *call = pool->first;
    if (!call)
        return pc_call_new();
    pool->first = call->next;
    pool->count--;
    call->next = NULL;
    return call;
}

void pc_call_pool_put(struct pc_call_pool *pool, struct pc_call *call) {
    if (pool->count >= pool->capacity || call->references > 1) {
        pc_call_release(call);
        return;
    }
    pc_call_clear(call);
    call->next = pool->first;
    pool->first = call;
    pool->count++;
}

void pc_call_pool_close(struct pc_call_pool *pool) {
    while (pool->first) {
        struct pc_call *call = pool->first;
        pool->first = call->next;
        pc_call_release(call);
    }
    *pool = (struct pc_call_pool){ 0 };
}
