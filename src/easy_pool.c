/* SPDX-License-Identifier: MIT */
#include "easy_pool.h"

#include <stdlib.h>

bool pc_easy_pool_open(struct pc_easy_pool *pool, size_t capacity) {
    pool->handles = calloc(capacity, sizeof(CURL *));
    pool->capacity = pool->handles ? capacity : 0;
    return pool->handles != NULL;
}

void pc_easy_pool_close(struct pc_easy_pool *pool) {
    while (pool->count > 0)
        curl_easy_cleanup(pool->handles[--pool->count]);
    free(pool->handles);
    *pool = (struct pc_easy_pool){ 0 };
}

CURL *pc_easy_pool_take(struct pc_easy_pool *pool) {
    return pool->count > 0 ? pool->handles[--pool->count] : curl_easy_init();
}

void pc_easy_pool_put(struct pc_easy_pool *pool, CURL *easy, CURLcode code) {
    /* Not one whose transfer failed: what libcurl remembers of the failure, CURLINFO_OS_ERRNO for
     * one, would outlive the reset. */
    if (code != CURLE_OK || pool->count >= pool->capacity) {
        curl_easy_cleanup(easy);
        return;
    }
    curl_easy_reset(easy);
    pool->handles[pool->count++] = easy;
}
