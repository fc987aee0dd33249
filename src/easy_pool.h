/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_EASY_POOL_H
#define PARTNERCENTER_EASY_POOL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* Easy handles that wait for their next transfer. A zeroed struct is a pool that keeps none. */
struct pc_easy_pool {
    CURL **handles;
    size_t count, capacity;
};

/* False when memory runs out. */
bool pc_easy_pool_open(struct pc_easy_pool *pool, size_t capacity);
void pc_easy_pool_close(struct pc_easy_pool *pool);

/* A fresh or reset handle; NULL when memory runs out. */
CURL *pc_easy_pool_take(struct pc_easy_pool *pool);

/* Takes a handle back after a transfer that ended with `code`. */
void pc_easy_pool_put(struct pc_easy_pool *pool, CURL *easy, CURLcode code);

#pragma GCC visibility pop

#endif
