/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_CATEGORY_H
#define PARTNERCENTER_CATEGORY_H

#include <curl/curl.h>
#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* What an error is called in `err.category`, and whether the same call may succeed later. */
struct pc_category {
    const char *name;
    bool retryable;
};

/* The category of an answer's status outside 200 to 299. */
struct pc_category pc_category_of_status(long status);

/* The category of a transfer that libcurl ended with `code`, which is not CURLE_OK. `os_errno` is
 * CURLINFO_OS_ERRNO: it tells a connection that broke during the TLS handshake from a handshake
 * that was refused. */
struct pc_category pc_category_of_curl(CURLcode code, long os_errno);

#pragma GCC visibility pop

#endif
