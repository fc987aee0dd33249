/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_TRANSFER_H
#define PARTNERCENTER_TRANSFER_H

#include "call.h"

#include <curl/curl.h>
#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* How the service is reached. The texts belong to whoever owns the engine. */
struct pc_route {
    double connect_timeout; /* seconds */
    bool http2;             /* only ever over TLS, where it can be negotiated */
    const char *user_agent;
    const char *ca_file; /* NULL: the system's */
    const char *proxy;   /* NULL: what the environment says; "": none */
};

/* Sets a fresh or reset easy handle up for one attempt of the call, of so many seconds at the most.
 * What libcurl then receives goes into the call; Lua is far away. */
CURLcode pc_transfer_configure(CURL *easy, struct pc_call *call, const struct pc_route *route,
                               double seconds);

#pragma GCC visibility pop

#endif
