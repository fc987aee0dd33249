/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_HEADERS_H
#define PARTNERCENTER_HEADERS_H

#include "text.h"

#include <curl/curl.h>
#include <stdatomic.h>

#pragma GCC visibility push(hidden)

/* The only encoding of answers that is asked for. */
#define PC_ACCEPT_ENCODING "gzip"

/* The request headers that are the same for every call of a client, the bearer token among them,
 * or for every request for a token. Calls share one list by reference count, since a call in flight
 * keeps the token it was begun with while the client may already have a new one. Each call puts its
 * own headers in front. */
struct pc_headers {
    atomic_int references;
    struct curl_slist *list;
    char *token; /* malloc'ed; wiped when the last reference goes; NULL in a request for one */
};

/* What a client says about itself; an empty application name is left out. */
struct pc_identity {
    const char *user_agent;
    const char *locale;
    const char *application_name;
};

/* One reference, for the caller; NULL when memory runs out. */
struct pc_headers *pc_headers_new(const struct pc_identity *identity, struct pc_text token);
struct pc_headers *pc_headers_new_for_token(const char *user_agent);
struct pc_headers *pc_headers_hold(struct pc_headers *headers);
void pc_headers_release(struct pc_headers *headers); /* NULL is allowed */

#pragma GCC visibility pop

#endif
