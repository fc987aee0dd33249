/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_ENGINE_H
#define PARTNERCENTER_ENGINE_H

#include "call.h"
#include "call_list.h"
#include "due.h"
#include "mailbox.h"
#include "sockets.h"
#include "transfer_pool.h"

#include <curl/curl.h>

#pragma GCC visibility push(hidden)

struct pc_engine_options {
    struct pc_route route;
    size_t max_connections;
    size_t max_answer;      /* bytes, decoded */
    double max_retry_after; /* seconds */
    bool wants_events;      /* the calls keep a log of theirs */
};

/* libcurl's multi interface around a client's calls. It does nothing by itself: whoever waits for
 * a call drives it, and all the others progress too; or a thread of its own does (thread.h).
 * libcurl is given only as many calls as its connections can carry, since its cost grows with the
 * handles it holds; the rest wait here, and so do the calls that pause before they are sent again.
 */
struct pc_engine {
    struct pc_engine_options options;
    struct pc_mailbox mailbox; /* all that the script's thread may touch while another one drives */
    CURLM *multi;              /* NULL until there is something to do */
    bool is_threaded;
    unsigned forks;  /* pc_fork_count() when `multi` was made */
    bool has_forked; /* what it had before a fork was left to the parent; the script was not told */

    struct pc_sockets sockets;               /* of its connections */
    struct pc_transfer_pool idle;            /* for the next calls, at most max_connections */
    struct pc_call_list lists[PC_CALL_DONE]; /* of the calls in each state but the last */
    struct pc_due_heap dues;                 /* when each call has to be looked at */
    bool is_known, speaks_http2;             /* the service has answered; over HTTP/2 */
    double heard;                            /* pc_clock(): an attempt has got its answer last */
    double throttled_until;                  /* pc_clock(): no request leaves before */
    double retry_budget;
    atomic_uint refusals; /* answers of the service with 429; the script reads it */
    struct pc_call *eventful, *last_eventful; /* with events the script was not told; no thread */
};

/* Nothing is opened yet. pc_engine_close is due from here on. */
void pc_engine_init(struct pc_engine *engine, const struct pc_engine_options *options);

/* Finishes every call as cancelled and frees what the engine holds. No thread may drive it. A
 * second close does nothing. */
void pc_engine_close(struct pc_engine *engine);

/* In a process that came by a fork, leaves to the parent its connections, its thread and its calls,
 * and begins anew. */
void pc_engine_follow_fork(struct pc_engine *engine);

/* Makes the engine ready for calls. False when memory runs out. */
bool pc_engine_open(struct pc_engine *engine);

/* Begins a prepared call, of an engine that is open. Without headers it waits, within its deadline,
 * until it is submitted again with some. The engine holds the call until it is done. */
void pc_engine_submit(struct pc_engine *engine, struct pc_call *call, struct pc_headers *headers);

/* Finishes a call as cancelled; one that no engine has is left as it is. */
void pc_engine_cancel(struct pc_call *call);

/* Moves all calls on without waiting, then, if `call` (which may be NULL) is not done, waits until
 * something can be done again, and does it: at most `max_wait` seconds, less when a signal arrives.
 * Where the script drives, that is at once when a watched call has ended. */
void pc_engine_drive(struct pc_engine *engine, const struct pc_call *call, double max_wait);

/* Appends a call to those with events that the script was not told, unless it is among them; and
 * takes the first of them, `eventful`, with a reference for the caller. */
void pc_engine_add_eventful(struct pc_engine *engine, struct pc_call *call);
struct pc_call *pc_engine_take_eventful(struct pc_engine *engine);

#pragma GCC visibility pop

#endif
