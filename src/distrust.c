/* SPDX-License-Identifier: MIT */
#include "distrust.h"

#include "engine.h"

#include <poll.h>
#include <sys/socket.h>

void pc_distrust_note_http1(struct pc_engine *engine, const struct pc_call *call) {
    struct pc_socket *kept = pc_sockets_find(&engine->sockets, call->local_port);
    if (kept)
        kept->is_http1 = true;
}

bool pc_distrust_has_answer(const struct pc_call *call) {
    const struct pc_socket *kept = pc_sockets_find(&call->engine->sockets, call->local_port);
    struct pollfd input = { .fd = kept ? kept->fd : -1, .events = POLLIN };
    return kept && kept->is_http1 && poll(&input, 1, 0) > 0;
}

/* The failures that are of one stream alone. */
static bool is_of_stream(CURLcode code) {
    return code == CURLE_HTTP2_STREAM || code == CURLE_PARTIAL_FILE;
}

/* Whether another call is on the connection. `is_heard` is set where one has got a part of its
 * answer. */
static bool has_others(const struct pc_engine *engine, const struct pc_call *call, bool *is_heard) {
    bool some = false;
    for (const struct pc_call *other = engine->lists[PC_CALL_ACTIVE].first; other;
         other = other->next) {
        if (other == call || other->local_port != call->local_port)
            continue;
        some = true;
        *is_heard = *is_heard || other->header_bytes > 0;
    }
    return some;
}

void pc_distrust_after(struct pc_engine *engine, const struct pc_call *call, CURLcode code) {
    bool is_heard = code != CURLE_OPERATION_TIMEDOUT || engine->heard > call->attempt_begun;
    if (code == CURLE_OK || is_of_stream(code) || call->cancelled)
        return;
    const struct pc_socket *kept = pc_sockets_find(&engine->sockets, call->local_port);
    if (!kept || (has_others(engine, call, &is_heard) && is_heard))
        return;
    (void)shutdown(kept->fd, SHUT_RDWR); /* libcurl closes what it finds so */
}
