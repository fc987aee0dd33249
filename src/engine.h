/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_ENGINE_H
#define PARTNERCENTER_ENGINE_H

#include "call.h"

#include <curl/curl.h>

#pragma GCC visibility push(hidden)

/* How the engine reaches the service. The texts belong to whoever owns the engine. */
struct pc_engine_options {
    size_t max_connections;
    size_t max_answer;      /* bytes, decoded */
    double connect_timeout; /* seconds */
    bool http2;             /* only ever over TLS, where it can be negotiated */
    const char *user_agent;
    const char *ca_file; /* NULL: the system's */
    const char *proxy;   /* NULL: what the environment says; "": none */
};

struct pc_call_list {
    struct pc_call *first, *last;
    size_t count;
};

/* libcurl's multi interface around a client's calls. It does nothing by itself: whoever waits for
 * a call drives it, and all the others progress too. libcurl is given only as many calls as its
 * connections can carry, since its cost grows with the handles it holds; the rest wait here. */
struct pc_engine {
    struct pc_engine_options options;
    CURLM *multi;
    CURL **idle; /* easy handles for the next calls, at most max_connections */
    size_t idle_count;
    struct pc_call_list queued, active;
    size_t calls_per_connection; /* 1 until the service has answered over HTTP/2 */
};

/* `engine` must be zeroed. False when memory runs out; pc_engine_close is due in either case. */
bool pc_engine_open(struct pc_engine *engine, const struct pc_engine_options *options);

/* Finishes every call as cancelled and frees what the engine holds. */
void pc_engine_close(struct pc_engine *engine);

/* Begins a prepared call with these headers. The engine holds the call until it is done. */
void pc_engine_submit(struct pc_engine *engine, struct pc_call *call, struct pc_headers *headers);

/* Finishes a call as cancelled; one that no engine has is left as it is. */
void pc_engine_cancel(struct pc_call *call);

/* Moves all calls on without waiting, then, if `call` is not done, waits until something can be
 * done again: at most `max_wait` milliseconds, less when a signal arrives. */
void pc_engine_drive(struct pc_engine *engine, const struct pc_call *call, int max_wait);

#pragma GCC visibility pop

#endif
