/* SPDX-License-Identifier: MIT */
#include "admission.h"

/* What an HTTP/2 server can be expected to allow at once (RFC 9113, 6.5.2). */
#define CALLS_PER_CONNECTION ((size_t)100)

/* The most calls over HTTP/2, unless there may be more connections than that: libcurl looks at each
 * one that it has at every turn. */
#define MOST_OVER_HTTP2 ((size_t)200)

static size_t lesser(size_t one, size_t other) {
    return one < other ? one : other;
}

/* When a connection is full, libcurl opens one for every call that it cannot carry, though the
 * first of them will carry them all: it does not wait for one that is not open yet. So it may open
 * as many as the calls need, and one more for when a server is about to close one. */
static void limit_connections(struct pc_engine *engine, size_t calls) {
    size_t needed = calls / CALLS_PER_CONNECTION + 2;
    curl_multi_setopt(engine->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                      (long)lesser(needed, engine->options.max_connections));
}

static size_t limit_over_http2(const struct pc_engine *engine) {
    size_t connections = engine->options.max_connections;
    size_t most = connections > MOST_OVER_HTTP2 ? connections : MOST_OVER_HTTP2;
    return lesser(connections * CALLS_PER_CONNECTION, most);
}

size_t pc_admission_limit(struct pc_engine *engine) {
    size_t connections = engine->options.max_connections;
    if (engine->speaks_http2) {
        size_t limit = limit_over_http2(engine);
        limit_connections(engine, lesser(limit, engine->lists[PC_CALL_QUEUED].count +
                                                    engine->lists[PC_CALL_ACTIVE].count));
        return limit;
    }
    /* Until the service has answered it may be that one connection will carry all of them. */
    bool may_be_http2 = engine->options.route.http2 && !engine->is_known;
    return may_be_http2 ? lesser(connections, CALLS_PER_CONNECTION) : connections;
}
