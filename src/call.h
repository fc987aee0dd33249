/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_CALL_H
#define PARTNERCENTER_CALL_H

#include "answer.h"
#include "due.h"
#include "event.h"
#include "headers.h"
#include "request.h"

#include "secrets.h"

#include <curl/curl.h>
#include <stdatomic.h>

#pragma GCC visibility push(hidden)

struct pc_engine;
struct pc_transfer;

enum pc_call_state {
    PC_CALL_PREPARED, /* not yet taken by an engine, or not yet again */
    PC_CALL_PARKED,   /* the engine has it, to be sent once there is an access token */
    PC_CALL_QUEUED,   /* the engine has it: all connections are taken, or a throttle holds */
    PC_CALL_ACTIVE,   /* libcurl has it */
    PC_CALL_PAUSED,   /* an attempt failed; the next one waits for its time */
    PC_CALL_DONE,
};

/* One call from its validated arguments to its outcome. Shared by reference count between the Lua
 * handle and, until it is done, the engine. No Lua value is in it. The engine may have a thread of
 * its own: from its submission until it is DONE the call is the engine's, except for what is said
 * to be otherwise, and before and after that the script's. */
struct pc_call {
    struct pc_call *previous, *next; /* in the engine's list of its state */
    struct pc_call *next_posted;     /* in the mailbox, whose lock guards it */
    unsigned wanted;                 /* what it was posted for; guarded likewise */
    atomic_int references;
    _Atomic(enum pc_call_state) state;
    double id;       /* by which the script knows it */
    bool is_begun;   /* the script has given it to an engine, which may not have seen it yet */
    bool is_watched; /* the script wants to be told of its end, also when it waits for another */
    bool has_wakeup; /* a coroutine of nginx waits for it; guarded by the mailbox's lock */
    int wakeup;      /* its socket, which the call owns */

    struct pc_request request;
    struct pc_secrets *secrets; /* the client's, one reference since it was first submitted: what no
                                 * error may show */
    struct pc_headers *headers; /* the client's, one reference; NULL: there was no token yet */

    struct pc_engine *engine; /* that it was submitted to; NULL: not yet, or not yet again */
    unsigned forks;           /* pc_fork_count() then */
    struct pc_due due;        /* when the engine has to look at it next */
    double deadline;          /* pc_clock() */
    /* The deadline begins with the first attempt, and no throttle refuses the call before. Whoever
     * drives the engine ends it, and only then is the deadline for others to read. */
    atomic_bool is_patient;
    unsigned retries;
    double spent;         /* of the client's retry budget */
    double throttled_for; /* seconds; more than 0: it was not sent (again) since a throttle holds */

    struct pc_transfer *transfer; /* the engine's, while active */
    struct pc_answer answer;
    CURLcode code;
    long os_errno;
    struct pc_buffer message; /* libcurl's or ours, when code is not CURLE_OK */
    bool cancelled;
    bool is_repeated;  /* with another token, after the first was refused */
    bool is_sent;      /* the request of this attempt, as far as libcurl tells */
    bool may_resend;   /* libcurl may send it again by itself */
    bool avoids_http2; /* an answer over HTTP/2 was lost inside libcurl */
    int local_port; /* of the connection that the attempt is on; 0: none yet, as far as is known */
    bool has_stray_answer; /* not sent on a connection where an answer was before the request */
    bool has_large_head;   /* the answer's headers were larger than is taken */
    bool too_large;        /* the answer was larger than `max_answer` bytes */
    bool lacks_memory;     /* for the answer */
    size_t header_bytes;   /* that came, those of interim answers and trailers too */
    size_t max_answer;
    atomic_uint attempts; /* requests sent; the script may look before it is DONE */
    double begun, ended;  /* pc_clock(); 0 until the call has begun */
    double attempt_begun;

    struct pc_event_log events;
    struct pc_call *next_eventful; /* in the engine's list of calls with new events */
    bool is_eventful;

    struct pc_buffer redacted; /* scratch of whoever makes the error of it */
};

/* One reference, for the caller; NULL when memory runs out. */
struct pc_call *pc_call_new(void);
void pc_call_hold(struct pc_call *call);
void pc_call_release(struct pc_call *call);

/* Forgets everything but the memory of its buffers. Only for a call with one reference. */
void pc_call_clear(struct pc_call *call);

/* Forgets what an earlier attempt left. `now` is of pc_clock(): the deadline of a patient call
 * begins to run then. */
void pc_call_begin_attempt(struct pc_call *call, size_t max_answer, double now);

/* Whether the last attempt got an answer from 200 to 299. */
bool pc_call_is_success(const struct pc_call *call);

/* Lets a call that is done be submitted once more, under the same ids and within its deadline. */
void pc_call_repeat(struct pc_call *call);

#pragma GCC visibility pop

#endif
